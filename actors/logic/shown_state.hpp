// What a stored state means, and what people are shown of it: never better than what is known now (I10). Pure.
#pragma once

#include "protocol/types/observation.hpp"
#include "protocol/types/resource.hpp"

namespace ringdown::logic {

// Whether what is stored of this kind is the last state seen, and cannot be read now.
[[nodiscard]] bool is_stale(const instance_health& health, resource_kind kind);

// The state as stored, but `starting` while a restarted PBX is not judged yet (S-A5).
[[nodiscard]] resource_state shown_state(const resource_record& record, const instance_health& health);

// A trunk, SBC or service that does not do what it should.
[[nodiscard]] constexpr bool is_down(resource_state state) {
  switch (state) {
    case resource_state::failed_registration:
    case resource_state::unregistered:
    case resource_state::down_unspecified:
    case resource_state::down: return true;
    case resource_state::unknown:
    case resource_state::starting:
    case resource_state::up:
    case resource_state::registered:
    case resource_state::online:
    case resource_state::disabled:
    case resource_state::high:
    case resource_state::removed: return false;
  }
  return false;
}

} // namespace ringdown::logic
