// May the outside be told that all is well? Asked before each heartbeat (PRODUCT N-05).
#pragma once

#include "actors/api/tenants.hpp"
#include "actors/health_board.hpp"
#include "actors/lease_board.hpp"
#include "protocol/types/time.hpp"

#include <optional>
#include <string>

namespace ringdown::api {

// Why not, in words for the log; nothing when every tenant was read, no actor is quarantined and, where there is anything
// to poll, some poll ended within two intervals of its instance. That the node answers at all is asked elsewhere. With
// `leases` only the tenants of shards that are held are polled here, and no shard with instances may be without a node.
[[nodiscard]] std::optional<std::string> reason_for_silence(const tenant_registry& tenants, const health_board& board,
                                                            wall_time now, const lease_board* leases = nullptr);

} // namespace ringdown::api
