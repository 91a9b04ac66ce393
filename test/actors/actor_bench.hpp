// What tests of living actors share: a system, a world with the real clock, and a log that can be waited for.
#pragma once

#include "actors/clock_actor.hpp"
#include "actors/ports.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ringdown::test {

constexpr auto patience = std::chrono::seconds(20);

// Actors run when the test says so, in its thread.
struct testing_config : caf::actor_system_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

class event_log final : public log_sink {
public:
  void write(log_level, std::string_view event, std::initializer_list<log_field>) override {
    const std::lock_guard hold(guard_);
    ++seen_[std::string(event)];
    changed_.notify_all();
  }
  // True once the event was logged so often.
  bool wait_for(const std::string& event, int times = 1) {
    std::unique_lock hold(guard_);
    return changed_.wait_for(hold, patience, [&] { return seen_[event] >= times; });
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::map<std::string, int> seen_;
};

// Ports of a world where nothing is sent; clock and store are added by whoever has them.
inline std::shared_ptr<ports> make_world(event_log& log) {
  auto world = std::make_shared<ports>();
  world->time = system_time();
  world->log = &log;
  world->metrics = std::make_shared<node_metrics>();
  world->health = std::make_shared<health_board>();
  world->link_token = [](const tenant_id&, const alert_id&, std::uint32_t, const std::string&) { return ""; };
  world->command_decided = [](const command_result&) {};
  return world;
}

// Takes every message and never answers. (The argument is CAF's: 0.17.6 follows a null pointer for functions without one.)
inline caf::behavior deaf(caf::event_based_actor* self, int) {
  self->set_default_handler(caf::drop);
  return {[](int) {}};
}

// Rings at once, whatever the time asked for, and counts.
inline clock_actor::behavior_type hasty_clock(clock_actor::pointer, const std::shared_ptr<std::atomic<int>>& rung,
                                              const std::shared_ptr<event_log>& log) {
  return {[rung, log](const wake_me& asked) {
            if (auto who = asked.who.lock()) caf::anon_send(caf::actor_cast<caf::actor>(who), due{asked.token});
            ++*rung;
            log->info("rung", {});
          },
          [](const due&) {}};
}

} // namespace ringdown::test
