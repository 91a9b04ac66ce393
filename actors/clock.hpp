// The only place in actors that reads clocks and draws jitter, and only behind these two functions, so that simulation
// brings its own. Any thread.
#pragma once

#include "protocol/types/shard.hpp"
#include "protocol/types/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace ringdown {

struct time_source {
  std::function<moment()> now;
  std::function<std::chrono::nanoseconds()> boot; // CLOCK_BOOTTIME, for send_by (S-D1)
  std::function<double()> spread;                 // uniform in [0, 1): jitter only, never identity
  std::function<std::optional<duration>()>
      off; // by how much the machine's own wall clock is ahead of `now`; none: it is the same
};

// The wall clock that several nodes have in common: the register's (S-K8). Between its answers it goes on by this machine's boot
// clock, which nobody sets. Any thread.
class common_clock {
public:
  // The register's clock was read between the two. It is set no further than that proves it wrong: answers that took long
  // change nothing.
  void hear(wall_time said, boot_time asked, boot_time heard);
  // None: nothing was heard yet.
  [[nodiscard]] std::optional<wall_time> at(boot_time now) const;

private:
  static constexpr std::int64_t unknown = INT64_MIN;
  std::atomic<std::int64_t> ahead_ = unknown; // of the boot clock, in microseconds
};

// With a common clock, its time as soon as it has one.
[[nodiscard]] time_source system_time(std::shared_ptr<const common_clock> common = nullptr);

// The wall clock went on by less than the other did, and by more than a clock that is slowed down differs (adjtimex(2): 500 us
// in 1 s).
[[nodiscard]] bool was_set_back(const moment& before, const moment& present);

} // namespace ringdown
