#include "protocol/types/resource.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 8> kind_names{"instance", "trunk", "bridge",  "sbc",
                                                     "service",  "calls", "channel", "provider"};
constexpr std::array<std::string_view, 12> state_names{
    "unknown",      "starting",         "up",       "registered", "online", "failed_registration",
    "unregistered", "down_unspecified", "disabled", "down",       "high",   "removed"};
constexpr std::array<std::string_view, 4> condition_names{"unknown", "ok", "failing", "removed"};
constexpr std::array<std::string_view, 3> role_names{"primary", "secondary", "failover"};
constexpr std::array<std::string_view, 5> direction_names{"unknown", "none", "inbound", "outbound", "both"};
constexpr std::array<std::string_view, 11> cause_names{"none",
                                                       "path_down",
                                                       "app_down",
                                                       "tls_invalid",
                                                       "blocked",
                                                       "credentials_rejected",
                                                       "provider_silent",
                                                       "role_too_narrow",
                                                       "token_contested",
                                                       "login_paused",
                                                       "no_api"};
constexpr std::array<std::string_view, 3> reach_names{"unknown", "reachable", "unreachable"};

} // namespace

std::string_view name(resource_kind value) { return name_in(kind_names, value); }
std::optional<resource_kind> parse_resource_kind(std::string_view text) {
  return parse_in<resource_kind>(kind_names, text);
}
std::string_view name(resource_state value) { return name_in(state_names, value); }
std::optional<resource_state> parse_resource_state(std::string_view text) {
  return parse_in<resource_state>(state_names, text);
}
std::string_view name(condition value) { return name_in(condition_names, value); }
std::optional<condition> parse_condition(std::string_view text) { return parse_in<condition>(condition_names, text); }
std::string_view name(trunk_role value) { return name_in(role_names, value); }
std::optional<trunk_role> parse_trunk_role(std::string_view text) { return parse_in<trunk_role>(role_names, text); }
std::string_view name(trunk_direction value) { return name_in(direction_names, value); }
std::optional<trunk_direction> parse_trunk_direction(std::string_view text) {
  return parse_in<trunk_direction>(direction_names, text);
}
std::string_view name(cause value) { return name_in(cause_names, value); }
std::optional<cause> parse_cause(std::string_view text) { return parse_in<cause>(cause_names, text); }
std::string_view name(reachability value) { return name_in(reach_names, value); }
std::optional<reachability> parse_reachability(std::string_view text) {
  return parse_in<reachability>(reach_names, text);
}

std::string to_text(const resource_ref& ref) {
  std::string text(name(ref.kind));
  return ref.key.empty() ? text : text + "/" + ref.key;
}

std::optional<resource_ref> parse_resource_ref(std::string_view text) {
  const auto cut = text.find('/');
  const auto kind = parse_resource_kind(text.substr(0, cut));
  if (!kind) return std::nullopt;
  return resource_ref{*kind, cut == std::string_view::npos ? std::string() : std::string(text.substr(cut + 1))};
}

} // namespace ringdown
