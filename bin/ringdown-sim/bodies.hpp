// The entities of the 3CX configuration API (20.0.x) that a PBX shows: property names, order, types and nullability
// follow the published OpenAPI description, values are the simulated PBX's. Pure.
#pragma once

#include "bin/ringdown-sim/model.hpp"
#include "bin/ringdown-sim/odata.hpp"

namespace ringdown::sim {

[[nodiscard]] std::vector<entity> trunk_entities(const pbx& of);
[[nodiscard]] std::vector<entity> sbc_entities(const pbx& of, wall_time now);
[[nodiscard]] std::vector<entity> service_entities(const pbx& of, wall_time now);
[[nodiscard]] std::vector<entity> event_entities(const pbx& of);
[[nodiscard]] entity system_entity(const pbx& of, wall_time now);
// One row of SystemTelemetry(); TickCount is the uptime in milliseconds.
[[nodiscard]] entity telemetry_entity(const pbx& of, wall_time now);

// Puts the PBX's `field` faults for this endpoint over its items, in the order told.
void spoil_fields(const pbx& of, std::string_view endpoint, std::vector<entity>& items);

} // namespace ringdown::sim
