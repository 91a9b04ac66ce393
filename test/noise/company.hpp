// One tenant: the real tenant machine, driven as actors/tenant_actor drives it, its channels, and the person on call, who
// does not pick up the phone and acknowledges a push after 20 minutes, or never.
#pragma once

#include "actors/logic/tenant_machine.hpp"
#include "test/noise/account.hpp"
#include "test/noise/events.hpp"
#include "test/noise/watch.hpp"
#include "test/simulation/dice.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ringdown::noise {

class company {
public:
  // `effects`: where every effect is written down, a line each; null: nowhere.
  company(const plan& of, std::size_t number, events& queue, account& book, std::vector<std::string>* effects);
  company(const company&) = delete; // the machine looks at our truth
  company& operator=(const company&) = delete;
  ~company() = default;

  [[nodiscard]] watch& watch_of(std::size_t pbx) { return *watches_.at(pbx_named(pbx)); }
  [[nodiscard]] const std::map<instance_id, std::unique_ptr<watch>>& watches() const { return watches_; }

private:
  void hear(const poll_news& news);
  void carry_out(const logic::effects& made);
  void write_down(const logic::effects& made) const;
  void deliver(const delivery& row);
  void place(const delivery& row);
  void end_call(const delivery_id& call, call_result how);
  void tell_call(const delivery_id& call, call_stage stage, call_result how);
  void think_about(const delivery& row);
  void acknowledge(const alert_id& about, std::uint32_t episode);
  void wait_for_tick();
  [[nodiscard]] const alert* find(const alert_id& id, const notice& in) const;

  std::size_t number_;
  events& queue_;
  account& book_;
  std::vector<std::string>* effects_;
  simulation::dice luck_;
  std::shared_ptr<const tenant_config> config_;
  logic::known_truth truth_;
  logic::tenant_machine machine_;
  std::map<instance_id, std::unique_ptr<watch>> watches_;
  std::set<delivery_id> ringing_;
  std::optional<wall_time> tick_at_;
  std::uint64_t tick_token_ = 0;
  int commands_ = 0;
};

} // namespace ringdown::noise
