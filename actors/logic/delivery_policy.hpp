// What follows an attempt: its outcome and the row -> the row's next state (C-08, S-D1, S-D6). Pure.
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/timing.hpp"

#include <cstdint>

namespace ringdown::logic {

enum class key_knowledge : std::uint8_t { unkeyed, keyed }; // does the target know our idempotency key?

struct next_state {
  delivery_state state = delivery_state::pending;
  reason why = reason::none;
  wall_time not_before; // for pending
  bool possible_repeat = false;
};

// `spread` in [0, 1) is the jitter the caller drew. Retries double from timing.retry_base to timing.retry_cap, those of a
// critical that has not arrived stay at four times retry_base for a minute on the way. They never pass row.give_up_at: what
// cannot be tried again before it is dead(expired), or unknown(outcome_unknown) when an attempt may have arrived. Retry-After
// wins over a shorter back-off.
[[nodiscard]] next_state after_attempt(const delivery& row, const attempt_outcome& outcome, key_knowledge keys,
                                       const timing& times, wall_time now, double spread);

} // namespace ringdown::logic
