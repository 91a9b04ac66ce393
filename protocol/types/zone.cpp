#include "protocol/types/zone.hpp"

#include <algorithm>

namespace ringdown {

zone_shift shift_at(const zone_table& zone, wall_time at) {
  if (zone.empty()) return {{}, {}, "UTC"};
  const auto later = std::ranges::upper_bound(zone, at, {}, &zone_shift::from);
  return later == zone.begin() ? zone.front() : *std::prev(later);
}

} // namespace ringdown
