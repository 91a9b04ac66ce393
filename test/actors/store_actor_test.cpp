// What the store actor writes together, in what order, and what it says of it.
#include "actors/store/reader.hpp"
#include "test/actors/living_store.hpp"

#include <atomic>

namespace {

using namespace ringdown;
using namespace ringdown::persistence;
using namespace ringdown::store_test;

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

} // namespace
