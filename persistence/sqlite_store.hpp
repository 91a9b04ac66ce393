// The embedded store: SQLite in WAL mode with synchronous=FULL, one file in the state directory.
#pragma once

#include "persistence/open_mode.hpp"
#include "persistence/secrets.hpp"
#include "persistence/store.hpp"

#include <memory>
#include <string>

namespace ringdown::persistence {

// An exclusive flock on <state_dir>/lock, held for life; unavailable when another process holds it (exit 75).
class directory_lock {
public:
  static result<directory_lock> take(const std::string& state_dir);
  directory_lock(directory_lock&&) noexcept;
  directory_lock& operator=(directory_lock&&) noexcept;
  ~directory_lock();

private:
  explicit directory_lock(int fd);
  int fd_ = -1;
};

struct sqlite_options {
  std::string file;
  open_mode mode = open_mode::writer;
};

// Creates and migrates (writer only). A newer schema, a foreign file, a file we may not open or a key that does not open the
// stored secrets: failure refused or corrupt with words for the operator (exit 78).
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite(const sqlite_options& options, secret_box box);

// Online copy of a live database (another process may be writing) into a new file; conflict when the target, or a log beside
// it, exists.
[[nodiscard]] result<void> backup_sqlite(const std::string& from_file, const std::string& to_file);

// S-K6: put a backup in place of the (absent or moved-away) database: raises all epochs by a million, suppresses old
// interrupt rows, marks all resources for a new baseline. conflict when a database, or the log of one, is there: it names
// them all.
[[nodiscard]] result<void> restore_sqlite(const std::string& from_file, const std::string& to_file, wall_time now);

} // namespace ringdown::persistence
