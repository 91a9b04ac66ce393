#include "protocol/types/delivery.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"interrupt", "mirror", "log"};
constexpr std::array<std::string_view, 7> class_names{"push", "chat", "ticket", "webhook", "email", "voice", "sms"};
constexpr std::array<std::string_view, 8> state_names{"pending", "claimed", "sent",       "confirmed",
                                                      "unknown", "dead",    "suppressed", "digested"};
constexpr std::array<std::string_view, 5> outcome_names{"accepted", "retry", "refused", "unknown", "not_sent"};

} // namespace

std::string_view name(delivery_kind value) { return name_in(kind_names, value); }
std::optional<delivery_kind> parse_delivery_kind(std::string_view text) {
  return parse_in<delivery_kind>(kind_names, text);
}
std::string_view name(channel_class value) { return name_in(class_names, value); }
std::string_view name(delivery_state value) { return name_in(state_names, value); }
std::optional<delivery_state> parse_delivery_state(std::string_view text) {
  return parse_in<delivery_state>(state_names, text);
}
std::string_view name(outcome_kind value) { return name_in(outcome_names, value); }
std::optional<outcome_kind> parse_outcome_kind(std::string_view text) {
  return parse_in<outcome_kind>(outcome_names, text);
}

} // namespace ringdown
