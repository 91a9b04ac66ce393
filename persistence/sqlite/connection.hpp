// One SQLite connection with its prepared statements. Library exceptions end here: guard() turns them into failures.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace ringdown::persistence {

// What may be bound to a parameter. Strings are not copied: they live until the statement has run.
inline void bind_one(SQLite::Statement& to, int at, std::string_view text) { to.bind(at, std::string(text)); }
inline void bind_one(SQLite::Statement& to, int at, const char* text) { to.bind(at, text); }
inline void bind_one(SQLite::Statement& to, int at, const std::string& text) { to.bindNoCopy(at, text); }
template <std::integral Number>
void bind_one(SQLite::Statement& to, int at, Number value) {
  to.bind(at, static_cast<std::int64_t>(value));
}
inline void bind_one(SQLite::Statement& to, int at, wall_time time) { to.bind(at, micros(time)); }
template <class Tag>
void bind_one(SQLite::Statement& to, int at, const strong_id<Tag>& id) {
  to.bindNoCopy(at, id.str());
}
struct blob {
  std::string_view bytes;
};
inline void bind_one(SQLite::Statement& to, int at, blob value) {
  to.bindNoCopy(at, value.bytes.data(), static_cast<int>(value.bytes.size()));
}
template <class T>
void bind_one(SQLite::Statement& to, int at, const std::optional<T>& value) {
  if (value)
    bind_one(to, at, *value);
  else
    to.bind(at);
}

// What is stored in one row is not what this version writes: a matter of that row, not of the file (failure_kind::unreadable).
class unreadable_row : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// A row's columns, read from left to right.
class columns {
public:
  explicit columns(SQLite::Statement& from) : from_(from) {}
  std::string text() { return from_.getColumn(at_++).getString(); }
  std::int64_t number() { return from_.getColumn(at_++).getInt64(); }
  template <class Number>
  Number as() {
    return static_cast<Number>(number());
  }
  bool truth() { return number() != 0; }
  wall_time time() { return from_micros(number()); }
  std::optional<wall_time> maybe_time() {
    const auto column = from_.getColumn(at_++);
    return column.isNull() ? std::optional<wall_time>() : from_micros(column.getInt64());
  }
  std::optional<std::int64_t> maybe_number() {
    const auto column = from_.getColumn(at_++);
    return column.isNull() ? std::optional<std::int64_t>() : column.getInt64();
  }
  std::optional<std::string> maybe_text() {
    const auto column = from_.getColumn(at_++);
    return column.isNull() ? std::optional<std::string>() : column.getString();
  }
  template <class Id>
  Id id() {
    return Id(text());
  }
  // An enumerator by its name; one this version does not know means the row cannot be trusted.
  template <class Enum>
  Enum named(std::optional<Enum> (*parse)(std::string_view)) {
    const std::string word = text();
    const auto value = parse(word);
    if (!value) throw unreadable_row("unknown word in the database: " + word);
    return *value;
  }

private:
  SQLite::Statement& from_;
  int at_ = 0;
};

class connection {
public:
  // One thread at a time uses it (store.hpp): SQLite need not lock it for every call.
  connection(const std::string& file, int flags) : db_(file, flags | SQLite::OPEN_NOMUTEX, 5000) {}

  [[nodiscard]] SQLite::Database& db() { return db_; }
  void interrupt(); // any thread

  // From now on the log is folded into the file by fold_log() and not within a commit, unless it was forgotten for long.
  void keep_log();
  void fold_log();

  // `sql` must be a literal: prepared statements are kept by its address.
  template <class... Values>
  int run(const char* sql, const Values&... values) {
    SQLite::Statement& ready = prepared(sql);
    bind_all(ready, values...);
    const reset_after_use done{ready};
    return ready.exec();
  }
  // Calls `each(columns&)` for every row; `each` may return false to stop.
  template <class Each, class... Values>
  void rows(const char* sql, Each&& each, const Values&... values) {
    SQLite::Statement& ready = prepared(sql);
    bind_all(ready, values...);
    const reset_after_use done{ready};
    while (ready.executeStep()) {
      columns row(ready);
      if constexpr (std::is_same_v<decltype(each(row)), bool>) {
        if (!each(row)) break;
      } else {
        each(row);
      }
    }
  }

private:
  // A statement left in the middle of its rows, also by an exception, would hold its read transaction open.
  struct reset_after_use {
    SQLite::Statement& used;
    ~reset_after_use() { static_cast<void>(used.tryReset()); }
  };

  SQLite::Statement& prepared(const char* sql) {
    auto& held = statements_[sql];
    if (!held) held = std::make_unique<SQLite::Statement>(db_, sql);
    held->reset();
    held->clearBindings();
    return *held;
  }
  template <class... Values>
  static void bind_all(SQLite::Statement& to, const Values&... values) {
    int at = 0;
    (bind_one(to, ++at, values), ...);
  }

  SQLite::Database db_;
  int log_pages_ = 0; // of the write-ahead log, at the last commit
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

// A full disk or a busy database may pass; a failed read, write or sync, or a damaged file, may not.
[[nodiscard]] failure failure_of(const SQLite::Exception& thrown);

template <class Work>
auto guard(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const SQLite::Exception& thrown) {
    return failure_of(thrown);
  } catch (const unreadable_row& thrown) {
    return failure{failure_kind::unreadable, thrown.what()};
  }
}

} // namespace ringdown::persistence
