// "key=value key=value": small states that are stored, or wait in the inbox, as one line. A blank in a value becomes "_".
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ringdown {

// The part up to `by`; `rest` is what follows it.
[[nodiscard]] inline std::string_view cut(std::string_view& rest, char by) {
  const auto at = rest.find(by);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Calls `take(key, value)` for each pair in turn; false as soon as one is none, or is refused.
template <class Take>
[[nodiscard]] bool for_each_pair(std::string_view text, Take&& take) {
  while (!text.empty()) {
    std::string_view pair = cut(text, ' ');
    if (pair.find('=') == std::string_view::npos) return false;
    const std::string_view key = cut(pair, '=');
    if (!take(key, pair)) return false;
  }
  return true;
}

inline void add_pair(std::string& text, std::string_view key, std::string_view value) {
  if (!text.empty()) text += ' ';
  text.append(key).append("=");
  for (const char c : value) text += c == ' ' ? '_' : c;
}

} // namespace ringdown
