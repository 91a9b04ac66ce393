// Which seat is whose in a cluster: numbered from 1, node after node.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/shard.hpp"
#include "test/simulation/journal.hpp"

#include <cstddef>
#include <map>

namespace ringdown::simulation {

struct seating {
  std::size_t nodes = 0;
  shard_id shards = 0;
  std::map<tenant_id, shard_id> placed;

  [[nodiscard]] std::size_t count() const { return nodes * shards; }
  [[nodiscard]] seat_id at(std::size_t node, shard_id shard) const {
    return static_cast<seat_id>(1 + node * shards + shard);
  }
  [[nodiscard]] std::size_t node_of(seat_id seat) const { return (seat - 1) / shards; }
  [[nodiscard]] shard_id shard_of(seat_id seat) const { return (seat - 1) % shards; }
};

} // namespace ringdown::simulation
