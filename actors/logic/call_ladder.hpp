// The ladder of an alert's calls (V-04, S-T4): each number twice within a few minutes, then the next of the chain, in rounds
// that never end until somebody has it. Values in, values out; the tenant makes the calls. Pure.
#pragma once

#include "actors/logic/oncall_chain.hpp"
#include "protocol/types/ladder.hpp"
#include "protocol/types/timing.hpp"

#include <cstdint>

namespace ringdown::logic {

enum class ring_step : std::uint8_t {
  ring,  // call `whom`
  wait,  // this round is over; the next begins at ladder.due
  nobody // nobody is callable; asked again at ladder.due
};
struct ring_verdict {
  ring_step step = ring_step::wait;
  callable whom;
  call_ladder ladder;
};

// How long the phone waits for what often recovers by itself (S-T2).
[[nodiscard]] duration call_after(const alert& a, const timing& times);

// What is known of its calls when it is told: that none is ever made over this channel and why, or when the next is due.
struct call_outlook {
  reason why = reason::call_due;
  std::string detail; // words for people
};
[[nodiscard]] call_outlook outlook_of(const alert& a, const channel_config& over, const tenant_config& config,
                                      wall_time now);

// Who is rung now that the ladder is due.
[[nodiscard]] ring_verdict next_ring(call_ladder ladder, const call_chain& chain, const timing& times, wall_time now);

// Its first ring comes now, and rounds count from here; after that a ring out of turn, which is no round of its own (E-02).
[[nodiscard]] call_ladder ring_now(call_ladder ladder, wall_time now);

// `whom` is being rung by this call, or will be told by it: another alert's that rings there already.
[[nodiscard]] call_ladder rung(call_ladder ladder, const callable& whom, const delivery_id& call);

// No more of this number in this round: its budget is spent, or whoever answered passed it on.
[[nodiscard]] call_ladder done_with_number(call_ladder ladder, wall_time now);

// Of the chain somebody has not been called in this round.
[[nodiscard]] bool has_somebody_left(const call_ladder& ladder, const call_chain& chain);

// Everybody is called anew at `at`, in the round that goes on.
[[nodiscard]] call_ladder begin_round(call_ladder ladder, wall_time at);

// The call that was waited for ended. `keys`: what it offered; `heard`: this alert was read out.
enum class read_out : std::uint8_t { no, yes };
[[nodiscard]] call_ladder after_call(call_ladder ladder, call_result result, keypad keys, read_out heard,
                                     wall_time rung_at, const timing& times, wall_time now);

// Masked, time stands still; after it, what was left goes on (S-A1).
template <class Clock>
void freeze(Clock& clock, wall_time now) {
  if (!clock.frozen) clock.frozen = std::max(clock.due - now, duration{});
}
template <class Clock>
void thaw(Clock& clock, wall_time now) {
  if (!clock.frozen) return;
  const wall_time due = now + *clock.frozen;
  clock.begun += due - clock.due;
  clock.due = due;
  clock.frozen.reset();
}

} // namespace ringdown::logic
