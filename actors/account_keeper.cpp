#include "actors/account_keeper.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown {

namespace {

constexpr std::uint64_t nobody = 0; // no actor has this id

} // namespace

account_keeper::account_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe)
    : observed_actor(config, std::move(world), std::move(probe)),
      rates_(this->world().time.now().steady) {}

account_keeper::behavior_type account_keeper::make_behavior() {
  this->set_down_handler([this](caf::down_msg& message) { handle([&] { on_down(message); }); });
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const permit_wanted& asked) { handle([&] { on(asked); }); },
      [this](const permit_over& over) { handle([&] { on(over); }); },
      [this](const account_left& left) { handle([&] { on(left); }); },
      [this](const account_refused& refused) { handle([&] { on(refused); }); },
      [this](const crash_now& asked) { handle([&] { on(asked); }); },
  };
}

void account_keeper::leaving() {
  world().metrics->permits_waiting = 0;
  world().metrics->accounts_paused = 0;
}

void account_keeper::on(const due& rang) {
  if (rang.token != token_) return;
  armed_for_.reset();
  hand_out_and_arm(nobody);
}

void account_keeper::on(const permit_wanted& asked) {
  if (!asked.asker) return;
  meet(asked.asker);
  const std::uint64_t id = asked.asker->id();
  rates_.wanted({id, asked.account, logic::share_of(asked.limits, nodes()), asked.tenant, asked.how, asked.in_use},
                now().steady);
  hand_out_and_arm(id);
}

// That share an account, as this one last heard.
std::size_t account_keeper::nodes() const {
  const auto heard = world().leases ? world().leases->heard() : nullptr;
  return heard ? heard->nodes.size() : 1;
}

void account_keeper::on(const permit_over& over) {
  if (!over.asker) return;
  const std::uint64_t id = over.asker->id();
  if (over.how == permit_end::used)
    rates_.used(id, over.account);
  else
    rates_.unused(id, over.account);
  hand_out_and_arm(nobody);
}

void account_keeper::on(const account_left& left) {
  if (left.asker) rates_.left(left.asker->id(), left.account);
  hand_out_and_arm(nobody);
}

void account_keeper::on(const account_refused& refused) {
  rates_.refused(refused.account, refused.wait, now().steady);
  hand_out_and_arm(nobody);
}

void account_keeper::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

// A dead channel uses nothing and waits for nothing.
void account_keeper::on_down(const caf::down_msg& message) {
  askers_.erase(message.source.id());
  rates_.gone(message.source.id());
  hand_out_and_arm(nobody);
}

void account_keeper::meet(const caf::strong_actor_ptr& asker) {
  if (!askers_.try_emplace(asker->id(), caf::actor_cast<caf::weak_actor_ptr>(asker)).second) return;
  this->monitor(asker->get()->address());
}

// Whoever is `asking` hears at once, if only that it waits.
void account_keeper::hand_out_and_arm(std::uint64_t asking) {
  const steady_time present = now().steady;
  const auto given = rates_.grants(present);
  world().metrics->permits_waiting = rates_.waiting();
  world().metrics->accounts_paused = rates_.paused(present);
  for (const auto& one : given) tell(askers_.at(one.asker).lock(), permit_given{one.account});
  const bool answered = std::ranges::find(given, asking, &logic::permit_grant::asker) != given.end();
  if (asking != nobody && !answered) tell(askers_.at(asking).lock(), permit_queued{});
  const auto next = rates_.next();
  if (!next || next == armed_for_) return;
  armed_for_ = next;
  wake_at(*next, ++token_);
}

} // namespace ringdown
