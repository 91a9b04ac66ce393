// The supervisor of one tenant: its tenant actor, its pollers, its channels, each restarted alone (one_for_one), and
// introduced to each other again after every restart.
#pragma once

#include "actors/child_table.hpp"
#include "actors/family.hpp"
#include "actors/observed_actor.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace ringdown {

class group final : public observed_actor<group_actor> {
public:
  group(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, family_ptr births,
        std::shared_ptr<const tenant_config> settings);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  void on(const due& rang);
  void on(const group_reconfigure& to);
  void on(const command_for_tenant& asked);
  void on(const carrier_watch_at& is);
  void on(const restart_child& asked);
  void on(const accounts_attached& to);
  void on(const drain& asked);
  void on(const drained& finished);
  void on_down(const caf::down_msg& message);

  void add_tenant();
  void add_poller(const instance_config& instance);
  void add_channel(const channel_config& settings);
  void remove_absent(const tenant_config& wanted);
  void introduce_all();
  [[nodiscard]] std::string tenant_name() const { return "tenant/" + config_->id.str(); }
  [[nodiscard]] std::string name_of(const instance_id& id) const {
    return "poller/" + config_->id.str() + "/" + id.str();
  }
  [[nodiscard]] std::string name_of(const channel_id& id) const {
    return "channel/" + config_->id.str() + "/" + id.str();
  }

  std::shared_ptr<const tenant_config> config_; // shared with the tenant actor; replaced, never changed
  family_ptr births_;
  child_table children_;
  caf::strong_actor_ptr accounts_;
  caf::strong_actor_ptr carrier_watch_;
  std::set<std::string> draining_; // children not yet quiet
  std::function<void()> drained_;
};

} // namespace ringdown
