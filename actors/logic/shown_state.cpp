#include "actors/logic/shown_state.hpp"

namespace ringdown::logic {

bool is_stale(const instance_health& health, resource_kind kind) {
  if (health.reach != reachability::reachable) return true;
  switch (kind) {
    case resource_kind::trunk:
    case resource_kind::bridge: return (health.blind & bit(endpoint::trunks)) != 0;
    case resource_kind::sbc: return (health.blind & bit(endpoint::sbcs)) != 0;
    case resource_kind::service: return (health.blind & bit(endpoint::services)) != 0;
    case resource_kind::calls: return (health.blind & bit(endpoint::system_status)) != 0;
    case resource_kind::instance:
    case resource_kind::channel:
    case resource_kind::provider: return false;
  }
  return true;
}

resource_state shown_state(const resource_record& record, const instance_health& health) {
  switch (record.ref.kind) {
    case resource_kind::trunk:
    case resource_kind::bridge:
    case resource_kind::sbc:
    case resource_kind::service:
      return health.starting && record.state != resource_state::disabled ? resource_state::starting : record.state;
    case resource_kind::instance:
    case resource_kind::calls:
    case resource_kind::channel:
    case resource_kind::provider: break;
  }
  return record.state;
}

} // namespace ringdown::logic
