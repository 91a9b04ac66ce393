// CLOCK_BOOTTIME: like the steady clock, but it goes on while the machine sleeps. A claim's `send_by` is judged on it, so
// that a laptop lid or a paused virtual machine cannot make a stale claim look fresh.
#pragma once

#include <chrono>
#include <ctime>

namespace ringdown::net {

[[nodiscard]] inline std::chrono::nanoseconds boot_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

} // namespace ringdown::net
