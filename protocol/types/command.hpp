// A command is what a person asks of a tenant. It is durable in the tenant's inbox before it is answered, so that an
// acknowledgement given while the tenant restarts, or on another node, still stops the next claim (S-A9).
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

enum class command_kind : std::uint8_t {
  acknowledge,
  snooze,
  mute_type,
  silence,
  renotify,
  resend,
  test_channel,
  lift_silence,
  hear_call,    // news of a call, as text
  ask_for_code, // call this number and read out a code (subject: number, text: the code)
  confirm_code, // the code that was read out (subject: number, text: the code)
  set_oncall,   // subject: user; empty: what the file says
  drill         // a marked critical down the real path
};

// The longest a silence may last: it ends by itself, so that a forgotten one does not cost a night (S-T8).
inline constexpr duration longest_silence = std::chrono::hours(24);

struct command {
  std::string id; // made by who asks; the same id is the same command
  tenant_id tenant;
  command_kind kind = command_kind::acknowledge;
  alert_id alert;
  std::uint32_t episode = 0; // 0: the current one
  std::string by;
  std::string via;
  std::optional<wall_time> until; // snooze, mute, silence
  std::string subject;            // alert type, channel id or delivery id, as the kind needs
  std::string text;
  wall_time at;
};
enum class command_answer : std::uint8_t { done, already, stale, unknown_subject, refused };
struct command_result {
  std::string id;
  command_answer answer = command_answer::done;
  std::string text;          // "acknowledged by jo at ..."
  delivery_id delivery = {}; // the row made for who asked (resend, test): how it ended is to be seen there
  friend bool operator==(const command_result&, const command_result&) = default;
};

[[nodiscard]] std::string_view name(command_kind kind);
[[nodiscard]] std::string_view name(command_answer answer);
[[nodiscard]] std::optional<command_kind> parse_command_kind(std::string_view text);
[[nodiscard]] std::optional<command_answer> parse_command_answer(std::string_view text);

} // namespace ringdown
