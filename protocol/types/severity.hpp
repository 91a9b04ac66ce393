// How bad, and what it is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringdown {

// Ordered: info < warning < critical.
enum class severity : std::uint8_t { info, warning, critical };

// Subscribable and toggled apart (PRODUCT R-03).
enum class category : std::uint8_t { infrastructure, billing, configurable };

[[nodiscard]] std::string_view name(severity level);
[[nodiscard]] std::string_view name(category of);
[[nodiscard]] std::optional<severity> parse_severity(std::string_view text);
[[nodiscard]] std::optional<category> parse_category(std::string_view text);
[[nodiscard]] severity one_below(severity level); // info stays info

} // namespace ringdown
