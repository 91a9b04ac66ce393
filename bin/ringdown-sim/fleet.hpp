// From a scenario's plan to PBXes with names, addresses, trunks and secrets. Pure; the same plan makes the same fleet.
#pragma once

#include "bin/ringdown-sim/model.hpp"
#include "bin/ringdown-sim/scenario.hpp"

namespace ringdown::sim {

// Refuses plans that name an id twice or a tenant the fleet does not have.
[[nodiscard]] result<std::vector<pbx>> build_fleet(const scenario& plan, wall_time now);

// "t1" ... in order; every tenant of the fleet, also one without a PBX.
[[nodiscard]] std::vector<std::string> tenant_ids(const fleet_plan& plan);

} // namespace ringdown::sim
