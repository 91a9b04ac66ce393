// How the tenant's machine finds its way among its alerts.
#pragma once

#include "protocol/types/alert.hpp"

#include <algorithm>

namespace ringdown::logic {

[[nodiscard]] inline bool is_open(const alert& a) { return a.phase != alert_phase::resolved; }

// When it last began to fail: a second fire of an episode does not begin where the first one did.
[[nodiscard]] inline wall_time fired_at(const alert& a) {
  return a.changes.empty() ? a.opened : std::max(a.opened, a.changes.back());
}

// The alerts of one instance stand together in a map by key, those of one type within them: from here on.
template <class Map>
[[nodiscard]] auto first_of(Map& alerts, const instance_id& instance,
                            alert_type type = alert_type::instance_unreachable) {
  return alerts.lower_bound({instance, type, {}});
}

} // namespace ringdown::logic
