#include "persistence/sqlite/connection.hpp"

#include <sqlite3.h>

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

} // namespace

void connection::keep_log() { sqlite3_wal_hook(db_.getHandle(), &note_log, &log_pages_); }

void connection::fold_log() {
  if (log_pages_ < pages_to_fold) return;
  log_pages_ = 0;
  rows("pragma wal_checkpoint(passive)", [](columns&) {});
}

void connection::interrupt() { sqlite3_interrupt(db_.getHandle()); }

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
