// What goes on for an alert until somebody has it: calls in rounds (S-T4) and the steps of its escalation (S-T7). Stored with
// the alert, so that a restart goes on where it was.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

struct call_ladder {
  wall_time begun; // rounds count from here
  wall_time due;   // of the next ring
  std::uint32_t round = 0;
  std::uint32_t rings = 0;         // made so far: part of each call's identity
  std::string number;              // rung last in this round
  std::uint32_t tries = 0;         // how often
  std::vector<std::string> called; // numbers done with in this round
  user_id first;                   // named by a step of the escalation: called before anybody else; empty: nobody
  delivery_id call;                // wanted or live; empty: none
  std::optional<duration> frozen;  // masked: the wait that was left, which goes on when the mask lifts (S-A1)
  bool heard = false;              // without a keypad: somebody answered, and no more is rung
  bool nobody_told = false;        // that nobody can be called was said, once, and since then nobody was
  friend bool operator==(const call_ladder&, const call_ladder&) = default;
};

// What the policy said when the alert opened; who that is, is asked when a step is due.
struct escalation_step {
  duration after{};                // since the alert was told, or since the step before in a later cycle
  std::vector<std::string> notify; // "oncall", "user:<id>", "channel:<id>"
  friend bool operator==(const escalation_step&, const escalation_step&) = default;
};

struct escalation_state {
  std::vector<escalation_step> steps;
  std::uint32_t next = 0;  // index of the step that is due next
  std::uint32_t cycle = 0; // how often all have been gone through
  std::uint32_t cycles = 1;
  wall_time begun; // of this cycle
  wall_time due;
  std::optional<duration> frozen;
  friend bool operator==(const escalation_state&, const escalation_state&) = default;
};

// One line each, for the store.
[[nodiscard]] std::string to_text(const call_ladder& ladder);
[[nodiscard]] std::optional<call_ladder> parse_call_ladder(std::string_view text);
[[nodiscard]] std::string to_text(const escalation_state& escalation);
[[nodiscard]] std::optional<escalation_state> parse_escalation(std::string_view text);

} // namespace ringdown
