#include "actors/store/store_actor.hpp"

#include "actors/store/reader.hpp"
#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <caf/scoped_actor.hpp>

#include <sqlite3.h>

#include <atomic>
#include <future>
#include <set>

namespace {

using namespace ringdown;
using namespace ringdown::persistence;

// As if shards were leased here.
class leased_connection final : public sqlite_connection {
public:
  using sqlite_connection::sqlite_connection;
  [[nodiscard]] const shard_texts& shards() const override {
    static constexpr shard_texts run_out{"select owner, epoch, id <> 0 from shard where id = ?1", "", ""};
    return has_run_out ? run_out : sqlite_connection::shards();
  }
  bool has_run_out = false; // that of shard 0
};

// The store actor on a real database, whose connection the test may spoil while it holds the store's thread.
struct living_store {
  living_store() {
    owner = *place.open()->take_shard(0, incarnation_id("nd_1"), noon);
    auto db = std::make_unique<leased_connection>(place.file(), SQLite::OPEN_READWRITE);
    leases = db.get();
    disk = &db->db();
    disk->setBusyTimeout(1);
    world->owner = owner;
    world->fatal = [this](std::string_view why) { fatal.set_value(std::string(why)); };
    keeper =
        system.spawn<store_keeper, caf::detached>(world, probe, std::make_shared<sql_store>(std::move(db), place.box));
  }
  ~living_store() { caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown); }
  living_store(const living_store&) = delete;
  living_store& operator=(const living_store&) = delete;

  // Runs on the store's thread, and is over when this returns.
  void there(const std::function<result<void>(store&)>& run) {
    std::promise<void> done;
    caf::anon_send(keeper, with_store{[&](store& held) {
                     auto said = run(held);
                     done.set_value();
                     return said;
                   }});
    done.get_future().wait();
  }
  void there(const std::string& sql) {
    there([&](store&) -> result<void> {
      disk->exec(sql);
      return {};
    });
  }

  commit_batch batch(const std::string& tenant, std::uint64_t sequence, const caf::scoped_actor& from,
                     std::size_t size = 1) const {
    write_batch made;
    made.tenant = tenant_id(tenant);
    made.owner = owner;
    made.at = noon;
    made.alerts = {make_alert("al_" + tenant + std::to_string(sequence), made.tenant)};
    made.alerts.front().detail = std::string(size, 'x');
    return {sequence, std::make_shared<const write_batch>(std::move(made)),
            caf::actor_cast<caf::strong_actor_ptr>(from->address())};
  }
  // Rows dl_0, dl_1, ... of acme, claimed.
  void hand_over(int many) const {
    write_batch made;
    made.tenant = tenant_id("acme");
    made.owner = owner;
    made.at = noon;
    for (int i = 0; i < many; ++i) {
      made.alerts.push_back(make_alert("al_" + std::to_string(i)));
      made.deliveries.push_back(make_row("dl_" + std::to_string(i), made.alerts.back()));
    }
    const auto held = place.open();
    REQUIRE(held->commit(std::span(&made, 1)).ok());
    REQUIRE(held->claim({made.tenant, channel_id("push"), owner, made.deliveries.size(), noon})->rows.size() ==
            made.deliveries.size());
  }
  settle_rows sent(int row, const caf::scoped_actor& from) const {
    settlement what;
    what.owner = owner;
    what.tenant = tenant_id("acme");
    what.ledger.delivery = delivery_id("dl_" + std::to_string(row));
    what.ledger.number = 1;
    what.ledger.started = what.ledger.ended = noon;
    what.ledger.outcome = outcome_kind::accepted;
    return {{what}, caf::actor_cast<caf::strong_actor_ptr>(from->address())};
  }
  // All that `send` says arrives while the store is busy.
  template <class Send>
  void together(Send send) {
    std::promise<void> go;
    auto free = go.get_future();
    caf::anon_send(keeper, with_store{[&](store&) -> result<void> {
                     free.wait();
                     return {};
                   }});
    send();
    go.set_value();
    there("select 1");
  }
  bool stored(const std::string& alert) { return (*place.open()->find_alert(alert_id(alert))).has_value(); }

  sqlite_place place;
  test::event_log log;
  std::shared_ptr<ports> world = test::make_world(log);
  std::shared_ptr<actor_probe> probe = world->health->probe("store", "store", "root");
  fence owner;
  std::promise<std::string> fatal;
  leased_connection* leases = nullptr; // for the store's thread
  SQLite::Database* disk = nullptr;
  caf::actor_system_config config;
  caf::actor_system system{config};
  store_actor keeper;
};

// Verdicts in the order they came: "1 ok", "2 no".
std::vector<std::string> verdicts(caf::scoped_actor& self, std::size_t count) {
  std::vector<std::string> came;
  while (came.size() < count)
    self->receive(
        [&](const batch_committed& one) { came.push_back(std::to_string(one.sequence) + (one.ok ? " ok" : " no")); },
        caf::after(test::patience) >> [&] { came.emplace_back("nothing came"); });
  return came;
}

// What is said of so many rows: "dl_1", or "not dl_1".
std::set<std::string> ends(caf::scoped_actor& self, std::size_t many) {
  std::set<std::string> heard;
  while (heard.size() < many)
    self->receive(
        [&](const settlements_stored& one) {
          for (const delivery_id& row : one.rows) heard.insert(row.str());
          for (const delivery_id& row : one.refused) heard.insert("not " + row.str());
        },
        caf::after(test::patience) >> [&] { FAIL("no answer"); });
  return heard;
}

} // namespace

TEST_CASE("a full disk makes the store ill, is tried again, and loses nothing") {
  living_store world;
  caf::scoped_actor self(world.system);
  world.there("pragma max_page_count = 1"); // SQLite takes it as: no more than there are
  caf::anon_send(world.keeper, world.batch("acme", 1, self, 100'000));
  REQUIRE(world.log.wait_for("store_failed"));
  world.there([&](store&) -> result<void> {
    // Seen from its own thread: between two tries.
    CHECK_FALSE(world.world->metrics->store_ready);
    CHECK(world.world->metrics->store_queue == 1);
    world.disk->exec("pragma max_page_count = 100000");
    return failure{failure_kind::conflict, "no news of the disk"};
  });
  CHECK(verdicts(self, 1) == std::vector<std::string>{"1 ok"});
  CHECK(world.stored("al_acme1"));
  CHECK(world.world->metrics->store_ready);
  CHECK(world.world->metrics->store_queue == 0);
}

TEST_CASE("a store that was busy for a claim is ready again with the next small write") {
  living_store world;
  caf::scoped_actor self(world.system);
  SQLite::Database other(world.place.file(), SQLite::OPEN_READWRITE);
  other.exec("begin immediate");
  caf::anon_send(world.keeper, claim_rows{{tenant_id("acme"), channel_id("push"), world.owner, 1, noon},
                                          caf::actor_cast<caf::strong_actor_ptr>(self->address())});
  self->receive([](const rows_claimed& answer) { CHECK_FALSE(answer.ok); },
                caf::after(test::patience) >> [] { FAIL("no answer"); });
  CHECK_FALSE(world.world->metrics->store_ready);
  other.exec("rollback");
  world.there([](store& held) { return held.probe(noon); });
  world.there("select 1");
  CHECK(world.world->metrics->store_ready);
}

TEST_CASE("that a full disk can be read does not make the store ready") {
  living_store world;
  caf::scoped_actor self(world.system);
  world.there("pragma max_page_count = 1");
  caf::anon_send(world.keeper, world.batch("acme", 1, self, 100'000));
  REQUIRE(world.log.wait_for("store_failed"));
  world.world->metrics->store_ready = false;
  caf::anon_send(world.keeper, with_store{[](store& held) -> result<void> {
                                            const auto read = held.config_heads();
                                            return read ? result<void>() : result<void>(read.error());
                                          },
                                          false});
  world.there([&](store&) -> result<void> {
    CHECK_FALSE(world.world->metrics->store_ready);
    world.disk->exec("pragma max_page_count = 100000");
    return failure{failure_kind::conflict, "no news of the disk"};
  });
  CHECK(verdicts(self, 1) == std::vector<std::string>{"1 ok"});
}

TEST_CASE("while the store is away nobody waits for a time-out that another has just waited for") {
  living_store world;
  caf::scoped_actor self(world.system);
  SQLite::Database other(world.place.file(), SQLite::OPEN_READWRITE);
  other.exec("begin immediate");
  std::promise<void> go;
  caf::anon_send(world.keeper, with_store{[&](store& held) {
                   go.get_future().wait();
                   world.disk->setBusyTimeout(200);
                   return held.probe(noon);
                 }});
  for (int i = 0; i < 50; ++i)
    caf::anon_send(world.keeper,
                   load_tenant{tenant_id("acme"), caf::actor_cast<caf::strong_actor_ptr>(self->address())});
  go.set_value();
  for (int i = 0; i < 50; ++i)
    self->receive([](const tenant_loaded& answer) { CHECK(answer.why.kind == failure_kind::unavailable); },
                  caf::after(test::patience) >> [] { FAIL("no answer"); });
}

TEST_CASE("the newest count of failed logins that could not be stored is stored when the store is back") {
  living_store world;
  caf::scoped_actor self(world.system);
  SQLite::Database other(world.place.file(), SQLite::OPEN_READWRITE);
  other.exec("begin immediate");
  const auto save = [&](std::uint32_t failures) {
    caf::anon_send(world.keeper, save_budget{world.owner,
                                             tenant_id("acme"),
                                             instance_id("hq"),
                                             {failures, {}, "mark"},
                                             failures,
                                             caf::actor_cast<caf::strong_actor_ptr>(self->address())});
  };
  const auto hear = [&] {
    login_budget_saved heard;
    self->receive([&](const login_budget_saved& one) { heard = one; },
                  caf::after(test::patience) >> [] { FAIL("no answer"); });
    return heard;
  };
  for (const std::uint32_t failures : {1U, 2U}) {
    save(failures);
    const auto said = hear();
    CHECK(said.number == failures);
    CHECK_FALSE(said.ok);
    CHECK(said.again);
  }
  other.exec("rollback");
  const auto said = hear();
  CHECK(said.number == 2);
  CHECK(said.ok);
  const auto kept = world.place.open()->load_tenant(tenant_id("acme"), world.world->node.egress_name, noon);
  REQUIRE(kept.ok());
  CHECK(kept->budgets.at(instance_id("hq")).failures == 2);
}

TEST_CASE("a recovery that the store cannot make is answered so, and made when it is asked for again") {
  living_store world;
  caf::scoped_actor self(world.system);
  SQLite::Database other(world.place.file(), SQLite::OPEN_READWRITE);
  other.exec("begin immediate");
  const auto ask = [&](bool wanted) {
    caf::anon_send(world.keeper, recover_rows{tenant_id("acme"),
                                              channel_id("push"),
                                              world.owner,
                                              false,
                                              {},
                                              caf::actor_cast<caf::strong_actor_ptr>(self->address())});
    self->receive([&](const rows_recovered& answer) { CHECK(answer.ok == wanted); },
                  caf::after(test::patience) >> [] { FAIL("no answer"); });
  };
  ask(false);
  other.exec("rollback");
  world.there([](store& held) { return held.probe(noon); });
  ask(true);
}

TEST_CASE("a failed sync met by anybody's small write ends the process") {
  living_store world;
  world.there([](store&) -> result<void> { return failure{failure_kind::corrupt, "disk I/O error"}; });
  auto why = world.fatal.get_future();
  REQUIRE(why.wait_for(test::patience) == std::future_status::ready);
  CHECK(why.get().find("disk I/O error") != std::string::npos);
}

TEST_CASE("a batch that spoils the transaction is refused alone, with what its tenant decided on top of it") {
  living_store world;
  caf::scoped_actor self(world.system);
  caf::scoped_actor successor(world.system);
  world.there(
      "create trigger spoilt before insert on alert when new.id = 'al_globex1' begin select "
      "raise(abort, 'not this one'); end");
  std::promise<void> go;
  caf::anon_send(world.keeper, with_store{[&](store&) -> result<void> {
                   go.get_future().wait();
                   return {};
                 }});
  for (const auto& [tenant, sequence] :
       {std::pair("acme", 11), std::pair("globex", 1), std::pair("globex", 2), std::pair("acme", 12)})
    caf::anon_send(world.keeper, world.batch(tenant, static_cast<std::uint64_t>(sequence), self));
  go.set_value();
  CHECK(verdicts(self, 4) == std::vector<std::string>{"11 ok", "1 no", "12 ok", "2 no"});

  // Still of the actor that does not know yet; and of the one that began from the store again.
  caf::anon_send(world.keeper, world.batch("globex", 3, self));
  CHECK(verdicts(self, 1) == std::vector<std::string>{"3 no"});
  caf::anon_send(world.keeper, world.batch("globex", 4, successor));
  CHECK(verdicts(successor, 1) == std::vector<std::string>{"4 ok"});
  CHECK_FALSE(world.stored("al_globex2"));
  CHECK(world.stored("al_acme12"));
}

TEST_CASE("while the store is known to be away nobody waits for it once more who can be told so") {
  living_store world;
  world.world->time.now = [present = world.world->time.now()] { return present; }; // no pause ends
  world.there([](store&) -> result<void> { return failure{failure_kind::unavailable, "no answer for 5 s"}; });
  bool ran = false;
  std::promise<failure> told;
  caf::anon_send(world.keeper, with_store{[&](store&) -> result<void> {
                                            ran = true;
                                            return {};
                                          },
                                          true, [&](const failure& why) { told.set_value(why); }});
  CHECK(told.get_future().get().kind == failure_kind::unavailable);
  CHECK_FALSE(ran);
  world.there([](store&) -> result<void> { return {}; }); // who cannot be told is run: it is back
  std::promise<void> done;
  caf::anon_send(world.keeper, with_store{[&](store&) -> result<void> {
                                            done.set_value();
                                            return {};
                                          },
                                          true, [](const failure&) {}});
  done.get_future().wait();
}

TEST_CASE("outcomes that wait are stored 56 at a time, and whoever asked hears of its own") {
  std::atomic<int> commits = 0;
  living_store world;
  caf::scoped_actor self(world.system);
  caf::scoped_actor other(world.system);
  world.hand_over(70);
  world.there([&](store&) -> result<void> {
    const auto count = [](void* all) {
      static_cast<std::atomic<int>*>(all)->fetch_add(1);
      return 0;
    };
    sqlite3_commit_hook(world.disk->getHandle(), count, &commits);
    return {};
  });
  world.together([&] {
    for (int i = 0; i < 69; ++i) caf::anon_send(world.keeper, world.sent(i, self));
    caf::anon_send(world.keeper, world.sent(69, other));
  });
  CHECK(ends(other, 1) == std::set<std::string>{"dl_69"});
  CHECK(ends(self, 69).count("dl_68") == 1);
  CHECK(commits == 2);
}

TEST_CASE("an outcome that spoils the transaction is refused alone, and so is one of a row that is not ours") {
  living_store world;
  caf::scoped_actor self(world.system);
  world.hand_over(3);
  world.there(
      "create trigger spoilt before insert on attempt when new.delivery = 'dl_1' begin select raise(abort, 'not this "
      "one'); end");
  world.together([&] {
    for (const int row : {0, 1, 2, 7}) caf::anon_send(world.keeper, world.sent(row, self));
  });
  CHECK(ends(self, 4) == std::set<std::string>{"dl_0", "not dl_1", "dl_2", "not dl_7"});
  CHECK((*world.place.open()->find_delivery(delivery_id("dl_2")))->row.state == delivery_state::sent);
  CHECK((*world.place.open()->find_delivery(delivery_id("dl_1")))->row.state == delivery_state::claimed);
}

TEST_CASE("what comes too late for its lease is written in order once the lease is lengthened, and the store is well") {
  living_store world;
  caf::scoped_actor self(world.system);
  world.hand_over(1);
  const auto lapse = [&](bool has_run_out) {
    world.there([&](store&) -> result<void> {
      world.leases->has_run_out = has_run_out;
      return {};
    });
  };
  lapse(true);
  world.together([&] {
    caf::anon_send(world.keeper, world.sent(0, self));
    for (const std::uint64_t sequence : {1U, 2U}) caf::anon_send(world.keeper, world.batch("acme", sequence, self));
  });
  caf::anon_send(world.keeper, world.batch("acme", 3, self));
  const auto me = caf::actor_cast<caf::strong_actor_ptr>(self->address());
  caf::anon_send(world.keeper, claim_rows{{tenant_id("acme"), channel_id("push"), world.owner, 1, noon}, me});
  caf::anon_send(world.keeper, load_tenant{tenant_id("acme"), me});
  int refused = 0;
  while (refused < 2)
    self->receive([&](const rows_claimed& answer) { refused += answer.ok ? 0 : 1; },
                  [&](const tenant_loaded& answer) { refused += answer.ok ? 0 : 1; },
                  caf::after(test::patience) >> [] { FAIL("no answer"); });
  CHECK(world.world->metrics->store_ready);
  CHECK(world.world->metrics->store_queue == 3);
  CHECK(world.world->metrics->committed_batches == 0);
  CHECK_FALSE(world.stored("al_acme1"));

  lapse(false);
  CHECK(verdicts(self, 3) == std::vector<std::string>{"1 ok", "2 ok", "3 ok"});
  CHECK(ends(self, 1) == std::set<std::string>{"dl_0"});
  CHECK(world.world->metrics->store_queue == 0);
  CHECK(world.world->metrics->committed_batches == 3);
}

TEST_CASE("a shard whose lease has run out holds up no other, and what was kept for it is refused when it is taken") {
  living_store world;
  caf::scoped_actor self(world.system);
  world.there([&](store&) -> result<void> {
    world.leases->has_run_out = true;
    return {};
  });
  auto other = world.batch("globex", 1, self);
  auto theirs = *other.batch;
  theirs.owner = *world.place.open()->take_shard(1, incarnation_id("nd_1"), noon);
  other.batch = std::make_shared<const write_batch>(std::move(theirs));
  caf::anon_send(world.keeper, world.batch("acme", 2, self));
  caf::anon_send(world.keeper, other);
  CHECK(verdicts(self, 1) == std::vector<std::string>{"1 ok"});
  static_cast<void>(*world.place.open()->take_shard(0, incarnation_id("nd_2"), noon));
  CHECK(verdicts(self, 1) == std::vector<std::string>{"2 no"});
  CHECK_FALSE(world.stored("al_acme2"));
}

TEST_CASE("deaths that supervisors report are in the store") {
  living_store world;
  for (int i = 0; i < 3; ++i) caf::anon_send(world.keeper, crash_noted{world.owner, "poller/acme/hq"});
  caf::anon_send(world.keeper, crash_noted{world.owner, "tenant/globex"});
  caf::anon_send(world.keeper, crashes_forgotten{world.owner, "tenant/globex"});
  world.there("select 1");
  const auto kept = *world.place.open()->crashes();
  REQUIRE(kept.size() == 1);
  CHECK(kept.front().actor == "poller/acme/hq");
  CHECK(kept.front().count == 3);
}

TEST_CASE("a reader that ends drops what waits and cuts short what never would end") {
  const sqlite_place place;
  static_cast<void>(place.open());
  auto db = std::make_unique<sqlite_connection>(place.file(), SQLite::OPEN_READWRITE);
  SQLite::Database& disk = db->db();
  std::vector<std::unique_ptr<store>> connections;
  connections.push_back(std::make_unique<sql_store>(std::move(db), place.box));
  auto reader = std::make_unique<store_reader>(std::move(connections));
  std::promise<void> begun;
  std::promise<failure_kind> ended;
  REQUIRE(reader->submit([&](store&) {
    begun.set_value();
    const auto never = guard_sqlite([&]() -> result<void> {
      disk.exec("with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n");
      return {};
    });
    ended.set_value(never ? failure_kind::internal : never.error().kind);
  }));
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i) REQUIRE(reader->submit([&](store&) { ++answered; }));
  begun.get_future().wait();
  reader.reset();
  CHECK(ended.get_future().get() == failure_kind::unavailable);
  CHECK(answered == 0);
}
