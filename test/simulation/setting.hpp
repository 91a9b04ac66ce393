// Who lives in a simulated world: tenants, their PBXes and their channels.
#pragma once

#include "protocol/types/tenant_config.hpp"
#include "test/simulation/dice.hpp"
#include "test/simulation/fleet.hpp"
#include "test/simulation/simulated_http.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace ringdown::simulation {

inline constexpr auto trouble_lasts = std::chrono::minutes(30); // faults are drawn in it
inline constexpr auto calm_lasts = std::chrono::minutes(20);    // nothing fails any more: the backlog drains

[[nodiscard]] sim::fleet_plan fleet_plan_of(dice& chance);
// Durations of days are minutes here, so that short lives see long stories.
[[nodiscard]] timing timing_of(dice& chance);

using tenants = std::vector<std::shared_ptr<const tenant_config>>;
// Two pushes and a webhook for each tenant.
[[nodiscard]] tenants tenants_of(const fleet& pbxes, const timing& times);
[[nodiscard]] simulated_http::far_ends far_ends_of(const tenants& all, dice& chance);

} // namespace ringdown::simulation
