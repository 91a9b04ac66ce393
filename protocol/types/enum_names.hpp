// One table per enum serves both directions of its names.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace ringdown {

// `names[i]` is the name of the enumerator with value i.
template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const auto at = static_cast<std::size_t>(value);
  return at < N ? names[at] : std::string_view("unknown");
}

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> parse_in(const std::array<std::string_view, N>& names,
                                                     std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

} // namespace ringdown
