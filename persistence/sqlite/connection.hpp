// One SQLite connection with its prepared statements.
#pragma once

#include "persistence/sql/connection.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

struct sqlite3_stmt;

namespace ringdown::persistence {

class sqlite_connection : public connection {
public:
  // One thread at a time uses it (store.hpp): SQLite need not lock it for every call.
  sqlite_connection(const std::string& file, int flags) : db_(file, flags | SQLite::OPEN_NOMUTEX, 5000) {}

  // For what is no statement of the store's: several at once, pragmas, limits. What it throws is for guard_sqlite().
  [[nodiscard]] SQLite::Database& db() { return db_; }

  // From now on the log is folded into the file by fold_log() and not within a commit, unless it was forgotten for long.
  void keep_log();
  void fold_log() override;
  void interrupt() override;
  // What a commit says that fails is so.
  [[nodiscard]] std::optional<bool> settle_doubt() override { return std::nullopt; }
  [[nodiscard]] bool is_in_doubt() const override { return false; }
  [[nodiscard]] std::vector<int> counts() override { return std::exchange(counts_, {}); }
  void hold(const std::string&, hold_kind) override {} // a transaction that writes holds everything
  [[nodiscard]] const shard_texts& shards() const override;
  void announce() override {}                                   // nobody else writes here
  [[nodiscard]] bool is_alone() const override { return true; } // the lock of its directory

private:
  struct finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  int execute(const char* sql, std::span<const parameter> values) override;
  void send(const char* sql, std::span<const parameter> values) override { execute(sql, values); }
  void send_counted(const char* sql, std::span<const parameter> values) override {
    counts_.push_back(execute(sql, values));
  }
  void gather_row(const row_statement& what, things, std::span<const parameter> values) override {
    if (what.change == nullptr || execute(what.change, values) == 0) execute(what.sql, values);
  }
  void query(const char* sql, std::span<const parameter> values, row_visitor each) override;
  void begin(transaction_kind kind) override;
  void commit() override;
  void roll_back() noexcept override;

  [[nodiscard]] sqlite3_stmt* ready(const char* sql, std::span<const parameter> values);
  [[nodiscard]] bool step(sqlite3_stmt* statement);
  [[noreturn]] void fail();

  SQLite::Database db_;
  std::vector<int> counts_;
  int log_pages_ = 0; // of the write-ahead log, at the last commit
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, finalize>> statements_;
};

// A full disk or a busy database may pass; a failed read, write or sync, or a damaged file, may not.
[[nodiscard]] failure failure_of(const SQLite::Exception& thrown);

// guard() where the library itself is called.
template <class Work>
auto guard_sqlite(Work&& work) -> decltype(work()) {
  return guard([&] {
    try {
      return std::forward<Work>(work)();
    } catch (const SQLite::Exception& thrown) {
      throw database_error(failure_of(thrown));
    }
  });
}

} // namespace ringdown::persistence
