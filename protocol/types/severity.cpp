#include "protocol/types/severity.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 3> severity_names{"info", "warning", "critical"};
constexpr std::array<std::string_view, 3> category_names{"infrastructure", "billing", "configurable"};

} // namespace

std::string_view name(severity value) { return name_in(severity_names, value); }
std::optional<severity> parse_severity(std::string_view text) { return parse_in<severity>(severity_names, text); }
std::string_view name(category value) { return name_in(category_names, value); }
std::optional<category> parse_category(std::string_view text) { return parse_in<category>(category_names, text); }

severity one_below(severity level) {
  switch (level) {
    case severity::critical: return severity::warning;
    case severity::warning:
    case severity::info: return severity::info;
  }
  return severity::info;
}

} // namespace ringdown
