#include "persistence/migrations.hpp"
#include "persistence/posix_failure.hpp"
#include "persistence/private_file.hpp"
#include "persistence/sql/identity.hpp"
#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "persistence/sqlite_store.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Transaction.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ringdown::persistence {

namespace {

constexpr int application = 0x52444e31; // "RDN1" in the file's header: it is ours
constexpr int busy_milliseconds = 5000;
constexpr int restored_epochs = 1'000'000; // S-K6

int pragma_number(sqlite_connection& db, const char* sql) {
  int value = 0;
  db.rows(sql, [&](columns& row) { value = row.as<int>(); });
  return value;
}

void tune(sqlite_connection& db, open_mode mode) {
  db.db().exec("pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -16000");
  if (mode == open_mode::reader) {
    db.db().exec("pragma query_only = on");
    return;
  }
  // NORMAL can lose committed rows at power loss (ARCHITECTURE).
  db.db().exec("pragma journal_mode = wal; pragma synchronous = full");
  db.keep_log();
}

// Is it ours, and not from a newer version? An empty file may become ours.
result<void> check_schema(sqlite_connection& db) {
  const int owner = pragma_number(db, "pragma application_id");
  const int have = pragma_number(db, "pragma user_version");
  const int tables = pragma_number(db, "select count(*) from sqlite_master");
  const int newest = static_cast<int>(migrations().size());
  if (owner != application && (owner != 0 || tables != 0))
    return failure{failure_kind::refused, "the database file is not a ringdown database"};
  if (have > newest)
    return failure{failure_kind::refused, "the database has schema " + std::to_string(have) + ", this version knows " +
                                              std::to_string(newest) + ": start the newer ringdown"};
  return {};
}

void migrate(sqlite_connection& db) {
  for (auto next = static_cast<std::size_t>(pragma_number(db, "pragma user_version")); next < migrations().size();
       ++next) {
    SQLite::Transaction step(db.db(), SQLite::TransactionBehavior::IMMEDIATE);
    db.db().exec(std::string(migrations()[next]));
    db.db().exec("pragma user_version = " + std::to_string(next + 1) +
                 "; pragma application_id = " + std::to_string(application));
    step.commit();
  }
}

// Only the service's user reads the database; its WAL takes over these rights.
result<void> create_private(const std::string& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made < 0) {
    const failure_kind kind = errno == EEXIST ? failure_kind::conflict : kind_of_errno(errno);
    return failure{kind, "cannot create " + file + ": " + std::strerror(errno)};
  }
  ::close(made);
  return {};
}

void copy_database(const std::string& from_file, const std::string& to_file) {
  SQLite::Database from(from_file, SQLite::OPEN_READONLY, busy_milliseconds);
  SQLite::Database to(to_file, SQLite::OPEN_READWRITE, busy_milliseconds);
  SQLite::Backup copy(to, from);
  // All pages in one step: a reader of a WAL holds nobody up, and a copy in parts begins anew with every foreign commit.
  if (copy.executeStep(-1) != SQLITE_DONE) throw SQLite::Exception("the database is busy", SQLITE_BUSY);
}

// A log left beside the target would be replayed into the new file as if it were its own.
result<void> check_files(const std::string& from_file, const std::string& to_file) {
  if (!std::filesystem::exists(from_file)) return failure{failure_kind::not_found, "no such file: " + from_file};
  std::string there;
  for (const char* rest : {"", "-wal", "-shm", "-journal"})
    if (std::filesystem::exists(to_file + rest)) there += (there.empty() ? "" : ", ") + to_file + rest;
  if (!there.empty()) return failure{failure_kind::conflict, "move away first, nothing is overwritten: " + there};
  return {};
}

// S-K6: whoever held a claim of the past holds it no more, yesterday's pages are not sent again, and what was known of the
// PBXes is asked anew.
void age(sqlite_connection& db, wall_time now) {
  SQLite::Transaction all(db.db(), SQLite::TransactionBehavior::IMMEDIATE);
  db.run("insert into shard(id, owner, epoch) values(0, '', ?1) on conflict(id) do update set epoch = epoch + ?1",
         restored_epochs);
  db.run(
      "update delivery set state = 'suppressed', why = 'superseded', ended = ?, owner = null, epoch = null, claimed_at "
      "= null "
      "where state in ('pending', 'claimed') and kind = 'interrupt'",
      now);
  db.run("update resource set state = 'unknown'");
  // Nobody is called about the past: ladders begin anew with what the PBXes say now.
  db.run("delete from live_number");
  db.run("update call set stage = 'ended', result = 'cancelled' where stage <> 'ended'");
  db.run("update alert set ladder = '', escalation = ''");
  db.run("update instance_health set reach = 'unknown', why = 'none', blind = 0, starting = 0");
  db.run("insert or replace into setting(key, value) values('restored', ?)", rfc3339(now));
  begin_lineage(db);
  all.commit();
}

// `fill` makes the content of a new file beside the target; the target appears whole or not at all.
template <class Fill>
result<void> make_whole(const std::string& to_file, Fill&& fill) {
  const std::string part = to_file + ".part";
  if (auto made = create_private(part); !made) return made;
  auto done = guard_sqlite([&]() -> result<void> { return fill(part); });
  // link() refuses a target that appeared meanwhile, which rename() would overwrite.
  if (done && ::link(part.c_str(), to_file.c_str()) != 0)
    done = failure{errno == EEXIST ? failure_kind::conflict : failure_kind::unavailable,
                   "cannot create " + to_file + ": " + std::strerror(errno)};
  for (const char* rest : {"", "-wal", "-shm", "-journal"}) ::unlink((part + rest).c_str());
  if (done) sync_folder_of(to_file);
  return done;
}

// Leaves one plain file: no WAL beside it that a copy could forget.
void fold_wal(sqlite_connection& db) {
  db.rows("pragma journal_mode = delete", [](columns&) {});
}

} // namespace

result<std::unique_ptr<store>> open_sqlite(const sqlite_options& options, secret_box box) {
  if (options.mode == open_mode::writer && !std::filesystem::exists(options.file))
    if (auto made = create_private(options.file); !made) return made.error();
  if (::access(options.file.c_str(), options.mode == open_mode::writer ? R_OK | W_OK : R_OK) != 0)
    return failure{errno == ENOENT ? failure_kind::not_found : kind_of_errno(errno),
                   "cannot open " + options.file + ": " + std::strerror(errno)};
  auto opened = guard_sqlite([&]() -> result<std::unique_ptr<store>> {
    auto db = std::make_unique<sqlite_connection>(options.file, SQLite::OPEN_READWRITE);
    if (auto fine = check_schema(*db); !fine) return fine.error();
    tune(*db, options.mode);
    if (options.mode == open_mode::writer) {
      migrate(*db);
      begin_lineage_if_none(*db);
    }
    if (auto fine = check_key(*db, box, options.mode); !fine) return fine.error();
    return std::unique_ptr<store>(std::make_unique<sql_store>(std::move(db), box));
  });
  if (!opened) return failure{opened.error().kind, options.file + ": " + opened.error().detail};
  return opened;
}

result<void> backup_sqlite(const std::string& from_file, const std::string& to_file) {
  if (auto fine = check_files(from_file, to_file); !fine) return fine;
  return make_whole(to_file, [&](const std::string& part) -> result<void> {
    copy_database(from_file, part);
    sqlite_connection copy(part, SQLite::OPEN_READWRITE);
    if (auto fine = check_schema(copy); !fine) return fine;
    fold_wal(copy);
    return {};
  });
}

result<void> restore_sqlite(const std::string& from_file, const std::string& to_file, wall_time now) {
  if (auto fine = check_files(from_file, to_file); !fine) return fine;
  return make_whole(to_file, [&](const std::string& part) -> result<void> {
    copy_database(from_file, part);
    sqlite_connection db(part, SQLite::OPEN_READWRITE);
    if (auto fine = check_schema(db); !fine) return fine;
    if (pragma_number(db, "pragma application_id") != application)
      return failure{failure_kind::refused, "the backup is empty"};
    tune(db, open_mode::writer);
    migrate(db);
    age(db, now);
    fold_wal(db);
    return {};
  });
}

} // namespace ringdown::persistence
