// The root supervisor of a node: one group per tenant of the shards it holds, who keeps the rates of provider accounts for all of them, and the watch
// over carriers; it introduces them to each other. A group that spends its budget takes the node down (exit 70), so
// that systemd starts it afresh.
#pragma once

#include "actors/child_table.hpp"
#include "actors/family.hpp"
#include "actors/observed_actor.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ringdown {

class root final : public observed_actor<node_actor> {
public:
  root(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, family_ptr births);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  void on(const due& rang);
  void on(const tenant_applied& applied);
  void on(const tenant_removed& removed);
  void on(const shard_begun& held);
  void on(const shard_ended& asked);
  void on(const command_for_tenant& asked);
  void on(const restart_child& asked);
  void on(const pulse& asked);
  void on(const drain& asked);
  void on(const drained& finished);
  void on_down(const caf::down_msg& message);

  void add_accounts();
  void add_group(const tenant_id& id);
  void end_group(const tenant_id& id, duration patience);
  [[nodiscard]] ports_ptr world_of(const fence& owner) const;
  void add_carrier_watch();
  void introduce(const caf::strong_actor_ptr& carrier_watch);
  void pass_pulses_on();
  void check_pillars(const caf::down_msg& message) const;
  void check_escalation();
  // Of a tenant that was removed: what its actors still wrote is to be ended.
  struct removed_one {
    shard_id shard = 0;
    std::shared_ptr<std::atomic<bool>> closed; // set on the store's thread
  };
  void look_at_removed_later(removed_one what);
  void close_removed_of(const removed_one& what);
  [[nodiscard]] static std::string name_of(const tenant_id& id) { return "group/" + id.str(); }

  family_ptr births_;
  child_table children_;
  struct placed_tenant {
    std::shared_ptr<const tenant_config> config;
    shard_id shard = 0;
  };
  std::map<tenant_id, placed_tenant> tenants_;
  std::map<shard_id, ports_ptr> shards_;         // that this node holds: what their actors share
  std::map<std::string, std::uint64_t> leaving_; // groups that end once they are quiet, or when this wake-up comes
  std::map<std::uint64_t, removed_one> removed_; // by the wake-up at which it is looked at
  std::uint64_t wake_ups_;
  std::vector<pulse> pulses_; // waiting for the clock
  std::set<std::string> draining_;
  std::function<void()> drained_;
};

} // namespace ringdown
