// What a client asks of Twilio: the form that places a call, checked as the API checks it. Pure.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/scenario.hpp"
#include "bin/ringdown-sim/text.hpp"

#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::sim {

struct call_order {
  std::string account; // that places it
  std::string to;
  std::string from;
  std::string url; // of the document; empty: `twiml` is it
  std::string twiml;
  std::string status_callback;
  std::set<std::string, std::less<>> events; // the status callbacks wanted
  duration ring = std::chrono::seconds(60);  // Twilio's default
  bool detects = false;                      // MachineDetection
  std::string delivery;                      // read from the callback's path, for the journal
};

// An error as Twilio words it.
struct refusal {
  int status = 400;
  int code = 0;
  std::string message;
};

[[nodiscard]] answer error_answer(const refusal& why);

[[nodiscard]] std::variant<call_order, refusal> read_order(std::string_view form, const twilio_plan& account);

} // namespace ringdown::sim
