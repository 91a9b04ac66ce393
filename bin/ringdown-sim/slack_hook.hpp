// A Slack incoming webhook as its pages describe it: takes a message that keeps to the limits, says in one word why not.
#pragma once

#include "bin/ringdown-sim/answer.hpp"

#include <string>

namespace ringdown::sim {

// What a message shows; empty where it is none.
struct slack_message {
  std::string refusal; // "invalid_blocks"; empty: it is taken
  std::string line;    // the text of a notification
  std::string title;   // the first header
  std::string text;    // the first section
};
[[nodiscard]] slack_message read_slack(const question& what);

// "ok", or the refusal with its status.
[[nodiscard]] answer answer_of(const slack_message& message);
// 200, and not taken all the same.
[[nodiscard]] answer slack_not_ok();

} // namespace ringdown::sim
