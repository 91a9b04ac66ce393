// The calls of a tenant: who is rung when (V-01 to V-04, S-T4, S-T5). The steps of one alert's ladder are in call_ladder, who
// may be called in oncall_chain, what is heard of a call and what ends it in tenant_calls_heard.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/call_ladder.hpp"
#include "actors/logic/numbers.hpp"
#include "actors/logic/script.hpp"
#include "actors/logic/tenant_machine.hpp"
#include "actors/logic/wording.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// Nobody listens to more, and a row is not to hold them all.
constexpr std::size_t most_read = 50;

// How long before the first ring its PBX is looked at once more: the second look comes just after the ring is due.
duration looks_ahead(const timing& times) { return times.confirm_after * 9 / 10; }

} // namespace

void tenant_machine::restore_calls(std::vector<call_record> calls, std::vector<phone_record> phones,
                                   std::optional<oncall_pointer> oncall) {
  for (call_record& one : calls) calls_[one.call] = std::move(one);
  for (phone_record& one : phones) phones_[one.number] = std::move(one);
  oncall_ = std::move(oncall);
  note_written();
}

const channel_config* tenant_machine::voice_channel() const {
  const auto at = std::ranges::find_if(config_->channels, [&](const channel_config& one) {
    const auto* kind = facts_of(kinds_, one.kind);
    return kind != nullptr && kind->is == channel_class::voice && one.enabled;
  });
  return at == config_->channels.end() ? nullptr : &*at;
}

std::optional<user_id> tenant_machine::on_call() const {
  return oncall_ && oncall_->user ? oncall_->user : config_->oncall.user;
}

keypad tenant_machine::keys_offered() const {
  return callbacks_ == callbacks::offered ? config_->voice.keys : keypad::off;
}

// At the end of each turn that touched it: what goes on for it starts, stands still or stops (S-A1, S-T4, S-T7).
void tenant_machine::tend(turn& t, alert& a) {
  if (a.phase != alert_phase::firing) {
    looks_.erase(a.key);
    a.ladder.reset();
    a.escalation.reset();
    return;
  }
  tend_ladder(t, a);
  tend_escalation(t, a);
}

void tenant_machine::tend_ladder(turn& t, alert& a) {
  // Its level fell, or its type is not for calls any more.
  if (const reason never = why_never_called(a, *config_); a.ladder && never != reason::none) {
    say_of_calls(t, a, never);
    a.ladder.reset();
  }
  if (a.masks != 0 || a.settling) {
    if (a.ladder && !a.ladder->frozen && a.masks != 0) say_of_calls(t, a, quiet_for(a, t.now));
    if (a.ladder) freeze(*a.ladder, t.now);
    return;
  }
  if (a.ladder) return thaw(*a.ladder, t.now);
  if (!is_read_out(a, *config_) || voice_channel() == nullptr) return;
  call_ladder begun;
  begun.begun = begun.due = first_call_of(a, t.now);
  a.ladder = std::move(begun);
}

// A call that was announced is not made after all, or not now; nobody is to wait for it.
void tenant_machine::say_of_calls(turn& t, const alert& a, reason why) const {
  const auto over = std::ranges::find_if(config_->channels, [&](const channel_config& one) {
    const auto* kind = facts_of(kinds_, one.kind);
    return kind != nullptr && kind->is == channel_class::voice;
  });
  if (over == config_->channels.end()) return;
  not_told_there(a, notice_event::fired, over->id, why, "phase=firing call=no", t.now, t.out);
}

// A parent's call inherits the earliest of its members', so that members that trickle in cannot put it off.
wall_time tenant_machine::first_call_of(const alert& a, wall_time now) const {
  wall_time due = std::max(now, std::min(now, fired_at(a)) + call_after(a, config_->times));
  for (const auto& [key, member] : alerts_) {
    if (member.parent != a.id || !member.ladder) continue;
    const call_ladder& its = *member.ladder;
    due = std::min(due, its.frozen ? now + *its.frozen : std::max(now, its.due));
  }
  return due;
}

// Asks for a tick when a ring is due, or a call has lasted longer than calls do.
void tenant_machine::note_calls_due(const alert& a) {
  if (!a.ladder || a.ladder->frozen || a.ladder->heard) return;
  const auto call = calls_.find(a.ladder->call);
  timers_.emplace(call == calls_.end() ? a.ladder->due : deadline_of(call->second), a.key);
  if (call != calls_.end() && call->second.stage == call_stage::wanted && !was_told_late(call->second))
    timers_.emplace(late_at(call->second), a.key);
  if (a.ladder->rings == 0 && !is_of_tenant(a.key)) timers_.emplace(a.ladder->due - looks_ahead(config_->times), a.key);
}

// What has just recovered is not yet seen to have: what is polled once a minute would ring for nothing. So its PBX is looked
// at again shortly before the first ring, and the ring waits for what that says, but not for long. What is due at once rings.
bool tenant_machine::awaits_look(turn& t, const alert& a) {
  const wall_time due = a.ladder->due;
  const duration ahead = looks_ahead(config_->times);
  if (a.ladder->rings > 0 || is_of_tenant(a.key) || t.now < due - ahead) return false;
  const auto known = looks_.find(a.key);
  const bool asked = known != looks_.end() && known->second.asked >= due - ahead;
  if (!asked && t.now >= due) return false;
  if (!asked) {
    looks_[a.key] = {t.now, false};
    t.out.settle.push_back(a.key.instance);
    timers_.emplace(due, a.key);
    return true;
  }
  if (known->second.answered || t.now >= due + ahead) return false;
  timers_.emplace(due + ahead, a.key);
  return true;
}

void tenant_machine::note_looked(turn& t, const instance_id& instance) {
  for (auto& [key, look] : looks_) {
    if (key.instance != instance || look.answered) continue;
    look.answered = true;
    timers_.emplace(t.now, key);
  }
}

void tenant_machine::go_on_calling(turn& t, alert& a) {
  if (!is_notifiable(a) || !a.ladder || a.ladder->frozen || a.ladder->heard) return;
  if (!is_for_calls(a, *config_)) {
    t.touched.insert(a.key);
    return;
  }
  if (const auto call = calls_.find(a.ladder->call); call != calls_.end() && is_live(call->second)) {
    // Nobody says how it goes on: silence is worse than a second ring.
    if (deadline_of(call->second) <= t.now) return give_up(t, call->second);
    return note_late(t, call->second);
  }
  a.ladder->call = {};
  if (!awaits_look(t, a) && a.ladder->due <= t.now) ring(t, a);
}

void tenant_machine::ring(turn& t, alert& a) {
  t.touched.insert(a.key);
  const channel_config* over = voice_channel();
  if (over == nullptr) {
    if (!std::exchange(a.ladder->nobody_told, true)) say_of_calls(t, a, reason::channel_disabled);
    a.ladder->due = t.now + config_->times.ring_round_2;
    return;
  }
  const auto oncall = on_call();
  const auto regions = regions_of(*over);
  const call_chain chain = chain_of({*config_, oncall, phones_, regions}, a.ladder->first);
  for (std::size_t tried = 0; tried <= chain.usable.size(); ++tried)
    if (ring_one(t, a, chain, *over)) return;
}

// True: nothing more is to be done now. False: that number may not be rung, the next one is looked at.
bool tenant_machine::ring_one(turn& t, alert& a, const call_chain& chain, const channel_config& over) {
  ring_verdict verdict = next_ring(*a.ladder, chain, config_->times, t.now);
  a.ladder = std::move(verdict.ladder);
  // Silence is worse than another ring: while the budget lasts it is tried again soon, and not when the next round is due.
  if (verdict.step == ring_step::wait && nobody_was_rung(a, chain) &&
      may_ring(chain.usable.front().number, ring_for::alert, t.now))
    a.ladder->due = std::min(a.ladder->due, t.now + config_->times.ring_again_after);
  if (verdict.step == ring_step::wait) return true;
  if (verdict.step == ring_step::nobody) {
    if (!std::exchange(a.ladder->nobody_told, true))
      not_told_there(a, notice_event::fired, over.id, reason::nobody_callable, chain.gates, t.now, t.out);
    return true;
  }
  const std::string gates =
      chain.gates + " chosen=" + verdict.whom.person + " round=" + std::to_string(a.ladder->round + 1);
  if (const call_record* live = live_call_to(verdict.whom.number, a, t.now)) {
    a.ladder = rung(std::move(*a.ladder), verdict.whom, live->call);
    not_told_there(a, notice_event::fired, over.id, reason::number_busy, gates + " joined=" + live->call.str(), t.now,
                   t.out);
    // Whoever it waits for has heard of the others that way already.
    if (was_told_late(*live)) tell_instead_of(t, *live, a);
    return true;
  }
  if (!may_ring(verdict.whom.number, is_first_ring(a) ? ring_for::first : ring_for::alert, t.now)) {
    not_told_there(a, notice_event::fired, over.id, reason::budget_spent, gates, t.now, t.out);
    a.ladder->number = verdict.whom.number;
    pass_number_over(t, a, verdict.whom.person);
    return false;
  }
  place_call(t, a, verdict.whom, gates, over);
  return true;
}

// Its budget is spent: the next of the chain, and everything else that can reach somebody (S-T4).
void tenant_machine::pass_number_over(turn& t, alert& a, const std::string& person) {
  a.ladder = done_with_number(std::move(*a.ladder), t.now);
  const auto open = std::ranges::count_if(
      alerts_, [&](const auto& entry) { return entry.second.ladder && is_read_out(entry.second, *config_); });
  tell_backups(t, a, reason::budget_spent,
               "No more calls to " + person + " for now: " + std::to_string(call_budget::in_15_minutes) +
                   " in 15 minutes and " + std::to_string(call_budget::in_an_hour) +
                   " in an hour are the most. The next one tells of all that is open, " + std::to_string(open) +
                   " now.");
}

// Of this tenant. What others rang there is seen by the claim. First calls of new alerts may exceed the budget by as much again
// (S-T4), and codes that are read out take nothing from what is to wake people.
bool tenant_machine::may_ring(const std::string& number, ring_for what, wall_time now) const {
  const auto since = [&](duration span) {
    return std::ranges::count_if(calls_, [&](const auto& entry) {
      const call_record& call = entry.second;
      return call.number == number && call.made > now - span && call.result != call_result::cancelled &&
             !was_never_placed(call) && call.lead.empty() == (what == ring_for::code);
    });
  };
  const std::int64_t times = what == ring_for::first ? 2 : 1;
  return since(std::chrono::minutes(15)) < times * call_budget::in_15_minutes &&
         since(std::chrono::hours(1)) < times * call_budget::in_an_hour;
}

// What was never placed was no ring of it.
bool tenant_machine::is_first_ring(const alert& a) const {
  return a.ladder->rings == 0 || std::ranges::none_of(calls_, [&](const auto& entry) {
           const call_record& call = entry.second;
           return call.lead == a.id && call.made >= a.ladder->begun && !was_never_placed(call);
         });
}

// The provider placed no call that would have told of this alert: not the newest one to anybody of the chain.
bool tenant_machine::nobody_was_rung(const alert& a, const call_chain& chain) const {
  return std::ranges::all_of(chain.usable, [&](const callable& whom) {
    const call_record* newest = nullptr;
    for (const auto& [id, call] : calls_)
      if (call.number == whom.number && tells_of(call, a) && (newest == nullptr || newest->made < call.made))
        newest = &call;
    return newest != nullptr && was_never_placed(*newest);
  });
}

// A call that reads a code out tells of nothing, and a drill's of nothing else.
bool tenant_machine::tells_of(const call_record& call, const alert& a) const {
  if (call.lead.empty()) return false;
  const auto lead = by_id_.find(call.lead);
  return lead == by_id_.end() || (lead->second.type == alert_type::drill) == (a.key.type == alert_type::drill);
}

// One that somebody waits for. Another that still rings there is waited for by the claim.
const call_record* tenant_machine::live_call_to(const std::string& number, const alert& a, wall_time now) const {
  const auto at = std::ranges::find_if(calls_, [&](const auto& entry) {
    const call_record& call = entry.second;
    return is_live(call) && call.number == number && deadline_of(call) > now && is_awaited(call) && tells_of(call, a);
  });
  return at == calls_.end() ? nullptr : &at->second;
}

bool tenant_machine::is_awaited(const call_record& call) const {
  return std::ranges::any_of(alerts_, [&](const auto& entry) {
    const auto& ladder = entry.second.ladder;
    return ladder && ladder->call == call.call && !ladder->frozen;
  });
}

void tenant_machine::place_call(turn& t, alert& a, const callable& whom, const std::string& gates,
                                const channel_config& over) {
  calling what{over, whom.number, a.ladder->rings, a.ladder->begun, "", {}, gates};
  call_record call;
  what.read.push_back(view_of(a, *config_));
  if (callbacks_ == callbacks::none) call.read.push_back({a.id, a.episode});
  for (const auto& [key, one] : alerts_) {
    if (one.id == a.id || !is_read_out(one, *config_) || !share_a_call(a, one)) continue;
    if (what.read.size() == most_read) break;
    what.read.push_back(view_of(one, *config_));
    // Without a script that is fetched, what is said is what was known when it was placed.
    if (callbacks_ == callbacks::none && what.read.size() <= most_named) call.read.push_back({one.id, one.episode});
  }
  what.text = joined(script_for(what.read, *config_, keypad::off));
  call.call = tell_by_call(t.tell, a, what, t.out);
  call.channel = over.id;
  call.lead = a.id;
  call.number = whom.number;
  call.person = whom.person;
  call.first = is_first_ring(a);
  call.made = call.changed = t.now;
  a.ladder = rung(std::move(*a.ladder), whom, call.call);
  audit(t, a, "call.wanted", "system", "person=" + whom.person);
  t.out.calls.push_back(call);
  calls_[call.call] = std::move(call);
}

} // namespace ringdown::logic
