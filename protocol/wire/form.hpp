// application/x-www-form-urlencoded, as providers post it and as they are posted to. Hostile: bounded, and nothing is guessed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::wire {

inline constexpr std::size_t largest_form = 64 << 10; // bytes
inline constexpr std::size_t most_form_fields = 128;

// Decoded, in their order; a key may come twice.
using form_fields = std::vector<std::pair<std::string, std::string>>;

// Nothing when it is larger, or a percent sign is followed by no two hexadecimal digits.
[[nodiscard]] std::optional<form_fields> read_form(std::string_view body);
[[nodiscard]] std::string write_form(const form_fields& fields);
// Of the first field of that name; empty when there is none.
[[nodiscard]] std::string_view form_value(const form_fields& fields, std::string_view key);

} // namespace ringdown::wire
