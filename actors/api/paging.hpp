// What part of a list a request asks for. Lists of the store page by themselves; the others are cut here, by the names of
// their items, with cursors of the same make.
#pragma once

#include "actors/api/context.hpp"
#include "persistence/cursor.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::api {

inline constexpr std::size_t usual_page = 100;
inline constexpr std::size_t longest_page = 1000;

struct page_request {
  std::size_t limit = usual_page;
  std::string cursor;
};

// `limit` and `cursor` of the query; invalid when the limit is not a number from 1 to 1000.
[[nodiscard]] result<page_request> page_asked(const server_request& request, std::size_t usual = usual_page);

// `key_of` gives the texts, `parts` of them, that no two items share and that tell their order.
template <class T, class KeyOf>
[[nodiscard]] result<persistence::page<T>> page_of(std::vector<T> all, const page_request& asked, std::size_t parts,
                                                   KeyOf key_of) {
  const auto beyond = persistence::read_cursor(asked.cursor, parts);
  if (!beyond) return persistence::foreign_cursor();
  std::ranges::sort(all, {}, key_of);
  const auto first = asked.cursor.empty() ? all.begin() : std::ranges::upper_bound(all, *beyond, {}, key_of);
  const auto left = static_cast<std::size_t>(all.end() - first);
  persistence::page<T> found;
  found.items.assign(first, first + static_cast<std::ptrdiff_t>(std::min(left, asked.limit + 1)));
  persistence::end_page(found, asked.limit, [&](const T& last) { return persistence::write_cursor(key_of(last)); });
  return found;
}

} // namespace ringdown::api
