// The register of shards in memory, by the rules that the shared database's has (S-K1, docs/decisions/0029): what is free, what
// a renewal revives, when a process whose session is closed counts as dead, and which writes are refused. Its clock is an
// argument. One question is one transaction.
#pragma once

#include "actors/logic/lease_keeper.hpp"
#include "protocol/types/shard.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ringdown::test {

class lease_register {
public:
  using instant = std::chrono::nanoseconds; // by its own clock

  explicit lease_register(shard_id shards, const logic::lease_rules& rules = {});

  // A session is one connection of one process. An answer to a question of a closed one cannot be had.
  [[nodiscard]] std::uint64_t open(const incarnation_id& who);
  void close(std::uint64_t session);
  [[nodiscard]] bool is_open(std::uint64_t session) const { return sessions_.contains(session); }
  // All sessions are gone, which says nothing of the processes that had them: only their next renewal does.
  void restart();

  [[nodiscard]] lease_answer answer(const lease_question& asked, instant now);
  // What every write and claim checks in its own statement.
  [[nodiscard]] bool holds(const incarnation_id& who, const held_lease& lease, instant now) const;
  void weigh(shard_id shard, std::uint32_t weight) { shards_.at(shard).weight = weight; }

  // Told of each shard that is taken, in the transaction: whose it was (nobody's, when it had been released), whose it is.
  struct taking {
    held_lease lease;
    incarnation_id from;
    incarnation_id to;
    instant at{};
  };
  void on_taking(std::function<void(const taking&)> tell) { tell_ = std::move(tell); }
  [[nodiscard]] shard_id size() const { return static_cast<shard_id>(shards_.size()); }
  [[nodiscard]] const incarnation_id& owner_of(shard_id shard) const { return shards_.at(shard).owner; }

private:
  struct lease_row {
    incarnation_id owner;
    std::uint64_t epoch = 0;
    instant until{};
    std::uint32_t weight = 0;
  };
  struct node {
    node_row row;
    instant until{};
    std::uint64_t server = 0;          // that it last renewed at
    std::optional<instant> gone_since; // its session was seen closed then
  };

  void look_for_the_gone(instant now);
  void renew(const node_row& who, instant now);
  void acquire(const incarnation_id& who, const std::vector<shard_id>& wanted, instant now);
  [[nodiscard]] bool has_session(const incarnation_id& who) const;
  [[nodiscard]] bool is_dead(const incarnation_id& who, instant now) const;
  [[nodiscard]] bool is_taken(const lease_row& one, instant now) const;

  logic::lease_rules rules_;
  std::map<shard_id, lease_row> shards_;
  std::map<incarnation_id, node> nodes_;
  std::map<std::uint64_t, incarnation_id> sessions_;
  std::uint64_t opened_ = 0;
  std::uint64_t server_ = 1; // one more after each restart
  std::function<void(const taking&)> tell_;
};

} // namespace ringdown::test
