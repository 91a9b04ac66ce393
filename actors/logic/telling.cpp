#include "actors/logic/telling.hpp"

#include "actors/logic/call_ladder.hpp"
#include "actors/logic/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace ringdown::logic {

namespace {

// One intended effect has one identity (CONTRACT): made again it is the same row.
delivery_id identity(const delivery& row, const std::string& nonce, std::string_view lineage) {
  return delivery_id(
      encode_id("dl_", digest_bits(fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", row.tenant.str(), row.alert.str(),
                                               row.episode, row.version, name(row.event), row.channel.str(), row.target,
                                               row.step, row.round, nonce, lineage))));
}

std::string person_of(const channel_config& channel) {
  return channel.user ? channel.user->str() : "channel:" + channel.id.str();
}

notice notice_of(const telling_context& in, const alert& a, notice_event event, const std::string& remark) {
  notice n;
  n.event = event;
  n.level = a.level;
  n.at = in.now;
  n.tenant = in.config.id;
  n.tenant_name = in.config.name;
  n.alerts.push_back(view_of(a, in.config));
  const reader who{in.config, in.now};
  const alert_view& what = n.alerts.front();
  n.since = beginning_words(what, who);
  if (!what.acknowledged_by.empty()) n.taken_by = person_words(what.acknowledged_by, in.config);
  const bool gone = event == notice_event::resolved && a.removed;
  n.title = gone ? removed_title(what, who) : title_of(event, what, who);
  n.text = gone ? removed_text(what, who) : text_of(event, what, remark, who);
  return n;
}

void add_link(const telling_context& in, const alert& a, const channel_config& channel, delivery& row) {
  const bool asks =
      row.event == notice_event::fired || row.event == notice_event::escalated || row.event == notice_event::reminder;
  const auto* facts = facts_of(in.kinds, channel.kind);
  const bool chats = facts != nullptr && facts->is == channel_class::chat;
  if (row.kind != delivery_kind::interrupt && !chats) return;
  if (!asks || a.phase != alert_phase::firing || !in.links) return;
  const std::string token = in.links(a.id, a.episode, person_of(channel));
  if (!token.empty()) row.content.acknowledge_path = "/a/" + token;
}

delivery row_of(const telling_context& in, const alert& a, const channel_config& channel, delivery_kind kind,
                notice content, std::uint32_t round, const std::string& nonce) {
  delivery row;
  row.tenant = in.config.id;
  row.channel = channel.id;
  row.kind = kind;
  row.event = content.event;
  row.alert = a.id;
  row.episode = a.episode;
  row.version = a.version;
  row.round = round;
  row.level = a.level;
  row.created = in.now;
  row.not_before = in.now;
  row.give_up_at = in.now + (content.event == notice_event::resolved ? in.config.times.resolve_deadline
                                                                     : in.config.times.fire_deadline);
  row.trace = a.trace;
  row.content = std::move(content);
  row.id = identity(row, nonce, in.lineage);
  add_link(in, a, channel, row);
  return row;
}

void decide(const alert& a, notice_event event, const channel_id& channel, reason why, std::string gates,
            const delivery_id& made, wall_time now, effects& out) {
  decision d;
  d.alert = a.id;
  d.episode = a.episode;
  d.version = a.version;
  d.event = event;
  d.channel = channel;
  d.deciding = why;
  d.gates = std::move(gates);
  d.made = made;
  d.at = now;
  out.decisions.push_back(std::move(d));
}

// A target may be owed several fires of one episode (the first, a rise): all are kept, oldest first, until one is known to
// have arrived, because a rise that is never sent takes nothing from a fire that was.
constexpr std::ptrdiff_t rows_remembered = 4;

void remember_target(alert& a, const channel_id& channel, const delivery_id& fire, wall_time now) {
  const auto same = [&](const told_target& t) { return t.channel == channel; };
  if (std::ranges::any_of(a.targets, [&](const told_target& t) { return t.fire == fire; })) return;
  if (std::ranges::count_if(a.targets, same) >= rows_remembered) {
    const auto oldest = std::ranges::find_if(a.targets, same);
    a.targets.erase(std::find_if(std::next(oldest), a.targets.end(), same));
  }
  a.targets.push_back({channel, "", fire, a.level, now});
}

void made(const alert& a, delivery row, reason why, std::string gates, wall_time now, effects& out) {
  decide(a, row.event, row.channel, why, std::move(gates), row.id, now, out);
  out.urgency = std::max(out.urgency, row.level);
  out.deliveries.push_back(std::move(row));
}

void note_told(alert& a, wall_time now) {
  a.told = std::max(a.told.value_or(a.level), a.level);
  if (a.snoozed_until && *a.snoozed_until <= now) a.snoozed_until.reset();
}

bool has_heard(const alert& a, const channel_id& channel) {
  return std::ranges::any_of(a.targets,
                             [&](const told_target& t) { return t.channel == channel && t.level >= a.level; });
}

std::vector<told_target> oldest_of_each(const std::vector<told_target>& targets) {
  std::vector<told_target> kept;
  for (const told_target& one : targets)
    if (std::ranges::none_of(kept,
                             [&](const told_target& k) { return k.channel == one.channel && k.target == one.target; }))
      kept.push_back(one);
  return kept;
}

struct barred {
  reason deciding = reason::none;
  std::string gates;
};

// Whatever routing says now, a target hears how it ended, unless its channel cannot.
barred barrier(const channel_config* channel, const channel_kind_facts* facts, notice_event event) {
  if (channel == nullptr || facts == nullptr) return {reason::channel_removed, "told=yes channel=removed"};
  if (!channel->enabled) return {reason::channel_disabled, "told=yes enabled=no"};
  if (event == notice_event::resolved && facts->is == channel_class::voice)
    return {reason::not_routed, "told=yes enabled=yes class=voice"};
  return {};
}

const std::string opening_gates = "phase=firing masks=none ";

// Calls go by [voice] and not by the matrix. `quiet`: what keeps everything quiet now. False: the channel makes none.
bool decided_as_call(const telling_context& in, const alert& a, const channel_config& over, notice_event event,
                     reason quiet, const std::string& gates, effects& out) {
  if (const auto* facts = facts_of(in.kinds, over.kind); facts == nullptr || facts->is != channel_class::voice)
    return false;
  auto [why, detail] = outlook_of(a, over, in.config, in.now);
  const bool kept = why == reason::call_due && quiet != reason::none;
  decide(a, event, over.id, kept ? quiet : why, gates + "voice=" + (detail.empty() ? "no" : "yes"), {}, in.now, out);
  if (!kept) out.decisions.back().detail = std::move(detail);
  return true;
}

// Calls `use` with the verdict of each channel that is to be told now; the others get their reason.
template <class Use>
void for_each_told(const telling_context& in, const alert& a, audience whom, notice_event event, effects& out,
                   const Use& use) {
  for (const route_verdict& verdict : route(in.config, in.kinds, a)) {
    const channel_id& channel = verdict.channel->id;
    if (decided_as_call(in, a, *verdict.channel, event, reason::none, opening_gates, out)) continue;
    if (!verdict.told())
      decide(a, event, channel, verdict.deciding, opening_gates + verdict.gates, {}, in.now, out);
    else if (whom == audience::unheard && has_heard(a, channel))
      decide(a, event, channel, reason::not_above_told, opening_gates + verdict.gates + " told=yes", {}, in.now, out);
    else
      use(verdict);
  }
  if (in.config.channels.empty()) not_told(a, event, reason::no_channel, opening_gates + "channels=none", in.now, out);
}

// Whoever hears of a version late had a row for it that was suppressed: this is another one.
std::string nonce_of(const telling_context& in, audience whom) {
  return whom == audience::unheard ? std::to_string(micros(in.now)) : std::string();
}

// Who is told of several alerts by one row.
struct gathering {
  route_verdict verdict;
  std::vector<telling> members;
};

notice summary_of(const telling_context& in, const std::vector<telling>& members) {
  const alert& lead = *members.front().what;
  notice content = notice_of(in, lead, notice_event::fired, "");
  content.event = notice_event::summary;
  content.alerts.clear();
  for (const telling& one : members) content.alerts.push_back(view_of(*one.what, in.config));
  content.title = summary_title(content.alerts, {in.config, in.now});
  content.text = summary_text(
      content.alerts, lead.first_sight ? "Found when this PBX was first seen:" : "Failing now:", {in.config, in.now});
  return content;
}

// The identity of a summary is all that it covers.
std::string nonce_of(const telling_context& in, const std::vector<telling>& members) {
  std::string nonce;
  for (const telling& one : members)
    nonce += one.what->id.str() + "." + std::to_string(one.what->version) + nonce_of(in, one.whom) + " ";
  return nonce;
}

void tell_gathered(const telling_context& in, gathering& group, effects& out) {
  auto& [verdict, members] = group;
  std::ranges::stable_sort(members, std::ranges::greater{}, [](const telling& one) { return one.what->level; });
  const alert& lead = *members.front().what;
  const bool alone = members.size() == 1;
  delivery row = row_of(in, lead, *verdict.channel, verdict.delivers,
                        alone ? notice_of(in, lead, notice_event::fired, "") : summary_of(in, members), 0,
                        alone ? nonce_of(in, members.front().whom) : nonce_of(in, members));
  for (const telling& one : members) {
    remember_target(*one.what, row.channel, row.id, in.now);
    decide(*one.what, row.event, row.channel, alone ? one.why : reason::summary,
           opening_gates + verdict.gates + (alone ? "" : " grouped=yes"), row.id, in.now, out);
  }
  out.urgency = std::max(out.urgency, row.level);
  out.deliveries.push_back(std::move(row));
}

void tell_one(const telling_context& in, const telling& one, notice_event event, const std::string& remark,
              effects& out) {
  alert& a = *one.what;
  const notice content = notice_of(in, a, event, remark);
  for_each_told(in, a, one.whom, event, out, [&](const route_verdict& verdict) {
    delivery row = row_of(in, a, *verdict.channel, verdict.delivers, content, 0, nonce_of(in, one.whom));
    remember_target(a, verdict.channel->id, row.id, in.now);
    made(a, std::move(row), one.why, opening_gates + verdict.gates, in.now, out);
  });
  note_told(a, in.now);
}

notice test_notice(const telling_context& in, std::string text) {
  notice content;
  content.event = notice_event::test;
  content.level = severity::info;
  content.at = in.now;
  content.tenant = in.config.id;
  content.tenant_name = in.config.name;
  content.title = "Test from ringdown";
  content.text = std::move(text);
  content.test = true;
  return content;
}

} // namespace

void tell(const telling_context& in, alert& a, notice_event event, reason why, const std::string& remark,
          effects& out) {
  out.deliveries.reserve(out.deliveries.size() + in.config.channels.size());
  out.decisions.reserve(out.decisions.size() + in.config.channels.size());
  tell_one(in, {&a, why}, event, remark, out);
}

void tell_logs(const telling_context& in, alert& a, reason why, reason quiet, effects& out) {
  const std::string masked_gates = "phase=firing masks=" + std::string(name(quiet)) + " ";
  const notice content = notice_of(in, a, notice_event::fired, "");
  for (const route_verdict& verdict : route(in.config, in.kinds, a)) {
    const channel_id& channel = verdict.channel->id;
    const std::string gates = masked_gates + verdict.gates;
    if (decided_as_call(in, a, *verdict.channel, notice_event::fired, quiet, masked_gates, out)) continue;
    if (!verdict.told() || verdict.delivers != delivery_kind::log) {
      const reason deciding = verdict.told() ? quiet : verdict.deciding;
      decide(a, notice_event::fired, channel, deciding, gates, {}, in.now, out);
      continue;
    }
    delivery row = row_of(in, a, *verdict.channel, verdict.delivers, content, 0, "");
    remember_target(a, channel, row.id, in.now);
    made(a, std::move(row), why, gates, in.now, out);
    note_told(a, in.now);
  }
  if (in.config.channels.empty())
    not_told(a, notice_event::fired, reason::no_channel, masked_gates + "channels=none", in.now, out);
}

void tell_together(const telling_context& in, const std::vector<telling>& many, effects& out) {
  if (many.size() == 1) {
    tell_one(in, many.front(), notice_event::fired, "", out);
    return;
  }
  std::map<channel_id, gathering> groups;
  for (const telling& one : many) {
    alert& a = *one.what;
    for_each_told(in, a, one.whom, notice_event::fired, out, [&](const route_verdict& verdict) {
      if (verdict.delivers == delivery_kind::interrupt) {
        gathering& group = groups[verdict.channel->id];
        group.verdict = verdict;
        group.members.push_back(one);
        return;
      }
      delivery row = row_of(in, a, *verdict.channel, verdict.delivers, notice_of(in, a, notice_event::fired, ""), 0,
                            nonce_of(in, one.whom));
      remember_target(a, verdict.channel->id, row.id, in.now);
      made(a, std::move(row), one.why, opening_gates + verdict.gates, in.now, out);
    });
    note_told(a, in.now);
  }
  for (auto& [id, group] : groups) tell_gathered(in, group, out);
}

bool is_told(const telling_context& in, const alert& a) {
  if (!a.told || *a.told < a.level || a.targets.empty()) return false;
  const auto verdicts = route(in.config, in.kinds, a);
  return std::ranges::all_of(verdicts,
                             [&](const route_verdict& v) { return !v.told() || has_heard(a, v.channel->id); });
}

void tell_targets(const telling_context& in, alert& a, notice_event event, reason why, const std::string& remark,
                  const std::vector<delivery_kind>& only, effects& out) {
  tell_each_target(
      in, a, event, why, [&](const channel_id&) { return std::optional(remark); }, only, out);
}

void tell_each_target(const telling_context& in, alert& a, notice_event event, reason why, const remark_maker& remark,
                      const std::vector<delivery_kind>& only, effects& out) {
  // These come more than once in a version; each time is an intent of its own.
  const bool repeats =
      event == notice_event::reminder || event == notice_event::updated || event == notice_event::escalated;
  const std::string nonce = repeats ? std::to_string(micros(in.now)) : std::string();
  for (const told_target& target : oldest_of_each(a.targets)) {
    const channel_config* channel = in.config.find(target.channel);
    const auto* facts = channel == nullptr ? nullptr : facts_of(in.kinds, channel->kind);
    if (facts != nullptr && std::ranges::find(only, facts->delivers) == only.end()) continue;
    if (const auto [deciding, gates] = barrier(channel, facts, event); deciding != reason::none) {
      decide(a, event, target.channel, deciding, gates, {}, in.now, out);
      continue;
    }
    const auto words = remark(target.channel);
    if (!words) continue;
    delivery row = row_of(in, a, *channel, facts->delivers, notice_of(in, a, event, *words), 0, nonce);
    if (!target.target.empty()) {
      row.target = target.target;
      row.id = identity(row, nonce, in.lineage);
    }
    if (event == notice_event::resolved) row.after = target.fire;
    made(a, std::move(row), why, "told=yes", in.now, out);
  }
}

delivery_id tell_channel(const telling_context& in, alert& a, const channel_config& channel, const std::string& nonce,
                         effects& out) {
  const auto* facts = facts_of(in.kinds, channel.kind);
  if (facts == nullptr) return {};
  const notice_event event = a.phase == alert_phase::resolved ? notice_event::resolved : notice_event::fired;
  // Not a new version: that would take away what other channels still owe of this one.
  constexpr std::uint32_t again = 1;
  delivery row = row_of(in, a, channel, facts->delivers, notice_of(in, a, event, ""), again, nonce);
  if (event == notice_event::fired) remember_target(a, channel.id, row.id, in.now);
  delivery_id id = row.id;
  made(a, std::move(row), reason::asked, "asked=yes", in.now, out);
  return id;
}

bool tell_also(const telling_context& in, alert& a, const telling_also& what, effects& out) {
  const channel_config& channel = *what.channel;
  const auto* facts = facts_of(in.kinds, channel.kind);
  if (facts == nullptr || !channel.enabled) {
    decide(a, what.event, channel.id, reason::channel_disabled, what.gates + " enabled=no", {}, in.now, out);
    return false;
  }
  const notice content = notice_of(in, a, what.event, what.remark);
  // The same may be due again later in this version, and is another intent then.
  const std::string nonce = std::string(name(what.why)) + std::to_string(micros(in.now));
  delivery row = row_of(in, a, channel, facts->delivers, content, what.round, nonce);
  row.step = what.step;
  row.id = identity(row, nonce, in.lineage);
  remember_target(a, channel.id, row.id, in.now);
  made(a, std::move(row), what.why, what.gates, in.now, out);
  return true;
}

delivery_id tell_by_call(const telling_context& in, alert& a, const calling& what, effects& out) {
  notice content = notice_of(in, a, notice_event::fired, "");
  content.text = what.text;
  content.alerts = what.read;
  const std::string nonce = std::to_string(micros(what.begun));
  delivery row = row_of(in, a, what.channel, delivery_kind::interrupt, std::move(content), what.ring, nonce);
  row.target = what.number;
  row.give_up_at = in.now + in.config.times.call_late_after;
  row.content.acknowledge_path.clear();
  row.id = identity(row, nonce, in.lineage);
  delivery_id id = row.id;
  made(a, std::move(row), what.ring == 0 ? reason::first : reason::escalation_due, what.gates, in.now, out);
  return id;
}

delivery_id tell_code(const telling_context& in, const channel_config& channel, const std::string& number,
                      const std::string& text, const std::string& nonce, effects& out) {
  const alert nothing;
  delivery row = row_of(in, nothing, channel, delivery_kind::interrupt, test_notice(in, text), 0, nonce);
  row.target = number;
  row.give_up_at = in.now + in.config.times.call_late_after;
  row.id = identity(row, nonce, in.lineage);
  out.deliveries.push_back(std::move(row));
  return out.deliveries.back().id;
}

delivery_id tell_test(const telling_context& in, const channel_config& channel, const std::string& nonce,
                      effects& out) {
  const auto* facts = facts_of(in.kinds, channel.kind);
  if (facts == nullptr) return {};
  const alert nothing;
  notice content =
      test_notice(in, "This is a test of the channel " + (channel.name.empty() ? channel.id.str() : channel.name) +
                          ". Nothing is wrong.");
  out.deliveries.push_back(row_of(in, nothing, channel, facts->delivers, std::move(content), 0, nonce));
  return out.deliveries.back().id;
}

void tell_hand_over(const telling_context& in, const std::vector<telling>& open, const channel_config& channel,
                    effects& out) {
  const auto* facts = facts_of(in.kinds, channel.kind);
  if (facts == nullptr || facts->delivers != delivery_kind::interrupt || facts->is == channel_class::voice) return;
  notice content = summary_of(in, open);
  content.event = notice_event::handed_over;
  content.title = "On call now: " + content.title;
  content.text = summary_text(content.alerts, "Open as you take over:", {in.config, in.now});
  const alert& lead = *open.front().what;
  delivery row = row_of(in, lead, channel, facts->delivers, std::move(content), 0,
                        nonce_of(in, open) + std::to_string(micros(in.now)));
  for (const telling& one : open) {
    remember_target(*one.what, channel.id, row.id, in.now);
    const auto phase = std::string(name(one.what->phase));
    decide(*one.what, row.event, channel.id, one.why, "phase=" + phase + " oncall=new", row.id, in.now, out);
  }
  out.urgency = std::max(out.urgency, row.level);
  out.deliveries.push_back(std::move(row));
}

void not_told_there(const alert& a, notice_event event, const channel_id& channel, reason why, const std::string& gates,
                    wall_time now, effects& out) {
  decide(a, event, channel, why, gates, {}, now, out);
}

void not_told(const alert& a, notice_event event, reason why, const std::string& gates, wall_time now, effects& out) {
  decide(a, event, {}, why, gates, {}, now, out);
}

} // namespace ringdown::logic
