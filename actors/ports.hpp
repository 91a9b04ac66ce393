// What actors need of the world, as values and interfaces: production wires the real ones, simulation its own.
#pragma once

#include "actors/clock.hpp"
#include "actors/flight_recorder.hpp"
#include "actors/health_board.hpp"
#include "actors/lease_board.hpp"
#include "actors/log.hpp"
#include "actors/metrics.hpp"
#include "actors/net/http_port.hpp"
#include "actors/net/mail_port.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/tenant_config.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown {

// Immutable but for what it points to. Shared by all actors of the node for its whole life, and, where `owner` is the fence of
// a shard, by all actors of that shard's tenants.
struct ports {
  time_source time;
  net::http_port* http = nullptr;        // outlives the actor system
  net::mail_port* mail = nullptr;        // the same
  log_sink* log = nullptr;               // outlives the actor system
  flight_recorder* flight = nullptr;     // outlives the actor system; none: faults name nobody
  std::shared_ptr<node_metrics> metrics; // shared: read by the API's threads
  std::shared_ptr<health_board> health;
  node_config node;
  clock_actor clock;
  store_actor store;
  fence owner; // of the shard; at the node: of the one it begins with; of several: its name alone
  std::shared_ptr<const lease_board> leases; // none: the shard is ours for good
  moment begun;                              // when the tree was grown
  std::string start_mark;                    // differs for every start of the process; part of trace ids
  // Signed token of an acknowledge link: (alert, episode, person) under a key only the program holds.
  std::function<std::string(const tenant_id&, const alert_id&, std::uint32_t, const std::string&)> link_token;
  // Differs for other credentials (url, address, client, secret) of an instance, and tells nothing of them: keyed.
  std::function<std::string(const instance_config&)> credentials_mark;
  // Told after the commit that closed a command of the inbox; any thread, must not block.
  std::function<void(const command_result&)> command_decided;
  // Run on the store's thread before a shard's tenants are begun: what its last owner left is taken up. None: there is nothing.
  std::function<result<void>(persistence::store&, const fence&)> before_shard;
  // Run on the store's thread: passes on what other nodes wrote, and commands that were given here. None: nobody else writes.
  std::function<result<void>(persistence::store&)> news;
  // Told of a shard that ended, once nothing of it runs any more; any thread, must not block. None: nobody asks.
  std::function<void(const fence&)> shard_over;
  // What cannot be carried on with (the store lost its disk): log it and end the process.
  std::function<void(std::string_view)> fatal;

  // Nothing of `owner`'s shard may leave after this, and no token may be asked for (CLOCK_BOOTTIME).
  [[nodiscard]] boot_time acts_until() const {
    return leases ? leases->of(owner.shard).leaves_until : boot_time::max();
  }
  // Whether anything of it may be begun now.
  [[nodiscard]] bool may_act() const { return !leases || time.boot() < leases->of(owner.shard).begins_until; }
};
using ports_ptr = std::shared_ptr<const ports>;

} // namespace ringdown
