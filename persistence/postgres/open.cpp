#include "persistence/migrations.hpp"
#include "persistence/postgres/connection.hpp"
#include "persistence/postgres/pq.hpp"
#include "persistence/postgres_store.hpp"
#include "persistence/sql/identity.hpp"
#include "persistence/sql/store_impl.hpp"
#include "protocol/types/ids.hpp"

#include <charconv>
#include <cstddef>
#include <utility>

namespace ringdown::persistence {

namespace {

constexpr int oldest_server = 150000; // 15: what is tested
// Of all who migrate one database, one at a time; nobody else's lock has this number.
constexpr const char* migration_lock = "select pg_advisory_xact_lock(5928116)";
// A step may take its time, and so may another node's.
constexpr const char* without_limits = "set local lock_timeout = 0; set local statement_timeout = 0";

failure not_a_url() { return {failure_kind::invalid, "database: that is no postgresql:// URL"}; }

std::size_t number_of(PGconn* on, const std::string& sql) {
  const std::string text = one_text(on, sql);
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

result<void> check_server(PGconn* on) {
  if (PQserverVersion(on) < oldest_server)
    return failure{failure_kind::refused, "database: the server is older than PostgreSQL 15"};
  if (const std::string encoding = one_text(on, "show server_encoding"); encoding != "UTF8")
    return failure{failure_kind::refused, "database: it is encoded in " + encoding + ", and has to be in UTF8"};
  return {};
}

// A pooler that gives connections away between transactions takes settings, locks and prepared statements with them. With two
// clients, one of them in a transaction, it shows: both speak to one process of the server, or the first to another than before.
result<void> check_pooler(PGconn* on, const postgres_options& options) {
  constexpr const char* whom = "select pg_backend_pid()";
  const std::string before = one_text(on, whom);
  const session other = begin_session(options.url, options.mode);
  run_text(other.get(), "begin");
  if (one_text(other.get(), whom) != before && one_text(on, whom) == before) return {};
  return failure{failure_kind::refused,
                 "database: a pooler gives our connection to others between transactions (PgBouncer's pool_mode = "
                 "transaction); name the server itself, or a pool with pool_mode = session"};
}

// How many of our steps it has seen; none: it is new.
std::size_t version_of(PGconn* on) {
  if (one_text(on, "select to_regclass('schema_step')").empty()) return 0;
  return number_of(on, "select version from schema_step");
}

// A newer version may have gone on without breaking what this one does.
result<void> check_schema(PGconn* on) {
  const std::size_t known = postgres_migrations().size();
  const std::size_t have = version_of(on);
  if (have <= known) return {};
  const std::size_t needed = number_of(on, "select min_compatible from schema_step");
  if (needed <= known) return {};
  return failure{failure_kind::refused, "the database has schema " + std::to_string(have) +
                                            ", which needs a ringdown that knows " + std::to_string(needed) +
                                            "; this version knows " + std::to_string(known)};
}

void migrate(PGconn* on, shard_id shards) {
  const auto steps = postgres_migrations();
  if (version_of(on) >= steps.size()) return;
  run_text(on, "begin");
  run_text(on, without_limits);
  run_text(on, migration_lock);
  for (std::size_t next = version_of(on); next < steps.size(); ++next) run_text(on, std::string(steps[next]));
  run_text(on, "insert into shard(id) select generate_series(0, " + std::to_string(shards) +
                   " - 1) where not exists(select from shard)");
  run_text(on, "commit");
}

// Whoever left these is long dead. Nobody waits for a standby to hear of it.
void forget_old_notes(PGconn* on) {
  run_text(on, "begin");
  run_text(on, "set local synchronous_commit = off");
  run_text(on, "delete from commit_note where at < now() - interval '7 days'");
  run_text(on, "commit");
}

std::vector<std::string> warnings_of(PGconn* on) {
  std::vector<std::string> warnings;
  if (number_of(on, "select count(*) from pg_stat_replication") > 0 &&
      one_text(on, "show synchronous_standby_names").empty())
    warnings.emplace_back(
        "the database is replicated, and commits do not wait for a replica: a fail-over loses the last ones "
        "(synchronous_standby_names is empty)");
  if (one_text(on, "show synchronous_commit") == "local" && !one_text(on, "show synchronous_standby_names").empty())
    warnings.emplace_back(
        "commits do not wait for the replicas that the server names: a fail-over loses the last ones "
        "(synchronous_commit is local)");
  if (one_text(on, "show synchronous_commit") == "off")
    warnings.emplace_back(
        "commits do not wait for the disk: a crash of the server loses the last ones (synchronous_commit is off)");
  return warnings;
}

} // namespace

result<bool> is_new_postgres(const std::string& url) {
  if (!is_postgres_url(url)) return not_a_url();
  return guard([&]() -> result<bool> { return version_of(begin_session(url, open_mode::reader).get()) == 0; });
}

result<opened_postgres> open_postgres(const postgres_options& options, secret_box box) {
  if (!is_postgres_url(options.url)) return not_a_url();
  return guard([&]() -> result<opened_postgres> {
    const session first = begin_session(options.url, options.mode);
    if (auto fine = check_server(first.get()); !fine) return fine.error();
    if (auto fine = check_pooler(first.get(), options); !fine) return fine.error();
    if (auto fine = check_schema(first.get()); !fine) return fine.error();
    if (options.mode == open_mode::writer) {
      migrate(first.get(), options.shards);
      forget_old_notes(first.get());
    } else if (version_of(first.get()) == 0) {
      return failure{failure_kind::not_found, "database: it is empty"};
    }
    auto db = std::make_unique<postgres_connection>(options.url, options.mode, encode_id("", random_bits()),
                                                    options.patience);
    db->connect();
    if (options.mode == open_mode::writer) begin_lineage_if_none(*db);
    if (auto fine = check_key(*db, box, options.mode); !fine) return fine.error();
    opened_postgres opened;
    opened.warnings = warnings_of(first.get());
    opened.held = std::make_unique<sql_store>(std::move(db), box);
    return opened;
  });
}

} // namespace ringdown::persistence
