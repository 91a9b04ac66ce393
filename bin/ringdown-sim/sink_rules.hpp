// What the receiving ends were told: faults that lie over what arrives, signals sent when something does. All share one
// book, so that a fault's number means one fault.
#pragma once

#include "bin/ringdown-sim/command.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

struct arriving {
  std::string_view sink;
  std::string subject;             // what `match` is looked for in
  std::string_view on = "arrival"; // which of a sink's events; a rule that names none means arrivals
};

class sink_rules {
public:
  // Sends the signal named by `action` (kill, term, hup, stop) to the process whose id is in the file.
  using signaller = std::function<void(std::string_view action, const std::string& pid_file)>;

  explicit sink_rules(signaller signal) : signal_(std::move(signal)) {}

  [[nodiscard]] static bool knows(std::string_view verb);
  // Returns what has to be told later (`for`).
  [[nodiscard]] std::vector<timed_command> apply(const command& what);

  // The latest fault that concerns this arrival; asking uses up one of its `count`.
  [[nodiscard]] std::optional<command> next(const arriving& what);
  // To be called when the arrival is journalled.
  void alarm(const arriving& what);

private:
  struct rule {
    std::uint64_t id = 0;
    command what;
    long left = -1; // arrivals it still decides; below zero: until lifted
  };
  struct watch {
    command what;
    long to_go = 1;
  };

  signaller signal_;
  std::vector<rule> rules_;
  std::vector<watch> watches_;
  std::uint64_t next_rule_ = 1;
};

} // namespace ringdown::sim
