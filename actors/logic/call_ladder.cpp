#include "actors/logic/call_ladder.hpp"

#include "actors/logic/alert_map.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

// Twice within three minutes from one number pierces a phone's do-not-disturb (V-04).
constexpr std::uint32_t rings_of_a_number = 2;

// When a round begins, after the first.
duration offset_of(std::uint32_t round, const timing& times) {
  if (round == 0) return {};
  if (round == 1) return times.ring_round_2;
  return times.ring_round_3 + (round - 2) * times.ring_round_later;
}

const callable* find(const call_chain& chain, const std::string& number) {
  const auto at = std::ranges::find(chain.usable, number, &callable::number);
  return at == chain.usable.end() ? nullptr : &*at;
}

const callable* first_not_called(const call_chain& chain, const call_ladder& ladder) {
  const auto at = std::ranges::find_if(chain.usable, [&](const callable& one) {
    return std::ranges::find(ladder.called, one.number) == ladder.called.end();
  });
  return at == chain.usable.end() ? nullptr : &*at;
}

void close_number(call_ladder& ladder) {
  if (!ladder.number.empty()) ladder.called.push_back(std::move(ladder.number));
  ladder.number.clear();
  ladder.tries = 0;
}

call_outlook due_at(wall_time due) {
  return {reason::call_due, "due by " + rfc3339(due).substr(11, 8) + " UTC, unless it is over or acknowledged before"};
}

call_outlook outlook_on(const call_ladder& ladder, wall_time now) {
  if (ladder.heard) return {reason::not_above_told, "somebody answered its call, and none follows"};
  if (!ladder.call.empty()) return {reason::number_busy, "its call is under way"};
  return due_at(ladder.frozen ? now + *ladder.frozen : std::max(now, ladder.due));
}

} // namespace

duration call_after(const alert& a, const timing& times) {
  switch (a.key.type) {
    case alert_type::instance_unreachable:
      return a.why == cause::app_down || a.why == cause::tls_invalid || a.why == cause::blocked
                 ? times.call_after_app_down
                 : times.call_after_path_down;
    case alert_type::trunk_down:
    case alert_type::provider_outage: return times.call_after_trunk;
    case alert_type::all_trunks_down:
    case alert_type::sbc_offline:
    case alert_type::service_down: return times.call_after_outage;
    case alert_type::bridge_down:
    case alert_type::instance_auth_failed:
    case alert_type::instance_degraded:
    case alert_type::sim_calls:
    case alert_type::channel_failing:
    case alert_type::drill: return {};
  }
  return {};
}

call_outlook outlook_of(const alert& a, const channel_config& over, const tenant_config& config, wall_time now) {
  if (!over.enabled) return {reason::channel_disabled, {}};
  if (const reason never = why_never_called(a, config); never != reason::none) return {never, {}};
  // Told again, it is on its ladder, which is not begun anew.
  if (a.ladder) return outlook_on(*a.ladder, now);
  return due_at(std::max(now, std::min(now, fired_at(a)) + call_after(a, config.times)));
}

ring_verdict next_ring(call_ladder ladder, const call_chain& chain, const timing& times, wall_time now) {
  if (chain.usable.empty()) {
    ladder.due = now + times.ring_round_2;
    return {ring_step::nobody, {}, std::move(ladder)};
  }
  const callable* again = ladder.tries < rings_of_a_number ? find(chain, ladder.number) : nullptr;
  if (again != nullptr) return {ring_step::ring, *again, std::move(ladder)};
  close_number(ladder);
  const callable* next = first_not_called(chain, ladder);
  if (next == nullptr) {
    // A step of the escalation may have rung them before the round was due: that one is still to come.
    if (now >= ladder.begun + offset_of(ladder.round, times)) ++ladder.round;
    ladder.called.clear();
    ladder.due = std::max(now, ladder.begun + offset_of(ladder.round, times));
    if (ladder.due > now) return {ring_step::wait, {}, std::move(ladder)};
    next = &chain.usable.front();
  }
  return {ring_step::ring, *next, std::move(ladder)};
}

call_ladder ring_now(call_ladder ladder, wall_time now) {
  if (ladder.rings == 0) ladder.begun = now;
  ladder.due = now;
  return ladder;
}

call_ladder rung(call_ladder ladder, const callable& whom, const delivery_id& call) {
  if (ladder.number != whom.number) ladder.tries = 0;
  ladder.number = whom.number;
  ++ladder.tries;
  ++ladder.rings;
  ladder.call = call;
  ladder.nobody_told = false;
  return ladder;
}

call_ladder done_with_number(call_ladder ladder, wall_time now) {
  close_number(ladder);
  ladder.call = {};
  ladder.due = now;
  return ladder;
}

bool has_somebody_left(const call_ladder& ladder, const call_chain& chain) {
  return first_not_called(chain, ladder) != nullptr;
}

call_ladder begin_round(call_ladder ladder, wall_time at) {
  close_number(ladder);
  ladder.called.clear();
  ladder.due = at;
  return ladder;
}

call_ladder after_call(call_ladder ladder, call_result result, keypad keys, read_out heard, wall_time rung_at,
                       const timing& times, wall_time now) {
  ladder.call = {};
  ladder.due = now;
  switch (result) {
    case call_result::human:
    case call_result::listener:
      // Who pressed nothing has not said that they have it, and may be a greeting. Without keys nothing can be said.
      if (keys == keypad::off || result == call_result::human) {
        if (heard == read_out::no) return ladder;
        ladder.heard = keys == keypad::off;
        close_number(ladder);
        return ladder;
      }
      [[fallthrough]];
    case call_result::machine:
    case call_result::no_answer:
    case call_result::busy:
    case call_result::failed:
    case call_result::none:
      if (ladder.tries < rings_of_a_number) ladder.due = std::max(now, rung_at + times.ring_again_after);
      return ladder;
    case call_result::cancelled: return ladder;
  }
  return ladder;
}

} // namespace ringdown::logic
