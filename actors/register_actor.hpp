// Asks the register of shards, on a thread of its own, because an answer may take seconds. Who keeps the leases asks one
// question at a time and does not wait (lease_actor.hpp).
#pragma once

#include "actors/observed_actor.hpp"
#include "persistence/lease_register.hpp"

#include <memory>

namespace ringdown {

class register_keeper final : public observed_actor<register_actor> {
public:
  register_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
                  std::shared_ptr<persistence::lease_register> held);

  behavior_type make_behavior() override;

private:
  void on(const ask_register& asked);

  std::shared_ptr<persistence::lease_register> held_;
  bool answers_ = true; // the last question was answered
};

} // namespace ringdown
