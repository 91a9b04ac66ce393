#include "protocol/types/command.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 13> kind_names{
    "acknowledge",  "snooze",    "mute_type",    "silence",      "renotify",   "resend", "test_channel",
    "lift_silence", "hear_call", "ask_for_code", "confirm_code", "set_oncall", "drill"};
constexpr std::array<std::string_view, 5> answer_names{"done", "already", "stale", "unknown_subject", "refused"};

} // namespace

std::string_view name(command_kind value) { return name_in(kind_names, value); }
std::optional<command_kind> parse_command_kind(std::string_view text) {
  return parse_in<command_kind>(kind_names, text);
}
std::string_view name(command_answer value) { return name_in(answer_names, value); }
std::optional<command_answer> parse_command_answer(std::string_view text) {
  return parse_in<command_answer>(answer_names, text);
}

} // namespace ringdown
