#include "actors/clock.hpp"

#include "actors/net/boot_clock.hpp"

#include <memory>
#include <mutex>
#include <random>

namespace ringdown {

time_source system_time() {
  struct jitter {
    std::mutex guard;
    std::mt19937_64 engine{std::random_device{}()};
  };
  // Shared because every copy of the time source draws from the same engine.
  auto dice = std::make_shared<jitter>();
  return {[] {
            return moment{std::chrono::time_point_cast<duration>(std::chrono::system_clock::now()),
                          std::chrono::steady_clock::now()};
          },
          [] { return net::boot_now(); },
          [dice] {
            const std::lock_guard hold(dice->guard);
            return std::uniform_real_distribution<double>(0, 1)(dice->engine);
          }};
}

bool was_set_back(const moment& before, const moment& present) {
  const auto gone = present.steady - before.steady;
  return present.wall - before.wall < gone - gone / 1000 - std::chrono::seconds(1);
}

} // namespace ringdown
