#include "persistence/sqlite/connection.hpp"

#include <sqlite3.h>

namespace ringdown::persistence {

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
