#include "actors/logic/delivery_policy.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

// A critical that has surely not arrived is tried every few seconds for its first minute: what was away for a while must not
// cost it half a minute more. (One that may have arrived is not: each try may be another message.)
constexpr std::uint32_t hasty_until = 10; // attempts
constexpr std::uint32_t hasty_doublings = 2;

std::uint32_t doublings_of(const delivery& row, outcome_kind came) {
  const std::uint32_t before = row.attempts > 0 ? row.attempts - 1 : 0;
  const bool hasty = row.level == severity::critical && came == outcome_kind::retry && before > hasty_doublings;
  if (!hasty) return before;
  return before < hasty_until ? hasty_doublings : before - hasty_until + hasty_doublings + 1;
}

// Equal jitter: half of the doubled delay is fixed, half is drawn.
duration back_off(std::uint32_t doublings, const timing& times, double spread) {
  const duration full =
      std::min(times.retry_base * (std::int64_t{1} << std::min<std::uint32_t>(doublings, 30)), times.retry_cap);
  return full / 2 + duration(static_cast<std::int64_t>(spread * static_cast<double>(full.count()) / 2));
}

// How a row ends that runs out of time: one that may have arrived is not called dead, so that its resolve follows (S-A12).
next_state again(const delivery& row, duration wait, bool possible_repeat, wall_time now) {
  const wall_time at = now + wait;
  if (at < row.give_up_at) return {delivery_state::pending, reason::none, at, possible_repeat};
  if (possible_repeat) return {delivery_state::unknown, reason::outcome_unknown, now, possible_repeat};
  return {delivery_state::dead, reason::expired, now, possible_repeat};
}

} // namespace

next_state after_attempt(const delivery& row, const attempt_outcome& outcome, key_knowledge keys, const timing& times,
                         wall_time now, double spread) {
  const duration least = back_off(doublings_of(row, outcome.kind), times, spread);
  const duration wait = std::max(least, outcome.retry_after.value_or(duration{}));
  switch (outcome.kind) {
    case outcome_kind::accepted: return {delivery_state::sent, reason::none, now, row.possible_repeat};
    case outcome_kind::refused:
      // The repeat was refused, the attempt before it may have arrived.
      return {row.possible_repeat ? delivery_state::unknown : delivery_state::dead, reason::refused, now,
              row.possible_repeat};
    case outcome_kind::not_sent: return again(row, duration{}, row.possible_repeat, now);
    case outcome_kind::retry: return again(row, wait, row.possible_repeat, now);
    case outcome_kind::unknown: break;
  }
  // S-D6: a repeat harms nobody where the key is known; else silence about a critical is worse than a second message.
  if (keys == key_knowledge::keyed || row.level == severity::critical) return again(row, wait, true, now);
  return {delivery_state::unknown, reason::outcome_unknown, now, row.possible_repeat};
}

} // namespace ringdown::logic
