// The whole simulator without its sockets: PBXes, receivers, timeline and control, driven by time as an argument.
// One thread owns it.
#pragma once

#include "bin/ringdown-sim/scenario.hpp"
#include "bin/ringdown-sim/sinks.hpp"
#include "bin/ringdown-sim/twilio.hpp"
#include "bin/ringdown-sim/xapi.hpp"

#include <map>

namespace ringdown::sim {

// Where lines go and who sends signals; the program uses files and kill(2), tests use vectors.
struct surroundings {
  world::truth_writer truth;
  effect_writer effects;
  sink_rules::signaller signal;
};

class simulation {
public:
  simulation(const scenario& plan, std::vector<pbx> fleet, surroundings around, std::uint64_t seed);

  // Writes the baseline and, unless the scenario waits to be told, starts the timeline.
  void begin(moment now);
  // Carries out what is due.
  void advance(moment now);
  [[nodiscard]] std::optional<steady_time> next_due() const;

  [[nodiscard]] answer ask_pbx(std::size_t index, const question& what, moment now);
  [[nodiscard]] answer ask_sink(sink_kind kind, const question& what, moment now);
  [[nodiscard]] answer ask_twilio(const question& what, moment now);
  // Requests of its own: to be sent, and what came of each.
  [[nodiscard]] std::vector<errand> take_errands();
  void heard(std::uint64_t id, const hearing& what, moment now);
  [[nodiscard]] answer ask_control(const question& what, moment now);

  // The line of facts that /state repeats: one JSON object.
  void set_ready(std::string json) { ready_ = std::move(json); }

  [[nodiscard]] world& pbxes() { return world_; }

private:
  [[nodiscard]] result<int> run(const command& what, moment now);
  void schedule(const std::vector<timed_command>& list, moment now);
  [[nodiscard]] answer told(const question& what, moment now);
  [[nodiscard]] std::string state_json(moment now) const;

  world world_;
  xapi xapi_;
  effect_log effects_;
  sink_rules rules_;
  sinks sinks_;
  twilio twilio_;
  std::vector<timed_command> timeline_;
  timeline_start start_;
  std::multimap<steady_time, command> due_;
  std::string ready_ = "{}";
};

} // namespace ringdown::sim
