// Keeps the rates of all provider accounts of a node (S-D3): channels ask it before they claim a delivery. Knows nothing that
// must survive it; whoever asks goes on without it when it does not answer.
#pragma once

#include "actors/logic/account_rates.hpp"
#include "actors/observed_actor.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace ringdown {

class account_keeper final : public observed_actor<account_actor> {
public:
  account_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  void on(const due& rang);
  void on(const permit_wanted& asked);
  void on(const permit_over& over);
  void on(const account_left& left);
  void on(const account_refused& refused);
  void on(const crash_now& asked);
  void on_down(const caf::down_msg& message);

  [[nodiscard]] std::size_t nodes() const;
  void meet(const caf::strong_actor_ptr& asker);
  void hand_out_and_arm(std::uint64_t asking);

  logic::account_rates rates_;
  std::map<std::uint64_t, caf::weak_actor_ptr> askers_; // by actor id; monitored
  std::uint64_t token_ = 0;
  std::optional<steady_time> armed_for_;
};

} // namespace ringdown
