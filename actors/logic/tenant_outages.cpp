// Outages of providers as a tenant lives them (I-04): the parent that opens and ends by its members, what folding leaves of a
// member's own news, what the parent's mirrors are told of them, and the acknowledgement they share.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/tenant_machine.hpp"
#include "actors/logic/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr std::size_t places_named = 8;
// One notice stays readable, and is stored, however many PBXes a provider has.
constexpr std::size_t members_shown = 200;

constexpr std::string_view failed_too = "Failed too";
constexpr std::string_view recovered_there = "Recovered";
constexpr std::string_view removed_there = "Removed";

bool is_outage(const alert_key& key) { return key.type == alert_type::provider_outage; }

bool may_begin(const transition& one) {
  const bool of_trunks = one.key.type == alert_type::trunk_down || one.key.type == alert_type::all_trunks_down;
  return of_trunks && one.to == condition::failing;
}

std::string name_of(const tenant_config& config, const instance_id& instance) {
  const auto* known = config.find(instance);
  return known == nullptr ? instance.str() : known->name;
}

// "4 PBXes: Acme HQ, Acme Branch": the first to fail first.
std::string places_words(const tenant_config& config, const provider_state::places& at) {
  if (at.count == 0) return {};
  std::string words = fmt::format("{} PBX{}:", at.count, at.count == 1 ? "" : "es");
  for (const instance_id& one : at.first) words += (&one == &at.first.front() ? " " : ", ") + name_of(config, one);
  if (at.count > at.first.size()) words += fmt::format(" and {} more", at.count - at.first.size());
  return words;
}

} // namespace

std::optional<alert_id> tenant_machine::folded_into(const alert& a) const {
  if (truth_ == nullptr) return std::nullopt;
  return outage_over(a, providers_, *truth_, alerts_, config_->times.provider_window);
}

const alert* tenant_machine::outage_of(const alert& a) const {
  const auto key = a.parent ? by_id_.find(*a.parent) : by_id_.end();
  return key == by_id_.end() || !is_outage(key->second) ? nullptr : &alerts_.at(key->second);
}

// By when they failed; ties by id, so that all nodes agree.
std::vector<alert*> tenant_machine::members_of(const alert& outage) {
  std::vector<alert*> found;
  for (auto& [key, a] : alerts_)
    if (is_open(a) && a.parent == outage.id) found.push_back(&a);
  std::ranges::sort(found, {}, [](const alert* a) { return std::pair(a->since, a->id); });
  return found;
}

// --- begin, go on, end -------------------------------------------------------------------------------------------------

// After what the poll changed is known, and before anybody is told of it: what an outage speaks for is folded in the same
// transaction (S-C3).
void tenant_machine::correlate(turn& t, const poll_news& news) {
  if (truth_ == nullptr) return;
  look_at_trunks(t);
  std::set<std::string> suspects;
  for (const transition& one : news.transitions)
    if (const auto at = alerts_.find(one.key); may_begin(one) && at != alerts_.end())
      suspects.merge(groups_behind(at->second, providers_, *truth_, alerts_));
  for (const std::string& group : suspects) begin_outage(t, group, news.transitions.front().trace);
  if (!has_outage()) return;
  refresh_masks(t, news.instance); // a trunk may have another provider now
  follow_outages(t);
}

bool tenant_machine::has_outage() const {
  for (auto at = first_of(alerts_, {}, alert_type::provider_outage); at != alerts_.end() && is_outage(at->first); ++at)
    if (is_open(at->second)) return true;
  return false;
}

// What was decided in this turn so far is seen too.
void tenant_machine::look_at_trunks(const turn& t) {
  for (const alert_key& key : t.touched) ledger_.doubt(key.instance);
  ledger_.look(providers_, *truth_, alerts_);
}

void tenant_machine::begin_outage(turn& t, const std::string& group, const std::string& trace) {
  const duration window = config_->times.provider_window;
  transition seen;
  seen.key = outage_key(group);
  const auto known = alerts_.find(seen.key);
  if (known != alerts_.end() && is_open(known->second) && known->second.current == condition::failing) return;
  const provider_state& state = ledger_.of(group);
  const auto since = state.outage_since(window, t.now);
  if (!since) return;
  seen.from = condition::ok;
  seen.to = condition::failing;
  seen.level = facts(alert_type::provider_outage).usual;
  seen.since = *since;
  seen.seen = t.now;
  seen.label = providers_.name_of(group);
  seen.provider = group;
  seen.detail = places_words(*config_, state.members_at(*since, window, places_named));
  seen.trace = trace;
  take(t, seen);
  refresh_masks(t, std::nullopt);
}

void tenant_machine::follow_outages(turn& t) {
  if (truth_ == nullptr || !has_outage()) return;
  look_at_trunks(t);
  for (auto at = first_of(alerts_, {}, alert_type::provider_outage); at != alerts_.end() && is_outage(at->first); ++at)
    if (is_open(at->second) && at->second.current == condition::failing) follow(t, at->second);
}

// S-C4. After a restart the quiet is counted anew.
void tenant_machine::follow(turn& t, alert& outage) {
  const duration window = config_->times.provider_window;
  const provider_state& state = ledger_.of(outage.key.resource.key);
  const bool fails = state.goes_on(outage.since, window);
  std::string places = places_words(*config_, state.members_at(outage.since, window, places_named));
  if (!places.empty() && places != outage.detail) {
    outage.detail = std::move(places);
    t.touched.insert(outage.key);
  }
  if (fails) {
    quiet_.erase(outage.key);
    return;
  }
  const auto [since, begins] = quiet_.try_emplace(outage.key, t.now);
  const wall_time over = since->second + config_->times.provider_quiet;
  if (begins) timers_.emplace(over, outage.key);
  if (over > t.now) return;
  quiet_.erase(since);
  transition seen;
  seen.key = outage.key;
  seen.from = condition::failing;
  seen.since = t.now;
  seen.seen = t.now;
  take(t, seen);
  refresh_masks(t, std::nullopt); // one that goes up and down stays open, and speaks for nobody meanwhile
}

// What the end of an outage leaves down.
std::string tenant_machine::left_down(const turn& t, const alert& outage) {
  std::string names;
  for (const alert* one : members_of(outage))
    if (one->current == condition::failing)
      names += (names.empty() ? "" : ", ") + title_of(notice_event::fired, view_of(*one, *config_), {*config_, t.now});
  return names.empty() ? std::string() : "Still down: " + names + ".";
}

// --- members -----------------------------------------------------------------------------------------------------------

// It failed by itself before: what has not left yet does not leave any more. The mask says so to every claim, in the
// transaction that brings the outage; whoever carries a row already is asked to drop it.
void tenant_machine::adopt(turn& t, alert& a) {
  t.out.withdraw.push_back(a.id);
  t.joined.insert(a.key);
  tell_targets(t.tell, a, notice_event::updated, reason::correlated, "", {delivery_kind::log}, t.out);
}

void tenant_machine::share_acknowledgement(turn& t, alert& member, const alert& outage) {
  if (!outage.ack || member.phase != alert_phase::firing) return;
  member.phase = alert_phase::acknowledged;
  member.ack = acknowledgement{outage.ack->by, std::string(of_outage), outage.ack->at, member.episode};
  member.settling = false;
  t.touched.insert(member.key);
  audit(t, member, "alert.acknowledged", outage.ack->by, std::string(of_outage));
  tell_targets(t.tell, member, notice_event::acknowledged, reason::acknowledged, "", {delivery_kind::log}, t.out);
}

// When the poll has been read to its end: what was a member only between two of its changes is acknowledged by nobody.
void tenant_machine::share_acknowledgements(turn& t) {
  for (const alert_key& key : t.joined) {
    const auto member = alerts_.find(key);
    if (member == alerts_.end() || !is_open(member->second)) continue;
    if (const alert* outage = outage_of(member->second)) share_acknowledgement(t, member->second, *outage);
  }
}

void tenant_machine::note_member(turn& t, const alert& a, const alert& outage) {
  const alert_view view = view_of(a, *config_);
  const reader who{*config_, t.now};
  outage_note note{outage.key, failed_too, title_of(notice_event::fired, view, who), {}};
  if (a.phase == alert_phase::resolved) {
    note.heading = a.removed ? removed_there : recovered_there;
    if (!a.removed) note.words = recovery_of(view, who);
    for (const told_target& target : a.targets) note.told.insert(target.channel);
  }
  t.notes.push_back(std::move(note));
}

// What the notes of this turn say to one channel; nullopt: nothing that it does not hear otherwise.
std::optional<std::string> tenant_machine::notes_for(const turn& t, const alert_key& outage,
                                                     const channel_id& channel) const {
  std::string text;
  for (const std::string_view heading : {failed_too, recovered_there, removed_there}) {
    std::string list;
    for (const outage_note& note : t.notes)
      if (note.outage == outage && note.heading == heading && !note.told.contains(channel))
        list += (list.empty() ? "" : ", ") + note.words;
    if (!list.empty()) text += fmt::format("{}{}: {}.", text.empty() ? "" : " ", heading, list);
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

// Tickets and chats of the outage hear of its members there, but not of one that has a ticket of its own. Of the outage's
// own beginning and end they hear anyway.
void tenant_machine::tell_notes(turn& t) {
  std::set<alert_key> outages;
  for (const outage_note& note : t.notes) outages.insert(note.outage);
  for (const alert_key& key : outages) {
    alert& outage = alerts_.at(key);
    if (!is_open(outage) || t.begun.contains(key)) continue;
    tell_each_target(
        t.tell, outage, notice_event::updated, reason::correlated,
        [&](const channel_id& channel) { return notes_for(t, key, channel); }, {delivery_kind::mirror}, t.out);
  }
  t.notes.clear();
}

// What is told of an outage names its members, and its first ticket is that of the first of them (S-C1).
void tenant_machine::name_members(turn& t) {
  for (delivery& row : t.out.deliveries) {
    const bool of_an_outage = !row.content.alerts.empty() &&
                              row.content.alerts.front().type == alert_type::provider_outage &&
                              row.event != notice_event::resolved;
    const alert* outage = of_an_outage ? find(row.alert) : nullptr;
    if (outage == nullptr || row.content.alerts.size() > 1) continue;
    const auto members = members_of(*outage);
    for (std::size_t i = 0; i < members.size() && i < members_shown; ++i)
      row.content.alerts.push_back(view_of(*members[i], *config_));
    const bool first = t.begun.contains(outage->key) && outage->opened == t.now;
    const auto* facts = first ? facts_at(row.channel) : nullptr;
    if (facts != nullptr && facts->is == channel_class::ticket) take_over(t, row, members);
  }
}

// From here on the ticket is the outage's: the member's end must not close it. (A chat has nothing to take over.)
void tenant_machine::take_over(turn& t, delivery& row, const std::vector<alert*>& members) const {
  for (alert* member : members) {
    const auto at = std::ranges::find(member->targets, row.channel, &told_target::channel);
    if (at == member->targets.end()) continue;
    row.after = at->fire;
    std::erase_if(member->targets, [&](const told_target& one) { return one.channel == row.channel; });
    t.touched.insert(member->key);
    return;
  }
}

// --- the acknowledgement of an outage that is over ----------------------------------------------------------------------

// Until when it holds; nullopt: its own, or the outage still goes on.
std::optional<wall_time> tenant_machine::lapse_of(const alert& a) const {
  if (!is_open(a) || !a.ack || a.phase != alert_phase::acknowledged || a.ack->via != of_outage) return std::nullopt;
  if (truth_ == nullptr || outage_of(a) != nullptr) return std::nullopt;
  wall_time over = a.ack->at;
  for (const std::string& group : groups_behind(a, providers_, *truth_, alerts_))
    if (const auto outage = alerts_.find(outage_key(group)); outage != alerts_.end())
      over = std::max(over, outage->second.resolved.value_or(over));
  return over + config_->times.provider_grace;
}

// S-C4: from now on it stands alone; told like what a snooze has left owed.
void tenant_machine::lapse(turn& t, alert& a) {
  ++a.version; // a telling of its own, acknowledged anew perhaps
  a.phase = alert_phase::firing;
  a.ack.reset();
  a.reminded.reset();
  a.snoozed_until = t.now;
  t.touched.insert(a.key);
  audit(t, a, "alert.acknowledgement_ended", "system", "the outage it was part of is over");
  renew_masks(t, a);
  if (a.masks != 0) return stay_quiet(t, a, "phase=firing acknowledgement=over");
  a.settling = true;
  not_told(a, notice_event::fired, reason::settling, "phase=firing acknowledgement=over settling=yes", t.now, t.out);
  ask_to_settle(t, a.key);
}

} // namespace ringdown::logic
