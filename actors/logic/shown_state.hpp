// What people are shown of a resource: never better than what is known now (I10). Pure.
#pragma once

#include "protocol/types/observation.hpp"
#include "protocol/types/resource.hpp"

namespace ringdown::logic {

// Whether what is stored of this kind is the last state seen, and cannot be read now.
[[nodiscard]] bool is_stale(const instance_health& health, resource_kind kind);

// The state as stored, but `starting` while a restarted PBX is not judged yet (S-A5).
[[nodiscard]] resource_state shown_state(const resource_record& record, const instance_health& health);

} // namespace ringdown::logic
