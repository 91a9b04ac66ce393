// One timer for the whole node: who asked is woken at the time asked, everybody due within the slack in one go (one
// wake-up of the machine for many polls; CAF's own timers cost a wake-up each).
#pragma once

#include "actors/observed_actor.hpp"

#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

namespace ringdown {

class clock_keeper final : public observed_actor<clock_actor> {
public:
  clock_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe);

  behavior_type make_behavior() override;

private:
  struct entry {
    steady_time at;
    std::uint64_t order; // first asked, first woken
    std::uint64_t token;
    caf::weak_actor_ptr who; // weak: a timer keeps nobody alive
  };
  struct later {
    bool operator()(const entry& a, const entry& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };

  void on(const wake_me& asked);
  void on(const due& rang);
  void arm();

  std::priority_queue<entry, std::vector<entry>, later> waiting_;
  std::uint64_t asked_ = 0;
  std::uint64_t armed_ = 0; // generation of the one running CAF timer; older ones are ignored
  steady_time armed_for_ = steady_time::max();
};

} // namespace ringdown
