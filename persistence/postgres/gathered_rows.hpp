// Rows that wait to be written with others of their kind: to start a statement costs the server more than most rows do.
#pragma once

#include "persistence/postgres/bound_values.hpp"
#include "persistence/sql/connection.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ringdown::persistence {

class gathered_rows {
public:
  struct group {
    const char* sql = nullptr;
    row_kind kind = row_kind::inserted;
    std::vector<parameter::type> types; // of a row's values
    bound_values values;                // row by row
    std::size_t rows = 0;
  };

  // Whether the row may be written with what is there, in whatever order the statements come. One that touches nothing always may.
  [[nodiscard]] bool fits(const row_statement& what, const std::string& touches) const;
  // The rows of its statement, with it.
  [[nodiscard]] group& add(const row_statement& what, std::string touches, std::span<const parameter> values);
  // What was gathered, by statement; nothing is left.
  [[nodiscard]] std::vector<group> take();

private:
  std::vector<group> groups_;
  std::unordered_map<std::string, const char*> touched_; // by which statement
};

// A statement writes no more rows than these.
constexpr std::size_t most_together = 32;
// How many the next one writes where so many are left: few sizes, because each is a text of its own to be prepared.
[[nodiscard]] std::size_t rows_together(std::size_t left);

} // namespace ringdown::persistence
