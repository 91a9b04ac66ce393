// The register of shards in PostgreSQL (S-K1, docs/decisions/0029). Times are the database's; a process is known by an
// advisory lock that its session holds.
#pragma once

#include "persistence/lease_register.hpp"
#include "protocol/types/time.hpp"

#include <memory>
#include <string>

namespace ringdown::persistence {

struct register_rules {
  duration ttl = std::chrono::seconds(15);     // of a lease
  duration gone_for = std::chrono::seconds(2); // a session closed for so long is a dead process
};

// Connects when it is first asked; by then the store has been opened once, which makes the shards (postgres_store.hpp).
[[nodiscard]] std::unique_ptr<lease_register> open_postgres_register(std::string url, const register_rules& rules = {});

} // namespace ringdown::persistence
