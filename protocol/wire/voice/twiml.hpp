// Documents a voice provider speaks from. Facts: Twilio's TwiML reference (Say, Gather, Hangup); a Say nested in a Gather stops
// at the first key.
#pragma once

#include "protocol/types/call.hpp"

#include <string>

namespace ringdown::wire::voice {

struct speech {
  std::string language; // "en-US"
  std::string voice;    // as the provider names it; empty: its own
};

// The whole script. With a keypad the keys go to `keys_url`, also when none is pressed in ten seconds; without one it is said
// twice, then the call ends.
[[nodiscard]] std::string speak_script(const call_script& script, const std::string& keys_url, const speech& how);
// One sentence and the end.
[[nodiscard]] std::string speak_sentence(const std::string& sentence, const speech& how);
[[nodiscard]] std::string hang_up_at_once();

} // namespace ringdown::wire::voice
