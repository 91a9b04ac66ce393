// Who lives in a simulated world: tenants, their PBXes and their channels.
#pragma once

#include "protocol/types/tenant_config.hpp"
#include "test/simulation/dice.hpp"
#include "test/simulation/fleet.hpp"
#include "test/simulation/simulated_http.hpp"
#include "test/simulation/timeline.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::simulation {

inline constexpr auto trouble_lasts = std::chrono::minutes(30); // faults are drawn in it
inline constexpr auto calm_lasts = std::chrono::minutes(20);    // nothing fails any more: the backlog drains

[[nodiscard]] sim::fleet_plan fleet_plan_of(std::size_t nodes, dice& chance);
// Durations of days are minutes here, so that short lives see long stories.
[[nodiscard]] timing timing_of(dice& chance);

using tenants = std::vector<std::shared_ptr<const tenant_config>>;
// What a world that is told of by hand has instead of what would be drawn.
struct scene {
  std::optional<sim::fleet_plan> pbxes;
  std::optional<timing> times;
  std::function<void(tenant_config&)> furnish; // gives a tenant its people and channels
  std::size_t nodes = 1;                       // more: over one store and one register of leases
};
// Two pushes and a webhook for each tenant, and by chance what household.hpp says, unless the scene says otherwise.
[[nodiscard]] tenants tenants_of(const fleet& pbxes, const timing& times, const scene& of, dice& chance);
// Of channels that send requests; mails go to simulated_mail.
[[nodiscard]] simulated_http::far_ends far_ends_of(const tenants& all, timeline& time, journal& told, dice& chance);

[[nodiscard]] channel_config push_to(const std::string& id, const std::string& host, severity floor);
[[nodiscard]] channel_config webhook_at(const std::string& id, const std::string& host);
[[nodiscard]] channel_config mailbox_of(const std::string& id, const std::string& host);

} // namespace ringdown::simulation
