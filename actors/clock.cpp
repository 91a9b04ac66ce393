#include "actors/clock.hpp"

#include "actors/net/boot_clock.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <utility>

namespace ringdown {

void common_clock::hear(wall_time said, boot_time asked, boot_time heard) {
  const auto ahead_of = [said](boot_time at) {
    return micros(said) - std::chrono::duration_cast<duration>(at).count();
  };
  const std::int64_t least = ahead_of(heard);
  const std::int64_t most = ahead_of(asked);
  const std::int64_t known = ahead_.load(std::memory_order_relaxed);
  ahead_.store(known == unknown ? least : std::clamp(known, least, most), std::memory_order_relaxed);
}

std::optional<wall_time> common_clock::at(boot_time now) const {
  const std::int64_t ahead = ahead_.load(std::memory_order_relaxed);
  if (ahead == unknown) return std::nullopt;
  return from_micros(ahead + std::chrono::duration_cast<duration>(now).count());
}

time_source system_time(std::shared_ptr<const common_clock> common) {
  struct jitter {
    std::mutex guard;
    std::mt19937_64 engine{std::random_device{}()};
  };
  // Shared because every copy of the time source draws from the same engine.
  auto dice = std::make_shared<jitter>();
  const auto own = [] { return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now()); };
  std::function<std::optional<duration>()> off;
  if (common)
    off = [common, own]() -> std::optional<duration> {
      const auto shared = common->at(net::boot_now());
      return shared ? std::optional(own() - *shared) : std::nullopt;
    };
  return {[common = std::move(common), own] {
            const auto shared = common ? common->at(net::boot_now()) : std::nullopt;
            return moment{shared ? *shared : own(), std::chrono::steady_clock::now()};
          },
          [] { return net::boot_now(); },
          [dice] {
            const std::lock_guard hold(dice->guard);
            return std::uniform_real_distribution<double>(0, 1)(dice->engine);
          },
          std::move(off)};
}

bool was_set_back(const moment& before, const moment& present) {
  const auto gone = present.steady - before.steady;
  return present.wall - before.wall < gone - gone / 1000 - std::chrono::seconds(1);
}

} // namespace ringdown
