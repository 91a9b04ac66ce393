#include "persistence/postgres/gathered_rows.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringdown::persistence {

bool gathered_rows::fits(const row_statement& what, const std::string& touches) const {
  if (touches.empty()) return true;
  const auto by = touched_.find(touches);
  return by == touched_.end() || (by->second == what.sql && what.kind != row_kind::put);
}

gathered_rows::group& gathered_rows::add(const row_statement& what, std::string touches,
                                         std::span<const parameter> values) {
  auto at = std::ranges::find(groups_, what.sql, &group::sql);
  if (at == groups_.end()) {
    at = groups_.emplace(groups_.end());
    at->sql = what.sql;
    at->kind = what.kind;
    for (const parameter& one : values) at->types.push_back(one.kind());
  }
  at->values.add(values);
  ++at->rows;
  if (!touches.empty()) touched_.emplace(std::move(touches), what.sql);
  return *at;
}

std::vector<gathered_rows::group> gathered_rows::take() {
  touched_.clear();
  return std::exchange(groups_, {});
}

std::size_t rows_together(std::size_t left) {
  static constexpr std::array<std::size_t, 4> sizes{most_together, 8, 2, 1};
  return *std::ranges::find_if(sizes, [left](std::size_t size) { return size <= left; });
}

} // namespace ringdown::persistence
