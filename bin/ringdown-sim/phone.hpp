// The phones that the simulated Twilio calls: what happens when one rings. Pure.
#pragma once

#include "bin/ringdown-sim/command.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

enum class pick_up { answers, no_answer, busy, rejected };

struct phone {
  std::string number = "*"; // a glob
  pick_up does = pick_up::answers;
  std::string answered_by = "human";                     // Twilio's word
  duration after = std::chrono::milliseconds(300);       // of ringing, until it is answered
  std::string press;                                     // one digit, pressed once a call; empty: none
  duration press_after = std::chrono::milliseconds(100); // the document was fetched
  std::optional<duration> hang_up;                       // after it was answered
};

// Of the command `phone`.
[[nodiscard]] phone read_phone(const command& what);

class phone_book {
public:
  // Replaces what was said of the same glob.
  void set(phone one);
  // What was said last of a number; without a word it answers and listens.
  [[nodiscard]] phone find(std::string_view number) const;

private:
  std::vector<phone> phones_;
};

} // namespace ringdown::sim
