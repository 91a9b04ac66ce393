#include "persistence/migrations.hpp"
#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "protocol/wire/notice_json.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <SQLiteCpp/Database.h>

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace ringdown::persistence {

namespace {

void alter(const std::string& file, const std::string& sql) {
  SQLite::Database db(file, SQLite::OPEN_READWRITE, 5000);
  db.exec(sql);
}

int count(const std::string& file, const std::string& sql) {
  SQLite::Database db(file, SQLite::OPEN_READONLY, 5000);
  return db.execAndGet(sql).getInt();
}

// A database as the first version left it, with one ticket owed: made from the schema's first step alone.
void make_first_version(const std::string& file, const std::string& notice) {
  SQLite::Database db(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db.exec(std::string(migrations().front()));
  db.exec("pragma user_version = 1; pragma application_id = " + std::to_string(0x52444e31));
  SQLite::Statement row(
      db,
      "insert into delivery(tenant, id, channel, kind, event, alert, episode, version, target, step, round, level, "
      "state, why, attempts, handed, possible_repeat, created, not_before, give_up_at, after, reference, answer, "
      "trace, content) values('acme', 'dl_old', 'tickets', 'mirror', 'fired', 'al_1', 1, 1, '', 0, 0, 'critical', "
      "'pending', 'none', 0, 0, 0, ?, ?, ?, null, '', '', 'hq.1.1', ?)");
  row.bind(1, micros(noon));
  row.bind(2, micros(noon));
  row.bind(3, micros(noon + std::chrono::hours(6)));
  row.bind(4, notice);
  row.exec();
}

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("a new database is private, in WAL mode, and ours") {
  const sqlite_place place;
  const auto held = place.open();
  struct stat seen {};
  REQUIRE(::stat(place.file().c_str(), &seen) == 0);
  CHECK((seen.st_mode & 0777) == 0600);
  SQLite::Database db(place.file(), SQLite::OPEN_READONLY);
  CHECK(db.execAndGet("pragma journal_mode").getString() == "wal");
  CHECK(db.execAndGet("pragma application_id").getInt() == 0x52444e31);
  CHECK(db.execAndGet("pragma user_version").getInt() == 8);
}

TEST_CASE("a newer schema is refused with words for the operator") {
  const sqlite_place place;
  static_cast<void>(place.open());
  alter(place.file(), "pragma user_version = 99");
  const auto refused = open_sqlite({place.file(), open_mode::writer}, place.box);
  REQUIRE(refused.error().kind == failure_kind::refused);
  CHECK(refused.error().detail.find("99") != std::string::npos);
  CHECK(open_sqlite({place.file(), open_mode::reader}, place.box).error().kind == failure_kind::refused);
}

TEST_CASE("a database of the first version is brought up to date, with what it owes") {
  const sqlite_place place;
  const alert a = make_alert("al_1");
  make_first_version(place.file(), wire::write_notice(make_row("dl_old", a).content));
  {
    desk work([&] { return place.open(); });
    const auto claimed = work.claim(1, noon, "tickets");
    REQUIRE(claimed.rows.size() == 1);
    CHECK(claimed.rows[0].content.title == "Trunk down: Trunk al_1");
    CHECK(claimed.rows[0].progress.empty());
    auto done = work.outcome("dl_old", delivery_state::sent);
    done.remote = "48213";
    REQUIRE(work.settle(done).ok());
  }
  CHECK(count(place.file(), "pragma user_version") == 8);
  CHECK(count(place.file(), "select count(*) from remote where reference = '48213'") == 1);
  static_cast<void>(place.open()); // and nothing is done twice
  CHECK(count(place.file(), "select count(*) from remote") == 1);
}

TEST_CASE("a file that is not ours is refused and left as it was") {
  const sqlite_place place;
  SECTION("another program's database") {
    SQLite::Database(place.file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("create table theirs(a)");
  }
  SECTION("no database at all") { std::ofstream(place.file()) << std::string(5000, 'x'); }
  const std::string before = content(place.file());
  CHECK(open_sqlite({place.file(), open_mode::writer}, place.box).error().kind == failure_kind::refused);
  CHECK(content(place.file()) == before);
}

TEST_CASE("another key than the database was made with is refused") {
  const sqlite_place place;
  static_cast<void>(place.open());
  const auto other = *secret_box::create_file(place.dir.path("other"));
  for (const auto mode : {open_mode::writer, open_mode::reader})
    CHECK(open_sqlite({place.file(), mode}, other).error().kind == failure_kind::refused);
  CHECK(open_sqlite({place.file(), open_mode::writer}, place.box).ok());
}

TEST_CASE("secrets are nowhere in the files") {
  const sqlite_place place;
  const auto held = place.open();
  config_change change;
  change.tenant = tenant_id("acme");
  change.objects = {{"channel", "push", "file", "token = { secret = \"push.token\" }"}};
  change.secrets["push.token"] = secret_text("correct-horse-battery");
  REQUIRE(held->replace_config(change).ok());
  for (const auto& entry : std::filesystem::directory_iterator(place.dir.root()))
    CHECK(content(entry.path().string()).find("correct-horse") == std::string::npos);
}

TEST_CASE("a reader asks and does not write") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  work.commit_alert(make_alert("al_1"));
  const auto reader = place.open(open_mode::reader);
  CHECK((*reader->alerts({})).items.size() == 1);
  CHECK_FALSE(reader->put_setting("k", "v").ok());
  work.commit_alert(make_alert("al_2"));
  CHECK((*reader->alerts({})).items.size() == 2);
}

TEST_CASE("what was not committed is not there after a crash") {
  const sqlite_place place;
  {
    desk work([&] { return place.open(); });
    work.commit_alert(make_alert("al_1"));
    SQLite::Database crashing(place.file(), SQLite::OPEN_READWRITE);
    crashing.exec("begin immediate; update alert set phase = 'resolved'");
    // What the process had written by now is all that the next one finds.
    std::filesystem::copy_file(place.file(), place.dir.path("crashed.db"));
    std::filesystem::copy_file(place.file() + "-wal", place.dir.path("crashed.db-wal"));
  }
  const auto after = open_sqlite({place.dir.path("crashed.db"), open_mode::writer}, place.box);
  REQUIRE(after.ok());
  CHECK((*(*after)->find_alert(alert_id("al_1")))->phase == alert_phase::firing);
}

TEST_CASE("a transaction that fails half way leaves nothing") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  auto batch = work.batch();
  batch.alerts = {make_alert("al_1")};
  batch.mutes = {{mute_scope::everything, {}, noon + std::chrono::hours(1), "jo", ""}};
  batch.audits = {{"jo", "silence", "tenant", "", noon}};
  alter(place.file(), "alter table mute rename to muted");
  CHECK_FALSE(work.held->commit(std::span(&batch, 1)).ok());
  CHECK_FALSE((*work.held->find_alert(alert_id("al_1"))).has_value());

  // The next one goes on as if nothing had been: the audit's chain too.
  alter(place.file(), "alter table muted rename to mute");
  work.commit(batch);
  CHECK((*work.held->verify_audit()).broken.empty());
  CHECK((*work.held->verify_audit()).checked == 1);
}

TEST_CASE("failures say whether waiting can help") {
  const auto kind_of = [](int code) { return failure_of(SQLite::Exception("x", code)).kind; };
  const auto [code, kind] = GENERATE(table<int, failure_kind>({
      {SQLITE_BUSY, failure_kind::unavailable},
      {SQLITE_FULL, failure_kind::unavailable},
      {SQLITE_CANTOPEN, failure_kind::unavailable},
      {SQLITE_IOERR, failure_kind::io_error},
      {SQLITE_IOERR_FSYNC, failure_kind::io_error},
      {SQLITE_IOERR_WRITE, failure_kind::io_error},
      {SQLITE_CORRUPT, failure_kind::corrupt},
      {SQLITE_NOTADB, failure_kind::refused},
      {SQLITE_CONSTRAINT, failure_kind::conflict},
      {SQLITE_MISUSE, failure_kind::internal},
  }));
  CHECK(kind_of(code) == kind);
}

TEST_CASE("audit rows that were changed, cut out or added are found") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  auto batch = work.batch();
  for (int i = 0; i < 5; ++i) batch.audits.push_back({"jo", "alert.acknowledged", "al_" + std::to_string(i), "", noon});
  work.commit(batch);
  REQUIRE((*work.held->verify_audit()).broken.empty());

  const auto [words, sql, broken] = GENERATE(table<const char*, const char*, std::size_t>({
      {"changed actor", "update audit set actor = 'eve' where seq = 3", 1},
      {"changed time", "update audit set at = at + 1 where seq = 5", 1},
      {"cut out", "delete from audit where seq = 2", 1},
      {"the first cut out", "delete from audit where seq = 1", 1},
      {"moved to another tenant", "update audit set tenant = 'globex' where seq = 5", 3},
      {"fields shifted", "update audit set actor = 'joa', action = 'lert.acknowledged' where seq = 4", 1},
      {"added", "insert into audit values('acme', 6, 0, 'eve', 'x', 'y', '', x'00')", 2},
      {"the end cut off", "delete from audit where seq >= 4", 1},
      {"all of it gone", "delete from audit", 1},
      {"a tenant gone without a trace", "delete from audit; delete from audit_head where tenant = 'acme'", 1},
      {"no head", "delete from audit_head where tenant = 'acme'", 2},
  }));
  INFO(words);
  alter(place.file(), sql);
  CHECK((*work.held->verify_audit()).broken.size() == broken);
}

TEST_CASE("a chain recomputed without the key is found, and so is one that was cut and continued") {
  const sqlite_place place;
  const sqlite_place forgery;
  {
    desk work([&] { return place.open(); });
    desk forger([&] { return forgery.open(); });
    auto batch = work.batch();
    for (int i = 0; i < 5; ++i)
      batch.audits.push_back({"jo", "alert.acknowledged", "al_" + std::to_string(i), "", noon});
    work.commit(batch);
    batch.owner = forger.owner;
    batch.audits.front().actor = "eve";
    forger.commit(batch);
  }
  SECTION("recomputed: every link fits") {
    alter(place.file(),
          "attach '" + forgery.file() + "' as f; delete from audit; insert into audit select * from f.audit");
  }
  SECTION("cut at its end") { alter(place.file(), "delete from audit where seq >= 4"); }
  CHECK((*place.open()->verify_audit()).broken.size() == 1);

  desk later([&] { return place.open(); });
  auto batch = later.batch();
  batch.audits = {{"jo", "alert.snoozed", "al_9", "", noon}, {"jo", "alert.snoozed", "al_8", "", noon}};
  later.commit(batch);
  CHECK((*later.held->verify_audit()).broken.size() == 1);
}

TEST_CASE("what cannot be read of one tenant is no matter of the others, nor of the file") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  work.commit_alert(make_alert("al_1"));
  work.commit_alert(make_alert("al_2", tenant_id("globex")));
  alter(place.file(), "update alert set phase = 'frobnicated' where tenant = 'globex'");
  const auto refused = work.held->load_tenant(tenant_id("globex"), "n1", noon);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == failure_kind::unreadable);
  CHECK(work.held->load_tenant(tenant_id("acme"), "n1", noon).ok());

  alter(place.file(), "update alert set phase = 'firing', targets = 'nonsense' where tenant = 'globex'");
  CHECK(work.held->load_tenant(tenant_id("globex"), "n1", noon).error().kind == failure_kind::unreadable);
}

TEST_CASE("a row that cannot be read ends, and its channel goes on") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  for (const char* id : {"al_1", "al_2", "al_3"}) {
    work.commit_alert(make_alert(id));
    work.commit_rows({make_row(std::string("dl_") + id, make_alert(id))});
  }
  alter(place.file(), "update delivery set event = 'frobnicated' where id = 'dl_al_1'");
  alter(place.file(), "update delivery set content = '{' where id = 'dl_al_2'");
  const auto claimed = work.claim();
  REQUIRE(claimed.rows.size() == 1);
  CHECK(claimed.rows[0].id.str() == "dl_al_3");
  REQUIRE(claimed.ended.size() == 1);
  CHECK(claimed.ended[0].id.str() == "dl_al_2");
  CHECK(claimed.ended[0].why == reason::poison);
  CHECK_FALSE(work.claim().due_left);

  // The same where a process died with it in hand: the next one starts.
  alter(place.file(), "update delivery set event = 'frobnicated' where id = 'dl_al_3'");
  desk next([&] { return place.open(); });
  CHECK(next.held->recover_claims(next.owner, {{next.tenant, channel_id("push")}}, noon).ok());
}

TEST_CASE("a full disk is waited for, and nothing is half written") {
  const sqlite_place place;
  const fence owner = *place.open()->take_shard(0, incarnation_id("nd_1"), noon);
  auto db = std::make_unique<sqlite_connection>(place.file(), SQLite::OPEN_READWRITE);
  SQLite::Database& disk = db->db();
  sql_store held(std::move(db), place.box);
  write_batch batch;
  batch.tenant = tenant_id("acme");
  batch.owner = owner;
  batch.at = noon;
  batch.alerts = {make_alert("al_1")};
  batch.alerts.front().detail = std::string(100'000, 'x');
  disk.exec("pragma max_page_count = " + disk.execAndGet("pragma page_count").getString());
  const auto full = held.commit(std::span(&batch, 1));
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().kind == failure_kind::unavailable);
  CHECK_FALSE((*held.find_alert(alert_id("al_1"))).has_value());

  disk.exec("pragma max_page_count = 100000");
  CHECK(held.commit(std::span(&batch, 1)).ok());
  CHECK((*held.find_alert(alert_id("al_1"))).has_value());
}

TEST_CASE("a state directory has one owner") {
  const temp_dir dir;
  auto first = directory_lock::take(dir.root());
  REQUIRE(first.ok());
  CHECK(directory_lock::take(dir.root()).error().kind == failure_kind::unavailable);
  { const directory_lock moved = std::move(*first); }
  CHECK(directory_lock::take(dir.root()).ok());
  CHECK_FALSE(directory_lock::take(dir.path("none")).ok());
}

TEST_CASE("a backup of a live database is whole") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  std::jthread writer([&](const std::stop_token& stop) {
    const auto held = place.open();
    for (int i = 0; !stop.stop_requested() && i < 3000; ++i) {
      write_batch batch;
      batch.tenant = work.tenant;
      batch.owner = work.owner;
      batch.at = noon;
      batch.alerts = {make_alert("al_" + std::to_string(i))};
      batch.audits = {{"system", "alert.fired", "al_" + std::to_string(i), "", noon}};
      static_cast<void>(held->commit(std::span(&batch, 1)));
    }
  });
  for (int i = 0; i < 5; ++i) {
    const std::string copy = place.dir.path("copy" + std::to_string(i));
    REQUIRE(backup_sqlite(place.file(), copy).ok());
    CHECK(count(copy, "select count(*) from alert") == count(copy, "select count(*) from audit"));
    CHECK_FALSE(std::filesystem::exists(copy + "-wal"));
    CHECK_FALSE(std::filesystem::exists(copy + ".part"));
  }
  writer.request_stop();
  CHECK(backup_sqlite(place.file(), place.dir.path("copy0")).error().kind == failure_kind::conflict);
  CHECK(backup_sqlite(place.dir.path("none"), place.dir.path("x")).error().kind == failure_kind::not_found);
}

TEST_CASE("a restored database sends no pages of yesterday") {
  const sqlite_place place;
  fence before;
  {
    desk work([&] { return place.open(); });
    before = work.owner;
    const alert a = make_alert("al_1");
    auto batch = work.batch();
    batch.alerts = {a};
    auto log = make_row("log", a);
    log.kind = delivery_kind::log;
    auto claimed = make_row("claimed", a);
    claimed.state = delivery_state::claimed;
    auto ticket = make_row("ticket", a);
    ticket.kind = delivery_kind::mirror;
    ticket.state = delivery_state::claimed;
    batch.deliveries = {make_row("pending", a), claimed, log, ticket};
    batch.resources = {
        {instance_id("hq"), {{resource_kind::trunk, "61"}, "T", resource_state::registered, noon, "", "", {}, {}, ""}}};
    batch.healths = {{instance_id("hq"), {reachability::reachable, cause::none, noon, 0, "20"}}};
    work.commit(batch);
    auto done = work.outcome("ticket", delivery_state::sent);
    done.remote = "48213";
    REQUIRE(work.settle(done).ok());
  }
  const auto lineage = [&] { return (*place.open()->load_tenant(tenant_id("acme"), "n1", noon)).lineage; };
  const std::string spent = lineage();
  CHECK(spent.size() == 26);
  CHECK(lineage() == spent);
  const std::string copy = place.dir.path("backup");
  REQUIRE(backup_sqlite(place.file(), copy).ok());
  CHECK(restore_sqlite(copy, place.file(), noon).error().kind == failure_kind::conflict);
  // The backup read the file without the right to remove the log it found.
  for (const char* rest : {"", "-wal", "-shm"})
    if (std::filesystem::exists(place.file() + rest))
      std::filesystem::rename(place.file() + rest, place.dir.path("moved-away") + rest);
  REQUIRE(restore_sqlite(copy, place.file(), noon).ok());

  desk after([&] { return place.open(); });
  CHECK(after.owner.epoch == before.epoch + 1'000'001);
  CHECK(after.fate("pending") == "suppressed superseded");
  CHECK(after.fate("claimed") == "suppressed superseded");
  CHECK(after.fate("log") == "pending");
  CHECK(count(place.file(), "select count(*) from remote where alert = 'al_1' and reference = '48213'") == 1);
  CHECK(lineage() != spent);
  const auto loaded = *after.held->load_tenant(after.tenant, "n1", noon);
  CHECK(loaded.alerts.size() == 1);
  CHECK(loaded.instances.at(0).health.reach == reachability::unknown);
  CHECK(loaded.instances.at(0).resources.at(0).state == resource_state::unknown);
}

TEST_CASE("the log of another database is never left beside a new one") {
  const sqlite_place place;
  static_cast<void>(place.open());
  const std::string copy = place.dir.path("backup");
  REQUIRE(backup_sqlite(place.file(), copy).ok());
  for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(place.file() + rest);
  std::ofstream(place.file() + "-wal") << "left by a crash";
  std::ofstream(place.file() + "-journal") << "left by a crash";
  const auto refused = restore_sqlite(copy, place.file(), noon);
  REQUIRE(refused.error().kind == failure_kind::conflict);
  CHECK_THAT(refused.error().detail, Catch::Contains(place.file() + "-wal, " + place.file() + "-journal"));
  CHECK_FALSE(std::filesystem::exists(place.file()));
  std::ofstream(place.dir.path("other") + "-shm") << "left by a crash";
  CHECK(backup_sqlite(copy, place.dir.path("other")).error().kind == failure_kind::conflict);
}

TEST_CASE("only our own backups are restored") {
  const sqlite_place place;
  std::ofstream(place.dir.path("noise")) << std::string(5000, 'x');
  CHECK(restore_sqlite(place.dir.path("noise"), place.file(), noon).error().kind == failure_kind::refused);
  SQLite::Database(place.dir.path("theirs"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("create table t(a)");
  CHECK(restore_sqlite(place.dir.path("theirs"), place.file(), noon).error().kind == failure_kind::refused);
  std::ofstream(place.dir.path("empty")).flush();
  CHECK(restore_sqlite(place.dir.path("empty"), place.file(), noon).error().kind == failure_kind::refused);
  CHECK_FALSE(std::filesystem::exists(place.file()));
  CHECK_FALSE(std::filesystem::exists(place.file() + ".part"));
}

} // namespace ringdown::persistence
