// What is heard of a tenant's calls, and what ends one: its provider, its time, whoever acknowledged, or a new configuration
// (V-04, V-05, S-T5, R-06). Who is rung when is in tenant_calls.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/call_ladder.hpp"
#include "actors/logic/numbers.hpp"
#include "actors/logic/tenant_machine.hpp"
#include "protocol/types/call_queue.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// No phone rings so long, no script is so long: what is said to last longer has ended unseen.
constexpr auto longest_ringing = std::chrono::minutes(2);
constexpr auto longest_talk = std::chrono::minutes(10);

bool has_read(const call_record& call, const alert& a) {
  return std::ranges::find(call.read, read_alert{a.id, a.episode}) != call.read.end();
}

} // namespace

std::vector<call_record> tenant_machine::live_calls(const channel_id& over) const {
  std::vector<call_record> found;
  for (const auto& [id, call] : calls_)
    if (is_live(call) && call.channel == over) found.push_back(call);
  return found;
}

std::vector<hang_up_wish> tenant_machine::unwanted_calls(const channel_id& over) const {
  std::vector<hang_up_wish> found;
  for (const auto& [id, call] : calls_)
    if (is_live(call) && call.channel == over && hung_up_.contains({id, call.stage}))
      found.push_back({call.channel, id, call.reference, call.stage});
  return found;
}

wall_time tenant_machine::deadline_of(const call_record& call) const {
  switch (call.stage) {
    // The store lets none begin that has waited too long; what began just before has its time at the provider. A code is not
    // waited for.
    case call_stage::wanted:
      if (call.lead.empty()) return late_at(call);
      return late_at(call) + std::max(longest_call_queue, config_->times.call_late_after);
    // From when it was placed, if it had waited for its turn.
    case call_stage::placed:
      return (call.changed < late_at(call) ? call.made : call.changed) + config_->times.call_late_after;
    case call_stage::ringing: return call.changed + longest_ringing;
    case call_stage::answered: return call.changed + longest_talk;
    case call_stage::ended: return call.changed;
  }
  return call.changed;
}

wall_time tenant_machine::late_at(const call_record& call) const { return call.made + config_->times.call_late_after; }

// Until it rings it does not change after that without this being told first.
bool tenant_machine::was_told_late(const call_record& call) const {
  return call.stage <= call_stage::placed && call.changed >= late_at(call);
}

// It goes on waiting for its turn, or to ring, and somebody hears of it meanwhile (S-T6).
void tenant_machine::note_late(turn& t, call_record& call) {
  if (call.stage > call_stage::placed || t.now < late_at(call) || was_told_late(call)) return;
  tell_instead_of(t, call);
  call.changed = t.now;
  t.out.calls.push_back(call);
}

effects tenant_machine::on(const call_news& news, wall_time now) {
  turn t = begin(now);
  if (const auto at = calls_.find(news.call); at != calls_.end()) {
    if (is_live(at->second))
      hear(t, at->second, news);
    else
      hang_up_late(t, at->second, news.heard.stage);
  }
  return end(t);
}

// Stages only rise, and a result that says more replaces one that says less: late, twice or out of order is all the same.
void tenant_machine::hear(turn& t, call_record& call, const call_news& news) {
  note_late(t, call);
  const call_record before = call;
  if (call.reference.empty()) call.reference = news.heard.reference;
  if (news.heard.stage != call_stage::ended) call.stage = std::max(call.stage, news.heard.stage);
  const bool known = call.result == call_result::human || call.result == call_result::machine;
  if (!known && news.heard.result != call_result::none) call.result = news.heard.result;
  for (const read_alert& one : news.read)
    if (std::ranges::find(call.read, one) == call.read.end()) call.read.push_back(one);
  if (news.heard.sequence) call.sequence = std::max(call.sequence.value_or(0), *news.heard.sequence);
  if (call.result == call_result::human && before.result != call_result::human) t.out.confirmed.push_back(call.call);
  if (news.passed_on) pass_on(t, call);
  if (news.heard.stage == call_stage::ended) {
    const bool talked = before.stage == call_stage::answered || !call.read.empty();
    end_call(
        t, call,
        call.result != call_result::none ? call.result : (talked ? call_result::listener : call_result::no_answer));
  } else if (call != before) {
    call.changed = t.now;
    t.out.calls.push_back(call);
    touch_waiting(t, call);
  }
}

// Whose ladders wait for it: they are to be looked at when its new deadline has come.
void tenant_machine::touch_waiting(turn& t, const call_record& call) const {
  for (const auto& [key, a] : alerts_)
    if (a.ladder && a.ladder->call == call.call) t.touched.insert(key);
}

// Key 2: the next of the chain; where there is none everything else that can reach somebody, and soon another round.
void tenant_machine::pass_on(turn& t, const call_record& call) {
  const channel_config* over = config_->find(call.channel);
  for (auto& [key, a] : alerts_) {
    if (!a.ladder || a.ladder->call != call.call) continue;
    t.touched.insert(key);
    audit(t, a, "call.passed_on", call.person, "");
    a.ladder = done_with_number(std::move(*a.ladder), t.now);
    const auto oncall = on_call();
    const auto regions = over == nullptr ? std::vector<std::string>{} : regions_of(*over);
    const call_chain chain = chain_of({*config_, oncall, phones_, regions}, a.ladder->first);
    if (has_somebody_left(*a.ladder, chain)) continue;
    tell_backups(t, a, reason::nobody_callable, call.person + " passed it on, and there is nobody else to call.");
    a.ladder = begin_round(std::move(*a.ladder), t.now + config_->times.ring_again_after);
  }
}

// Its row settled: the provider has it, or never will.
void tenant_machine::note_row(turn& t, call_record& call, const delivery_report& report) {
  if (!is_final(report.state)) return;
  if (!is_live(call)) return note_late_row(t, call, report);
  if (report.why == reason::budget_spent) return refuse_call(t, call);
  note_late(t, call);
  if (report.state != delivery_state::sent && report.state != delivery_state::confirmed) {
    end_call(t, call, report.state == delivery_state::suppressed ? call_result::cancelled : call_result::failed);
    return note_late_row(t, call, report);
  }
  call.stage = std::max(call.stage, call_stage::placed);
  call.reference = report.reference;
  call.changed = t.now;
  t.out.calls.push_back(call);
  touch_waiting(t, call);
}

// Of a call that was given up. What nobody knows may have rung, and counts as if it had.
void tenant_machine::note_late_row(turn& t, call_record& call, const delivery_report& report) {
  const call_record before = call;
  if (call.reference.empty()) call.reference = report.reference;
  if (report.state == delivery_state::unknown && was_never_placed(call)) call.result = call_result::no_answer;
  if (call != before) t.out.calls.push_back(call);
  if (report.state == delivery_state::sent) hang_up_late(t, call, call_stage::placed);
}

// Others rang there as often as anybody is to be rung: as if it had never been wanted.
void tenant_machine::refuse_call(turn& t, call_record& call) {
  call.stage = call_stage::ended;
  call.result = call_result::cancelled;
  call.changed = t.now;
  t.out.calls.push_back(call);
  for (auto& [key, a] : alerts_) {
    if (!a.ladder || a.ladder->call != call.call) continue;
    not_told_there(a, notice_event::fired, call.channel, reason::budget_spent,
                   "chosen=" + call.person + " rung=by_others", t.now, t.out);
    pass_number_over(t, a, call.person);
    t.touched.insert(key);
  }
}

// Given up, and the provider says that it goes on.
void tenant_machine::hang_up_late(turn& t, const call_record& call, call_stage stage) {
  if (stage != call_stage::ended && !call.reference.empty())
    t.out.hang_ups.push_back({call.channel, call.call, call.reference, stage});
}

void tenant_machine::end_call(turn& t, call_record& call, call_result result) {
  // Nobody was rung, or nothing was said to who picked up, and nobody knows when somebody will hear of it (S-T6).
  const bool unheard = result == call_result::listener && call.read.empty() && is_awaited(call);
  const bool silent = result == call_result::failed && call.stage < call_stage::ringing && !was_told_late(call);
  // What waited for its turn for long rang when it was last heard of, not when it was wished for.
  const bool waited = call.stage != call_stage::wanted && call.changed > late_at(call);
  if (unheard || silent) tell_instead_of(t, call);
  note_unread(t, call, unheard);
  const wall_time rung_at = waited ? call.changed : call.made;
  call.stage = call_stage::ended;
  call.result = result;
  call.changed = t.now;
  t.out.calls.push_back(call);
  let_go(t, call, result, rung_at);
  if (const alert* lead = find(call.lead))
    audit(t, *lead, "call.ended", "system", "person=" + call.person + " result=" + std::string(name(result)));
}

// Whatever it still does is ended too: it must not ring beside the next one.
void tenant_machine::give_up(turn& t, call_record& call) {
  t.out.hang_ups.push_back({call.channel, call.call, call.reference, call.stage});
  end_call(t, call, call.stage == call_stage::answered ? call_result::listener : call_result::failed);
}

// Nobody waits for it: acknowledged, resolved, masked, or passed on. Who picks up now need not be told anything.
void tenant_machine::hang_up_orphans(turn& t) {
  std::erase_if(calls_, [&](const auto& entry) {
    return !is_live(entry.second) && entry.second.made + std::chrono::hours(1) < t.now;
  });
  std::erase_if(hung_up_, [&](const auto& one) { return !calls_.contains(one.first); });
  for (auto& [id, call] : calls_) {
    if (!is_live(call)) continue;
    if (is_awaited(call)) continue;
    // Nobody waits for its news: what is never said to end has ended by now.
    if (deadline_of(call) <= t.now) {
      give_up(t, call);
      continue;
    }
    // A code is read to its end; and whoever has picked up hears that it was taken.
    const bool ends_itself =
        call.lead.empty() || (call.stage == call_stage::answered &&
                              (call.result == call_result::human || call.result == call_result::listener));
    if (!ends_itself && hung_up_.insert({id, call.stage}).second)
      t.out.hang_ups.push_back({call.channel, id, call.reference, call.stage});
  }
}

// Two calls in a row that were answered and fetched no script: its provider does not reach us.
void tenant_machine::note_unread(turn& t, const call_record& call, bool unheard) {
  if (!call.read.empty()) unread_.erase(call.channel);
  if (callbacks_ != callbacks::offered || !unheard || ++unread_[call.channel] < 2) return;
  channel_is(t, call.channel, condition::failing,
             "Its calls are answered and nothing is read out: the provider does not reach [http] public_url.");
}

// What waited for it goes on.
void tenant_machine::let_go(turn& t, const call_record& call, call_result result, wall_time rung_at) {
  for (auto& [key, a] : alerts_) {
    if (!a.ladder || a.ladder->call != call.call) continue;
    const auto heard = has_read(call, a) ? read_out::yes : read_out::no;
    a.ladder = after_call(std::move(*a.ladder), result, keys_offered(), heard, rung_at, config_->times, t.now);
    t.touched.insert(key);
  }
}

// --- what a new configuration changes ------------------------------------------------------------------------------------

// Over a channel that still calls, to a number whose owner still agrees. Who is on call now is asked at the next ring (S-T7).
bool tenant_machine::may_go_on(const call_record& call) const {
  const channel_config* over = voice_channel();
  if (over == nullptr || over->id != call.channel) return false;
  const auto oncall = on_call();
  const auto regions = regions_of(*over);
  const call_chain chain = chain_of({*config_, oncall, phones_, regions}, user_id(call.person));
  return std::ranges::find(chain.usable, call.number, &callable::number) != chain.usable.end();
}

// Consent that was withdrawn, a number that changed and a type that does not ring any more hold for calls in hand too.
// Such a call keeps its number until it has ended: nothing rings beside it.
void tenant_machine::heed_configuration(turn& t) {
  for (const auto& [key, a] : alerts_)
    if (a.ladder || is_read_out(a, *config_)) t.touched.insert(key); // for calls now, or not any more
  for (const auto& [id, call] : calls_)
    if (is_live(call) && !call.lead.empty() && !may_go_on(call)) let_go(t, call, call_result::cancelled, call.made);
  ask_again_who_is_callable(t);
}

// Nobody could be called, and that may be another matter now.
void tenant_machine::ask_again_who_is_callable(turn& t) {
  for (auto& [key, a] : alerts_) {
    if (!a.ladder || !a.ladder->nobody_told || a.ladder->frozen) continue;
    a.ladder->due = t.now;
    t.touched.insert(key);
  }
}

} // namespace ringdown::logic
