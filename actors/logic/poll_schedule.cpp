#include "actors/logic/poll_schedule.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

// Slots that lie close together are one: a poll that begins in company costs the machine a third of one that wakes it up
// alone. No more than a twentieth of the interval, or few phases would be left; nor so much that those of ten thousand PBXes
// that begin together keep a processor from the rest for long.
constexpr std::chrono::nanoseconds widest_slot = std::chrono::milliseconds(500);
constexpr int phases = 20; // of a short interval

} // namespace

double phase_of(const tenant_id& tenant, const instance_id& instance) {
  const id_bits bits = digest_bits(tenant.str() + "/" + instance.str());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value << 8U | bits[i];
  return static_cast<double>(value) / static_cast<double>(std::uint64_t{1} << 48U);
}

steady_time next_slot(double phase, duration interval, steady_time now) {
  const auto period = std::chrono::duration_cast<std::chrono::nanoseconds>(interval);
  const auto slot = std::clamp(period / phases, std::chrono::nanoseconds(1), widest_slot);
  const auto exact = std::chrono::nanoseconds(static_cast<std::int64_t>(phase * static_cast<double>(period.count())));
  const auto offset = exact / slot * slot;
  const auto since = now.time_since_epoch() - offset;
  const auto whole = since.count() >= 0 ? since / period : -((-since.count() + period.count() - 1) / period.count());
  return steady_time{offset + (whole + 1) * period};
}

} // namespace ringdown::logic
