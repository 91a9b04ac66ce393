#include "actors/logic/poll_schedule.hpp"

namespace ringdown::logic {

double phase_of(const tenant_id& tenant, const instance_id& instance) {
  const id_bits bits = digest_bits(tenant.str() + "/" + instance.str());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value << 8U | bits[i];
  return static_cast<double>(value) / static_cast<double>(std::uint64_t{1} << 48U);
}

steady_time next_slot(double phase, duration interval, steady_time now) {
  const auto period = std::chrono::duration_cast<std::chrono::nanoseconds>(interval);
  const auto offset = std::chrono::nanoseconds(static_cast<std::int64_t>(phase * static_cast<double>(period.count())));
  const auto since = now.time_since_epoch() - offset;
  const auto whole = since.count() >= 0 ? since / period : -((-since.count() + period.count() - 1) / period.count());
  return steady_time{offset + (whole + 1) * period};
}

} // namespace ringdown::logic
