// The only place in actors that reads clocks and draws jitter, and only behind these two functions, so that simulation
// brings its own. Any thread.
#pragma once

#include "protocol/types/time.hpp"

#include <chrono>
#include <functional>

namespace ringdown {

struct time_source {
  std::function<moment()> now;
  std::function<std::chrono::nanoseconds()> boot; // CLOCK_BOOTTIME, for send_by (S-D1)
  std::function<double()> spread;                 // uniform in [0, 1): jitter only, never identity
};

[[nodiscard]] time_source system_time();

// The wall clock went on by less than the other did, and by more than a clock that is slowed down differs (adjtimex(2): 500 us
// in 1 s).
[[nodiscard]] bool was_set_back(const moment& before, const moment& present);

} // namespace ringdown
