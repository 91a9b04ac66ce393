// What happens when telling once was not enough: the steps of the escalation (E-02, S-T7), the backups of what nobody accepted
// (S-T3), and what a channel did not take in time (S-T6, A-16).
#include "actors/logic/alert_map.hpp"
#include "actors/logic/call_ladder.hpp"
#include "actors/logic/tenant_machine.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto followers = {delivery_kind::mirror, delivery_kind::log};
constexpr std::string_view unacknowledged = "Nobody has acknowledged it.";
// Which channel of a person comes after the one that did not take it. A call is the ladder's business.
constexpr std::array next_classes{channel_class::push, channel_class::sms, channel_class::email};

alert_key drill_key() { return {instance_id(), alert_type::drill, {resource_kind::instance, ""}}; }

bool has_target(const alert& a, const channel_id& channel) {
  return std::ranges::any_of(a.targets, [&](const told_target& one) { return one.channel == channel; });
}

void make_loud(alert& a, const channel_id& channel, loudness how) {
  for (told_target& one : a.targets)
    if (one.channel == channel && !one.accepted) one.loud = std::max(one.loud, how);
}

alert_key key_of(const channel_id& channel) {
  return {instance_id(), alert_type::channel_failing, {resource_kind::channel, channel.str()}};
}

// Backups count from then.
wall_time first_told(const alert& a) {
  wall_time first = fired_at(a);
  for (const told_target& one : a.targets) first = std::min(first, one.at);
  return first;
}

// What may have arrived, but is not known to, is no acceptance: a refused repeat, what killed its channel, a last try.
bool is_lost(const delivery_report& report) {
  if (report.state == delivery_state::dead) return true;
  return report.state == delivery_state::unknown &&
         (report.why == reason::refused || report.why == reason::poison || report.why == reason::outcome_unknown ||
          report.why == reason::expired);
}

bool is_loud(const alert& a) { return a.level == severity::critical && a.key.type != alert_type::channel_failing; }

} // namespace

// --- escalation ---------------------------------------------------------------------------------------------------------

void tenant_machine::tend_escalation(turn& t, alert& a) {
  if (a.masks != 0 || a.settling) {
    if (a.escalation) freeze(*a.escalation, t.now);
    return;
  }
  if (a.escalation) return thaw(*a.escalation, t.now);
  const escalation_config& policy = config_->escalation;
  const bool matched = std::ranges::find(policy.levels, a.level) != policy.levels.end();
  if (policy.steps.empty() || !matched || a.told != a.level || a.first_sight) return;
  escalation_state begun;
  begun.steps = policy.steps;
  begun.cycles = static_cast<std::uint32_t>(policy.cycles);
  begun.begun = t.now;
  begun.due = t.now + policy.steps.front().after;
  a.escalation = std::move(begun);
}

void tenant_machine::escalate(turn& t, alert& a) {
  t.touched.insert(a.key);
  escalation_state& state = *a.escalation;
  const escalation_step step = state.steps[state.next];
  audit(t, a, "alert.escalated", "system", "step=" + std::to_string(state.next + 1));
  // Where the clock was set forward several are due at once: whom the earlier ones named is called all the same.
  const bool anew = t.stepped.insert(a.key).second;
  const user_id before = a.ladder && anew ? std::exchange(a.ladder->first, {}) : user_id();
  for (const std::string& whom : step.notify) escalate_to(t, a, whom);
  if (a.ladder && a.ladder->first.empty()) a.ladder->first = before;
  // Whom the step names has been told, in more words or fewer.
  const remark_maker remark = [&](const channel_id& channel) {
    const bool named = std::ranges::find(step.notify, "channel:" + channel.str()) != step.notify.end();
    return named ? std::nullopt : std::optional(std::string(unacknowledged));
  };
  tell_each_target(t.tell, a, notice_event::escalated, reason::escalation_due, remark, followers, t.out);
  if (++state.next < state.steps.size()) {
    state.due = state.begun + state.steps[state.next].after;
    return;
  }
  ++state.cycle;
  if (state.cycle >= state.cycles) return;
  state.next = 0;
  state.begun = t.now;
  state.due = t.now + state.steps.front().after;
}

void tenant_machine::escalate_to(turn& t, alert& a, const std::string& whom) {
  const escalation_state& state = *a.escalation;
  const std::string gates = "step=" + std::to_string(state.next + 1) + " notify=" + whom;
  telling_also what{{},    notice_event::escalated,    reason::escalation_due, state.next + 1, state.cycle,
                    gates, std::string(unacknowledged)};
  if (whom.starts_with("channel:")) {
    const channel_config* channel = config_->find(channel_id(whom.substr(8)));
    if (channel == nullptr) return not_told(a, notice_event::escalated, reason::channel_removed, gates, t.now, t.out);
    const auto* kind = facts_of(kinds_, channel->kind);
    if (kind != nullptr && kind->is == channel_class::voice) return escalate_by_call(t, a, *channel, gates);
    what.channel = channel;
    static_cast<void>(tell_also(t.tell, a, what, t.out));
    return;
  }
  const auto user = whom == "oncall" ? on_call() : std::optional(user_id(whom.substr(5)));
  bool told = false;
  for (const channel_config& one : config_->channels) {
    const auto* kind = facts_of(kinds_, one.kind);
    const bool told_there =
        kind != nullptr && kind->delivers == delivery_kind::interrupt && kind->is != channel_class::voice;
    if (!user || one.user != user || !told_there) continue;
    what.channel = &one;
    told = tell_also(t.tell, a, what, t.out) || told;
  }
  if (user && a.ladder && !a.ladder->heard) {
    // The first that a step names is called before anybody else; whoever is of the chain anyway has their turn.
    if (a.ladder->first.empty()) a.ladder->first = *user;
    if (a.ladder->call.empty()) a.ladder = ring_now(std::move(*a.ladder), t.now);
    told = told || a.ladder->first == *user || user == on_call() || user == config_->voice.owner;
  }
  if (!told) not_told(a, notice_event::escalated, reason::no_channel, gates, t.now, t.out);
}

// The next ring of its ladder, now; or why there is none.
void tenant_machine::escalate_by_call(turn& t, alert& a, const channel_config& over, const std::string& gates) {
  if (a.ladder && a.ladder->call.empty() && !a.ladder->heard && over.enabled)
    a.ladder = ring_now(std::move(*a.ladder), t.now);
  const auto [why, detail] = outlook_of(a, over, *config_, t.now);
  not_told_there(a, notice_event::escalated, over.id, why, gates, t.now, t.out);
}

// Whoever takes over hears what is open, in one notice on each of their channels.
void tenant_machine::hand_over(turn& t, const user_id& to) {
  std::vector<telling> open;
  for (auto& [key, a] : alerts_)
    if (is_open(a) && a.masks == 0 && !a.settling && a.told) open.push_back({&a, reason::handed_over});
  if (open.empty()) return;
  std::set<instance_id> places;
  for (const telling& one : open) places.insert(one.what->key.instance);
  const std::size_t before = t.out.deliveries.size();
  for (const channel_config& one : config_->channels)
    if (one.user == to && one.enabled) tell_hand_over(t.tell, open, one, t.out);
  for (std::size_t i = before; i < t.out.deliveries.size(); ++i) spanning_[t.out.deliveries[i].id] = places;
  for (const telling& one : open) t.touched.insert(one.what->key);
}

// --- what was not taken in time -------------------------------------------------------------------------------------------

void tenant_machine::look_at_targets(turn& t, alert& a) {
  if (!is_notifiable(a) || a.settling || !is_loud(a)) return;
  const timing& times = config_->times;
  const std::vector<told_target> told = a.targets; // telling the next one adds to them
  for (const told_target& one : told) {
    if (one.accepted) continue;
    const duration waited = t.now - one.at;
    if (one.loud == loudness::none && waited >= times.late_after) tell_next_channel(t, a, one.channel);
    if (one.loud == loudness::failing || waited < times.loud_after) continue;
    make_loud(a, one.channel, loudness::failing);
    t.touched.insert(a.key);
    channel_is(t, one.channel, condition::failing, "It has not taken a critical alert for " + words_for(waited) + ".");
  }
  const bool accepted = std::ranges::any_of(a.targets, &told_target::accepted);
  if (!accepted && !a.backed_up && a.told && t.now >= first_told(a) + times.backup_after)
    tell_backups(t, a, reason::backup);
}

// An enabled one of this person that has not been told, the most immediate first.
const channel_config* tenant_machine::next_channel(const alert& a, const std::optional<user_id>& person,
                                                   const channel_id& instead_of) const {
  for (const channel_class is : next_classes) {
    const auto at = std::ranges::find_if(config_->channels, [&](const channel_config& one) {
      const auto* kind = facts_of(kinds_, one.kind);
      return kind != nullptr && kind->is == is && one.enabled && one.user == person && one.id != instead_of &&
             !has_target(a, one.id) && !is_failing(one.id);
    });
    if (at != config_->channels.end()) return &*at;
  }
  return nullptr;
}

// S-T6: that person's next channel, else one that is nobody's. Machines and mirrors wait: another of them is no substitute.
void tenant_machine::tell_next_channel(turn& t, alert& a, const channel_id& instead_of) {
  t.touched.insert(a.key);
  make_loud(a, instead_of, loudness::next_told);
  const channel_config* late = config_->find(instead_of);
  const auto* kind = late == nullptr ? nullptr : facts_of(kinds_, late->kind);
  if (kind == nullptr || kind->delivers != delivery_kind::interrupt) return;
  const std::string gates = "late=" + instead_of.str();
  for (const auto& person : {late->user, std::optional<user_id>()}) {
    const channel_config* next = next_channel(a, person, instead_of);
    if (next == nullptr) continue;
    static_cast<void>(tell_also(t.tell, a, {next, notice_event::fired, reason::late, 0, a.episode, gates, ""}, t.out));
    return;
  }
  if (a.ladder && a.ladder->rings == 0 && !a.ladder->frozen) {
    a.ladder = ring_now(std::move(*a.ladder), t.now);
    return;
  }
  not_told_there(a, notice_event::fired, instead_of, reason::no_channel, gates + " next=none", t.now, t.out);
}

// S-T6 of calls: whoever could not be called hears of it on their next channel, once on each.
void tenant_machine::tell_instead_of(turn& t, const call_record& call) {
  for (auto& [key, a] : alerts_)
    if (a.ladder && a.ladder->call == call.call && is_notifiable(a)) tell_instead_of(t, call, a);
}

void tenant_machine::tell_instead_of(turn& t, const call_record& call, alert& a) {
  const auto& users = config_->users;
  const bool user = std::ranges::find(users, user_id(call.person), &user_config::id) != users.end();
  const auto person = user ? std::optional(user_id(call.person)) : std::nullopt;
  const channel_config* next = next_channel(a, person, call.channel);
  if (next == nullptr && person) next = next_channel(a, {}, call.channel);
  const std::string gates = "late=" + call.channel.str() + " call=" + call.call.str();
  if (next == nullptr)
    return not_told_there(a, notice_event::fired, call.channel, reason::no_channel, gates + " next=none", t.now, t.out);
  static_cast<void>(tell_also(t.tell, a, {next, notice_event::fired, reason::late, 0, a.episode, gates, ""}, t.out));
  t.touched.insert(a.key);
}

// Everything that can reach somebody and has not been tried.
void tenant_machine::tell_backups(turn& t, alert& a, reason why, const std::string& remark) {
  t.touched.insert(a.key);
  a.backed_up = true;
  for (const channel_config& one : config_->channels) {
    const auto* kind = facts_of(kinds_, one.kind);
    const bool wanted =
        kind != nullptr &&
        (kind->is == channel_class::email ||
         (why != reason::backup && kind->is != channel_class::voice && kind->delivers == delivery_kind::interrupt));
    if (!wanted || has_target(a, one.id)) continue;
    static_cast<void>(
        tell_also(t.tell, a, {&one, notice_event::fired, why, 0, a.episode, "backup=yes", remark}, t.out));
  }
}

// What a row's end says of its channel. Rows about a failing channel say nothing: it never begets itself.
void tenant_machine::judge_channel(turn& t, const delivery_report& report) {
  const alert* about = find(report.alert);
  if ((about != nullptr && about->key.type == alert_type::channel_failing) || !is_final(report.state)) return;
  if (was_sent(report)) {
    unplaced_.erase(report.channel);
    // That its calls are taken does not mend that nothing is read out in them.
    const auto unread = unread_.find(report.channel);
    if (unread != unread_.end() && unread->second >= 2 && calls_.contains(report.delivery)) return;
    return channel_is(t, report.channel, condition::ok, "");
  }
  if (about == nullptr || !is_lost(report)) return;
  if (report.why == reason::refused)
    return channel_is(t, report.channel, condition::failing, "What it was given was refused for good.");
  if (const auto call = calls_.find(report.delivery); call != calls_.end())
    return judge_unplaced(t, call->second, report);
  if (report.state == delivery_state::dead && report.why != reason::poison)
    channel_is(t, report.channel, condition::failing, "It could not deliver in the time it had.");
}

// A call is tried for a minute, so one says little: only when none was placed for as long as any other channel is waited
// for. One that was never begun waited for its number or its turn, and says nothing of the provider; nor does the time that
// one waited before it was tried.
void tenant_machine::judge_unplaced(turn& t, const call_record& call, const delivery_report& report) {
  if (report.attempts == 0 || report.why == reason::poison) return;
  const wall_time tried_since = std::max(call.made, t.now - config_->times.call_late_after);
  unplaced& run = unplaced_.try_emplace(report.channel, unplaced{tried_since, tried_since}).first->second;
  if (tried_since - run.last > config_->times.loud_after) run.since = tried_since; // those before are another matter
  run.last = t.now;
  if (run.last - run.since < config_->times.loud_after) return;
  channel_is(t, report.channel, condition::failing,
             "It has placed no call for " + words_for(run.last - run.since) + ".");
}

// Nobody waits for what is dead, or for what nobody will ever know to have arrived.
void tenant_machine::make_loud_if_lost(turn& t, alert& a, const delivery_report& report) {
  if (is_lost(report) && is_loud(a) && is_notifiable(a)) tell_next_channel(t, a, report.channel);
}

bool tenant_machine::is_failing(const channel_id& channel) const {
  const auto at = alerts_.find(key_of(channel));
  return at != alerts_.end() && is_open(at->second) && at->second.current == condition::failing;
}

// Its alert lives as every other does: deduplicated, told over the other channels, acknowledged, resolved.
void tenant_machine::channel_is(turn& t, const channel_id& channel, condition is, const std::string& detail) {
  const channel_config* settings = config_->find(channel);
  if (settings == nullptr || (!settings->enabled && is == condition::failing)) return;
  if (is_failing(channel) == (is == condition::failing)) return;
  transition seen;
  seen.key = key_of(channel);
  seen.from = is == condition::failing ? condition::ok : condition::failing;
  seen.to = is;
  seen.level = facts(alert_type::channel_failing).usual;
  seen.since = seen.seen = t.now;
  seen.label = settings->name;
  seen.detail = detail;
  seen.trace = "channel." + channel.str() + "." + std::to_string(micros(t.now));
  take(t, seen);
  tell_waiting(t);
}

// --- drills ---------------------------------------------------------------------------------------------------------------

// Who waits for a key that is never offered learns why.
std::string tenant_machine::note_of_keys() const {
  if (voice_channel() == nullptr || keys_offered() == keypad::on) return {};
  return callbacks_ == callbacks::none ? "; calls have no keys, because [http] public_url is not set"
                                       : "; calls have no keys, because [voice] keypad is false";
}

// An alert like any other, so that all it passes is what an outage passes; it ends by itself.
command_result tenant_machine::drill(turn& t, const command& asked) {
  const auto at = alerts_.find(drill_key());
  if (at != alerts_.end() && is_open(at->second))
    return {"", command_answer::already,
            "a drill is under way since " + rfc3339(fired_at(at->second)).substr(11, 8) +
                " UTC, and no other is begun: " + at->second.id.str() + note_of_keys()};
  transition seen;
  seen.key = drill_key();
  seen.from = condition::ok;
  seen.to = condition::failing;
  seen.level = severity::critical;
  seen.since = seen.seen = t.now;
  seen.label = "asked for by " + asked.by;
  seen.trace = "drill." + asked.id;
  take(t, seen);
  alert& begun = alerts_[drill_key()];
  begun.drill = true;
  begun.flapping = false; // however often it is asked for
  begun.changes = {t.now};
  tell_waiting(t);
  audit(t, begun, "drill.begun", asked.by, asked.text);
  return {"", command_answer::done, "the drill has begun: " + begun.id.str() + note_of_keys()};
}

void tenant_machine::end_drill(turn& t, const alert& a) {
  transition seen;
  seen.key = a.key;
  seen.from = condition::failing;
  seen.to = condition::ok;
  seen.since = seen.seen = t.now;
  seen.label = a.label;
  seen.trace = a.trace;
  take(t, seen);
}

void tenant_machine::note_loudness_due(const alert& a) {
  if (a.key.type == alert_type::drill) timers_.emplace(fired_at(a) + drill_lasts, a.key);
  if (a.escalation && !a.escalation->frozen && a.escalation->next < a.escalation->steps.size() &&
      a.escalation->cycle < a.escalation->cycles)
    timers_.emplace(a.escalation->due, a.key);
  if (!is_notifiable(a) || !is_loud(a)) return;
  const timing& times = config_->times;
  bool accepted = false;
  for (const told_target& one : a.targets) {
    accepted = accepted || one.accepted;
    if (one.accepted) continue;
    if (one.loud == loudness::none) timers_.emplace(one.at + times.late_after, a.key);
    if (one.loud != loudness::failing) timers_.emplace(one.at + times.loud_after, a.key);
  }
  if (!accepted && !a.backed_up && a.told) timers_.emplace(first_told(a) + times.backup_after, a.key);
}

} // namespace ringdown::logic
