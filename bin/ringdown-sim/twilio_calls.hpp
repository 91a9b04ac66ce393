// A call as the simulated Twilio knows it, and how the API shows it. Pure.
#pragma once

#include "bin/ringdown-sim/errand.hpp"
#include "bin/ringdown-sim/phone.hpp"
#include "bin/ringdown-sim/twilio_orders.hpp"
#include "bin/ringdown-sim/twiml.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

enum class call_status : std::uint8_t { queued, ringing, in_progress, completed, busy, no_answer, canceled };
[[nodiscard]] std::string_view name(call_status status);
[[nodiscard]] bool has_ended(call_status status);

struct call {
  std::string sid;
  call_order order;
  phone line;
  call_status status = call_status::queued;
  wall_time placed{};
  std::optional<wall_time> answered;
  std::optional<wall_time> ended;
  int sequence = 0;           // of the next status callback
  int documents = 0;          // fetched
  bool pressed = false;       // the phone presses once
  std::vector<element> verbs; // of the document at hand
  std::size_t next_verb = 0;
  std::string base_url;     // where it came from
  std::vector<errand> held; // status callbacks that leave in reverse order at the end
};

// Seconds, rounded up: a call that was answered lasted one at least.
[[nodiscard]] long seconds_of(const call& of, wall_time now);
[[nodiscard]] std::string rfc2822(wall_time at);

[[nodiscard]] std::string call_json(const call& of, const twilio_plan& account, wall_time now);
// Newest first. `query` may hold To, From, Status, PageSize, and StartTime with < or >.
[[nodiscard]] std::string calls_json(const std::deque<call>& all, const twilio_plan& account, std::string_view query,
                                     wall_time now);

} // namespace ringdown::sim
