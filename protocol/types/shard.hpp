// Shards and their leases (S-K1): what a node asks the register that all nodes share, and what it answers. Tenants belong to
// shards by an explicit table; whoever holds the lease of a shard runs its tenants. A lease ends by the register's clock.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

using shard_id = std::uint32_t;

// CLOCK_BOOTTIME of this machine, as `send_by`: nobody sets it, and it goes on while the machine sleeps.
using boot_time = std::chrono::nanoseconds;

// A shard and the epoch under which it is held. The epoch rises whenever somebody takes the shard, never when it is renewed.
struct held_lease {
  shard_id shard = 0;
  std::uint64_t epoch = 0;
  friend auto operator<=>(const held_lease&, const held_lease&) = default;
};

struct shard_row {
  shard_id id = 0;
  incarnation_id owner; // empty: released, or never taken
  std::uint64_t epoch = 0;
  bool taken = false;       // the lease runs, and its owner's process is not known to be dead
  std::uint32_t weight = 0; // instances of its tenants
  friend bool operator==(const shard_row&, const shard_row&) = default;
};

// A process that the register has heard of within the time of a lease, and does not know to be dead.
struct node_row {
  incarnation_id id;
  std::string name;
  std::uint32_t capacity = 1; // beside that of others: twice as much is given twice as much
  bool draining = false;      // gives its shards away and takes none
  bool to_drain = false;      // somebody wants it to: said by the register alone
  std::string site{};         // as it is configured, for people to read
  std::string version{};
  friend bool operator==(const node_row&, const node_row&) = default;
};

enum class lease_ask : std::uint8_t {
  look, // lengthens nothing
  renew // all that the asker holds, and its own row; what has expired and was not taken is revived at the same epoch
};

// That the processes of this name drain, or drain no more. New ones are not asked.
struct drain_wish {
  std::string name;
  bool drain = true;
};

// One transaction, in this order: wish, renew, release, acquire, read.
struct lease_question {
  std::uint64_t number = 0; // which the answer repeats
  node_row asker;
  lease_ask what = lease_ask::look;
  std::vector<drain_wish> wishes;
  std::vector<held_lease> release;
  std::vector<shard_id>
      acquire; // those that are not taken, at their epoch + 1; those that somebody just takes are passed over
};

struct lease_answer {
  std::uint64_t number = 0;
  std::vector<held_lease> held; // by the asker, now: what is missing here is not its any more
  std::vector<shard_row> shards;
  std::vector<node_row> nodes;
  // Until the next process whose session is closed counts as dead, and its shards are free. None: there is none.
  std::optional<duration> free_in;
  std::optional<wall_time> time; // by the register's clock, while it answered; none: it has none
};

} // namespace ringdown
