// A row's columns, read from left to right.
#pragma once

#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ringdown::persistence {

// What is stored in one row is not what this version writes: a matter of that row, not of the file (failure_kind::unreadable).
class unreadable_row : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// The row an engine stands on. What bytes() refers to lives until the next row.
class row_cells {
public:
  [[nodiscard]] virtual std::string_view bytes(int column) = 0; // of a text, or of bytes; empty: null
  [[nodiscard]] virtual std::int64_t number(int column) = 0;    // 0: null
  [[nodiscard]] virtual bool is_null(int column) = 0;

protected:
  row_cells() = default;
  row_cells(const row_cells&) = default;
  row_cells& operator=(const row_cells&) = default;
  ~row_cells() = default;
};

// A copy reads on from where it was made.
class columns {
public:
  explicit columns(row_cells& from) : from_(&from) {}
  std::string text() { return std::string(from_->bytes(at_++)); }
  std::int64_t number() { return from_->number(at_++); }
  template <class Number>
  Number as() {
    return static_cast<Number>(number());
  }
  bool truth() { return number() != 0; }
  wall_time time() { return from_micros(number()); }
  std::optional<wall_time> maybe_time() {
    const auto value = maybe_number();
    return value ? std::optional(from_micros(*value)) : std::nullopt;
  }
  std::optional<std::int64_t> maybe_number() {
    const int column = at_++;
    return from_->is_null(column) ? std::nullopt : std::optional(from_->number(column));
  }
  std::optional<std::string> maybe_text() {
    const int column = at_++;
    return from_->is_null(column) ? std::nullopt : std::optional<std::string>(from_->bytes(column));
  }
  template <class Id>
  Id id() {
    return Id(text());
  }
  // An enumerator by its name; one this version does not know means the row cannot be trusted.
  template <class Enum>
  Enum named(std::optional<Enum> (*parse)(std::string_view)) {
    const std::string_view word = from_->bytes(at_++);
    const auto value = parse(word);
    if (!value) throw unreadable_row("unknown word in the database: " + std::string(word));
    return *value;
  }

private:
  row_cells* from_;
  int at_ = 0;
};

} // namespace ringdown::persistence
