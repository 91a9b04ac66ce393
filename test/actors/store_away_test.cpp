// The store actor while the store is away, full, busy or lost.
#include "test/actors/living_store.hpp"

namespace {

using namespace ringdown;
using namespace ringdown::persistence;
using namespace ringdown::store_test;

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
  // Whoever begins its poller meanwhile hears of it, as soon as it hears of anything.
  std::optional<std::uint32_t> loaded;
  while (!loaded) {
    caf::anon_send(world.keeper,
                   load_tenant{tenant_id("acme"), caf::actor_cast<caf::strong_actor_ptr>(self->address())});
    self->receive(
        [&](const tenant_loaded& one) {
          if (one.ok) loaded = one.snapshot->budgets.at(instance_id("hq")).failures;
        },
        caf::after(test::patience) >> [] { FAIL("no answer"); });
  }
  CHECK(loaded == 2);
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

} // namespace
