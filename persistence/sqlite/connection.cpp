#include "persistence/sqlite/connection.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <string_view>

namespace ringdown::persistence {

namespace {

// A checkpoint of so many pages (8 MB) is over in milliseconds, and writes most of them for several commits at once.
constexpr int pages_to_fold = 2000;
// Whoever commits without ever folding pays for it then.
constexpr int most_pages = 8 * pages_to_fold;

// SQLite calls it after each commit, with a plain pointer.
int note_log(void* pages, sqlite3* db, const char* name, int count) {
  *static_cast<int*>(pages) = count;
  if (count >= most_pages) sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

int bind(sqlite3_stmt* to, int at, const parameter& value) {
  if (value.is_null()) return sqlite3_bind_null(to, at);
  if (value.kind() == parameter::type::number) return sqlite3_bind_int64(to, at, value.number());
  // Without an address it would be null, and an empty text is none.
  const std::string_view bytes = value.bytes().data() == nullptr ? std::string_view("") : value.bytes();
  const auto size = static_cast<int>(bytes.size());
  return value.kind() == parameter::type::text ? sqlite3_bind_text(to, at, bytes.data(), size, SQLITE_STATIC)
                                               : sqlite3_bind_blob(to, at, bytes.data(), size, SQLITE_STATIC);
}

class sqlite_cells final : public row_cells {
public:
  explicit sqlite_cells(sqlite3_stmt* from) : from_(from) {}
  std::string_view bytes(int column) override {
    const void* const start = sqlite3_column_blob(from_, column); // before its size: it may be made anew
    return {static_cast<const char*>(start), static_cast<std::size_t>(sqlite3_column_bytes(from_, column))};
  }
  std::int64_t number(int column) override { return sqlite3_column_int64(from_, column); }
  bool is_null(int column) override { return sqlite3_column_type(from_, column) == SQLITE_NULL; }

private:
  sqlite3_stmt* from_;
};

// A statement left in the middle of its rows, also by an exception, would hold its read transaction open.
struct reset_after_use {
  sqlite3_stmt* used;
  ~reset_after_use() { sqlite3_reset(used); } // says again what its step said
};

} // namespace

void sqlite_connection::finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void sqlite_connection::fail() {
  throw database_error(failure_of(SQLite::Exception(db_.getHandle(), sqlite3_errcode(db_.getHandle()))));
}

sqlite3_stmt* sqlite_connection::ready(const char* sql, std::span<const parameter> values) {
  auto& held = statements_[sql];
  if (!held) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v3(db_.getHandle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK) fail();
    held.reset(made);
  }
  sqlite3_clear_bindings(held.get());
  int at = 0;
  for (const parameter& one : values)
    if (bind(held.get(), ++at, one) != SQLITE_OK) fail();
  return held.get();
}

bool sqlite_connection::step(sqlite3_stmt* statement) {
  const int said = sqlite3_step(statement);
  if (said != SQLITE_ROW && said != SQLITE_DONE) fail();
  return said == SQLITE_ROW;
}

int sqlite_connection::execute(const char* sql, std::span<const parameter> values) {
  sqlite3_stmt* const statement = ready(sql, values);
  const reset_after_use done{statement};
  if (step(statement)) throw database_error({failure_kind::internal, std::string("database: rows from ") + sql});
  return sqlite3_changes(db_.getHandle());
}

void sqlite_connection::query(const char* sql, std::span<const parameter> values, row_visitor each) {
  sqlite3_stmt* const statement = ready(sql, values);
  const reset_after_use done{statement};
  sqlite_cells cells(statement);
  while (step(statement)) {
    columns row(cells);
    if (!each.visit(each.whom, row)) break;
  }
}

const shard_texts& sqlite_connection::shards() const {
  static constexpr shard_texts texts{"select owner, epoch, 1 from shard where id = ?1",
                                     "select epoch from shard where id = ?1",
                                     "update shard set owner = ?2, epoch = ?3 where id = ?1"};
  return texts;
}

// A transaction that writes takes the write lock at once: one that read first could not have it any more.
void sqlite_connection::begin(transaction_kind kind) {
  counts_.clear();
  execute(kind == transaction_kind::write ? "begin immediate" : "begin", {});
}

void sqlite_connection::commit() { execute("commit", {}); }

// Where it fails, the engine has rolled back already, for what went wrong before.
void sqlite_connection::roll_back() noexcept { sqlite3_exec(db_.getHandle(), "rollback", nullptr, nullptr, nullptr); }

void sqlite_connection::keep_log() { sqlite3_wal_hook(db_.getHandle(), &note_log, &log_pages_); }

void sqlite_connection::fold_log() {
  if (log_pages_ < pages_to_fold) return;
  log_pages_ = 0;
  rows("pragma wal_checkpoint(passive)", [](columns&) {});
}

void sqlite_connection::interrupt() { sqlite3_interrupt(db_.getHandle()); }

failure failure_of(const SQLite::Exception& thrown) {
  const std::string what = std::string("database: ") + thrown.what();
  switch (thrown.getErrorCode() & 0xff) {
    case SQLITE_IOERR: return {failure_kind::io_error, what};
    case SQLITE_CORRUPT: return {failure_kind::corrupt, what};
    case SQLITE_NOTADB: return {failure_kind::refused, "not a ringdown database"};
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN: return {failure_kind::unavailable, what};
    case SQLITE_CONSTRAINT: return {failure_kind::conflict, what};
    default: return {failure_kind::internal, what};
  }
}

} // namespace ringdown::persistence
