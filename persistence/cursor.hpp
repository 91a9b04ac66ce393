// Where a page ended, as the opaque text that asks for the next one: the sort key of its last row, so that rows which come
// or go meanwhile neither repeat nor hide others.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/types/result.hpp"
#include "protocol/wire/crypto.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::persistence {

[[nodiscard]] inline std::string write_cursor(const std::vector<std::string>& key) {
  std::string text;
  for (const std::string& part : key) text += part + '\0';
  return wire::base64url_encode(text);
}

// `parts` texts; all empty for an empty cursor; nullopt for one that is not ours.
[[nodiscard]] inline std::optional<std::vector<std::string>> read_cursor(std::string_view cursor, std::size_t parts) {
  if (cursor.empty()) return std::vector<std::string>(parts);
  const auto text = wire::base64url_decode(cursor);
  if (!text) return std::nullopt;
  std::vector<std::string> key(1);
  for (const char c : *text)
    if (c == '\0')
      key.emplace_back();
    else
      key.back() += c;
  if (key.size() != parts + 1 || !key.back().empty()) return std::nullopt;
  key.pop_back();
  return key;
}

// Where the sort key is one number; `otherwise` for an empty cursor.
[[nodiscard]] inline std::optional<std::int64_t> read_number(std::string_view cursor, std::int64_t otherwise) {
  if (cursor.empty()) return otherwise;
  std::int64_t number = 0;
  const auto read = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  return read.ec == std::errc() && read.ptr == cursor.data() + cursor.size() ? std::optional(number) : std::nullopt;
}

// Queries ask for one row more than the page holds; whether it came tells whether there is a next page.
template <class T, class KeyOf>
void end_page(page<T>& found, std::size_t limit, KeyOf key_of) {
  if (found.items.size() <= limit) return;
  found.items.pop_back();
  found.next = key_of(found.items.back());
}

[[nodiscard]] inline failure foreign_cursor() { return {failure_kind::invalid, "cursor: not one of ours"}; }

} // namespace ringdown::persistence
