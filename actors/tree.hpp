// The whole tree of a node: the one place that knows all actors. Owns the actor system. Not thread-safe; made and ended by
// the program's main thread.
#pragma once

#include "actors/logic/lease_keeper.hpp"
#include "actors/logic/tenant_machine.hpp"
#include "actors/ports.hpp"
#include "persistence/lease_register.hpp"
#include "persistence/store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace caf {
class actor_system;
class actor_system_config;
} // namespace caf

namespace ringdown {

// What runs the actors. The default is production's: CAF's threads, and one of its own for the store. A simulation runs them
// all in its own thread, the store's actor among them (it is the same class).
struct tree_stage {
  enum class store_thread : std::uint8_t { own, shared };

  std::function<void(caf::actor_system_config&)> configure; // none: as many threads as cores
  std::function<void(caf::actor_system&)> opened;           // before the first actor is born; none: nothing
  std::function<void()> give_way; // somebody is waited for, let the others go on; none: their threads do
  store_thread store = store_thread::own;
};

// What a node needs to share its work with others (S-K1); none: it holds the shard of its `owner` for good.
struct cluster_part {
  node_row self;
  logic::lease_rules rules;
  std::shared_ptr<persistence::lease_register> at;
  std::shared_ptr<common_clock> clock; // told what the register's says; none: nobody asks
};

class node_tree {
public:
  // `start` has everything but clock and store, which the tree adds. The shard of its `owner` must be taken already, and what
  // its last owner left taken up: its tenants are begun at once. As part of a cluster its `owner` only names it, and it
  // runs what it is given.
  static std::unique_ptr<node_tree> grow(ports start, std::shared_ptr<persistence::store> held, tree_stage on = {},
                                         std::optional<cluster_part> with = {});
  virtual ~node_tree() = default;

  [[nodiscard]] virtual ports_ptr world() const = 0;
  // Any thread. Add or replace a tenant, which runs while its shard is held; remove one.
  virtual void apply(std::shared_ptr<const tenant_config> config, shard_id shard = 0) = 0;
  virtual void remove(const tenant_id& tenant) = 0;
  // Any thread. Durable first, then decided; `done` is called on the store's thread once it is durable.
  virtual void command(const ringdown::command& what, std::function<void(result<void>)> done) = 0;
  // Any thread. To its tenant, if that runs here: it is durable, and was not passed on before.
  virtual void pass_on(const ringdown::command& what) = 0;
  // Any thread. Has ports::news look. False: it is about to look already.
  virtual bool look_for_news() = 0;
  // Any thread. Runs on the store's thread, after all that was asked before; returns what the store said to it.
  // `refused`: in its place while the store is known to be away; none: it is run all the same.
  virtual void with_writer(std::function<result<void>(persistence::store&)> run,
                           std::function<void(const failure&)> refused = {}) = 0;
  // Any thread. Crash one actor of a tenant, as its supervisor knows it; `found` is called on an actor's thread.
  virtual void restart(const tenant_id& tenant, const std::string& actor, const std::string& why,
                       std::function<void(bool)> found) = 0;
  // A message through scheduler and clock and a durable write (watchdog, heartbeat). A late answer is the next call's.
  [[nodiscard]] virtual pulse_answer alive(std::chrono::milliseconds within) = 0;
  // No new polls and sends; waits until what was begun has ended, at most `within` (I18). True when quiet.
  virtual bool drain(std::chrono::milliseconds within) = 0;
  // Any thread. The nodes of this name hand their shards over as far as others take them, or keep them; `done` is called on an
  // actor's thread once the register knows. Without a cluster nobody does.
  virtual void drain_node(const drain_wish& wish, std::function<void()> done) = 0;
  // The process ends: everything is handed over, whether somebody takes it or not; waits at most `within`. True when nothing is
  // held any more.
  virtual bool leave(std::chrono::milliseconds within) = 0;
  // Looks for news no more, and waits until all that was asked of the store before has run: then nothing of the caller's is in
  // use there any more.
  virtual void finish_writes() = 0;
};

// Channel kinds as the tenant's logic sees them, from the table of dialects.
[[nodiscard]] std::vector<logic::channel_kind_facts> channel_kinds();

} // namespace ringdown
