#include "actors/clock_actor.hpp"

#include <algorithm>

namespace ringdown {

namespace {

constexpr auto slack = std::chrono::milliseconds(5);

} // namespace

clock_keeper::clock_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe)
    : observed_actor(config, std::move(world), std::move(probe)) {}

clock_keeper::behavior_type clock_keeper::make_behavior() {
  return {
      [this](const wake_me& asked) { handle([&] { on(asked); }); },
      [this](const due& rang) { handle([&] { on(rang); }); },
  };
}

void clock_keeper::on(const wake_me& asked) {
  waiting_.push({asked.at, ++asked_, asked.token, asked.who});
  arm();
}

void clock_keeper::on(const due& rang) {
  if (rang.token != armed_) return;
  const steady_time present = now().steady;
  world().metrics->scheduler_lag_seconds.observe(
      std::chrono::duration_cast<duration>(std::max(present - armed_for_, std::chrono::nanoseconds(0))));
  armed_for_ = steady_time::max();
  while (!waiting_.empty() && waiting_.top().at <= present + slack) {
    const entry& next = waiting_.top();
    if (auto who = next.who.lock()) caf::anon_send(caf::actor_cast<caf::actor>(who), due{next.token});
    waiting_.pop();
  }
  arm();
}

void clock_keeper::arm() {
  if (waiting_.empty() || waiting_.top().at >= armed_for_) return;
  armed_for_ = waiting_.top().at;
  const auto wait = std::max(armed_for_ - now().steady, std::chrono::nanoseconds(0));
  this->delayed_send(this, wait, due{++armed_});
}

} // namespace ringdown
