// Polls of one PBX, as actors/poller makes them, judged by the real instance machine.
//
// The shortcut: once several polls in a row saw the same, changed nothing and left the machine with no wish to look again,
// further equal polls cannot change anything either: all its counters have run, and nothing is told twice (I5). They are left
// out until the truth changes or somebody asks; then the last one that was left out is made up for, at its own time, because
// the machine remembers when it last had contact. It must say nothing, or the shortcut was wrong: that ends the run.
#pragma once

#include "actors/logic/instance_machine.hpp"
#include "test/noise/events.hpp"
#include "test/noise/site.hpp"

#include <functional>
#include <optional>

namespace ringdown::noise {

class watch {
public:
  using teller = std::function<void(const poll_news&)>;
  watch(const instance_config& config, const pbx& of, events& queue, bool skips, teller tell);

  // The truth is about to be another one, at the present moment.
  void wake();
  void settle();

  site truth;
  std::uint64_t polls = 0;   // made
  std::uint64_t skipped = 0; // and left out

private:
  void begin_poll(std::uint64_t token);
  void end_poll(const glimpse& seen, wall_time began);
  [[nodiscard]] logic::machine_verdict judge(const glimpse& seen, wall_time at);
  void schedule();
  void wait_until(steady_time at);

  events& queue_;
  bool skips_;
  teller tell_;
  logic::instance_machine machine_;
  std::optional<logic::look_again> look_;
  std::optional<steady_time> not_before_;
  std::uint64_t token_ = 0;
  bool polling_ = false;
  bool resting_ = false;
  wall_time last_began_ = beginning;
  glimpse last_;
  bool failed_before_ = false; // the next that reads something asks for the uptime
  int equal_ = 0;
};

} // namespace ringdown::noise
