// Which shard each tenant belongs to, and which node is to hold each shard (S-K7). Each node decides alone, from the same
// rows, and all decide alike: ties are broken by id, and all numbers are whole. Nothing is remembered.
//
// Shards stay where they are. A node is to carry its share: of all weight as much as it has of all capacity; whoever holds
// one shard that is more than that by itself is full with it, and the others share the rest. Shards move only
//   1. when nobody who stays holds them; while there are such shards, no other moves;
//   2. to a node that carries less than three quarters of its share, from those that carry more than theirs;
//   3. when 2 moves nothing, from a node that carries more than one and a half of its share.
// What moves by 2 is at most what the hungry lack; by 3, what the glutted have above three quarters of their share. Nobody who
// receives is filled above what would make him give, nobody who gives falls to where he would receive. So a node that joins
// where nobody was hungry moves no more than its own share.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/shard.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace ringdown::logic {

// Exactly one wish for each shard; none at all while there is no node. A node that drains is wished for only where all do, and
// then nothing moves that somebody holds.
using shard_wishes = std::map<shard_id, incarnation_id>;
[[nodiscard]] shard_wishes place_shards(const std::vector<shard_row>& shards, const std::vector<node_row>& nodes);

// An empty shard counts, too: it is looked after like any other.
[[nodiscard]] std::uint64_t weight_of(const shard_row& shard);

struct tenant_row {
  tenant_id id;
  std::uint32_t instances = 0;
  std::optional<shard_id> shard; // none: not placed yet
};
// The shards, below `count`, of those that have none, the heaviest tenant first, each to the lightest shard. A tenant that
// has a shard keeps it: to move one is to move its rows from one fence to another.
[[nodiscard]] std::map<tenant_id, shard_id> place_tenants(std::vector<tenant_row> tenants, shard_id count);

} // namespace ringdown::logic
