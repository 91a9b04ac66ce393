// Hears from every tenant of the node how the trunks of its carriers are, and tells each one thing: which of its own
// registrars are of a carrier that fails elsewhere (actors/logic/carrier_board). It knows nothing of alerts and is never
// waited for: without it tenants tell what they tell, without that sentence. What it knows dies with it; whoever is introduced
// to its successor reports anew.
#pragma once

#include "actors/logic/carrier_board.hpp"
#include "actors/observed_actor.hpp"

#include <caf/system_messages.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>

namespace ringdown {

class carrier_watch final : public observed_actor<carrier_watch_actor> {
public:
  carrier_watch(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe);

  behavior_type make_behavior() override;

private:
  struct listener {
    caf::strong_actor_ptr actor;
    std::uint64_t number = 0; // of its last report
  };

  void leaving() override;
  void on(const carriers_seen& seen);
  void on(const crash_now& asked);
  void on_down(const caf::down_msg& message);
  void welcome(const carriers_seen& seen);
  void tell_them(const std::set<tenant_id>& changed);

  logic::carrier_board board_;
  std::map<tenant_id, listener> listeners_; // each monitored
};

} // namespace ringdown
