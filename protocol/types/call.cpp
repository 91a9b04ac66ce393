#include "protocol/types/call.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 4> stage_names{"placed", "ringing", "answered", "ended"};
constexpr std::array<std::string_view, 8> result_names{"none",      "human", "listener", "machine",
                                                       "no_answer", "busy",  "failed",   "cancelled"};

} // namespace

std::string_view name(call_stage stage) { return name_in(stage_names, stage); }
std::string_view name(call_result result) { return name_in(result_names, result); }
std::optional<call_stage> parse_call_stage(std::string_view text) { return parse_in<call_stage>(stage_names, text); }
std::optional<call_result> parse_call_result(std::string_view text) {
  return parse_in<call_result>(result_names, text);
}

} // namespace ringdown
