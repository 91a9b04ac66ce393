#include "protocol/types/notice.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 9> event_names{"fired",   "escalated", "acknowledged", "resolved", "updated",
                                                      "summary", "reminder",  "handed_over",  "test"};

} // namespace

std::string_view name(notice_event value) { return name_in(event_names, value); }
std::optional<notice_event> parse_notice_event(std::string_view text) {
  return parse_in<notice_event>(event_names, text);
}

} // namespace ringdown
