#include "actors/tree.hpp"

#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace {

using namespace ringdown;
using namespace ringdown::persistence;

struct living_node {
  living_node() {
    auto start = test::make_world(log);
    start->owner = *place.open()->take_shard(incarnation_id("nd_1"), noon);
    start->fatal = [](std::string_view) {};
    auto db = std::make_unique<sqlite_connection>(place.file(), SQLite::OPEN_READWRITE);
    db->db().setBusyTimeout(1);
    tree = node_tree::grow(*start, std::make_shared<sql_store>(std::move(db), place.box));
  }

  sqlite_place place;
  test::event_log log;
  std::unique_ptr<node_tree> tree;
};

} // namespace

TEST_CASE("a store that cannot write is ill, not silent, and well again when it can") {
  living_node node;
  CHECK(node.tree->alive(test::patience) == pulse_answer::well);
  SQLite::Database other(node.place.file(), SQLite::OPEN_READWRITE);
  other.exec("begin immediate");
  CHECK(node.tree->alive(test::patience) == pulse_answer::store_ill);
  node.tree->with_writer([&](store& held) {
    CHECK_FALSE(node.tree->world()->metrics->store_ready);
    other.exec("rollback");
    return held.probe(noon);
  });
  CHECK(node.tree->alive(test::patience) == pulse_answer::well);
  CHECK(node.tree->world()->metrics->store_ready);
}

TEST_CASE("a hanging store is silent; its late answer is the next one's") {
  living_node node;
  std::promise<void> go;
  node.tree->with_writer([&](store&) -> result<void> {
    go.get_future().wait();
    return {};
  });
  for (int i = 0; i < 3; ++i) CHECK(node.tree->alive(std::chrono::milliseconds(10)) == pulse_answer::silent);
  go.set_value();
  CHECK(node.tree->alive(test::patience) == pulse_answer::well);
}

TEST_CASE("after finish_writes nothing that was asked of the store is still to run") {
  living_node node;
  std::atomic<int> ran = 0;
  for (int i = 0; i < 50; ++i)
    node.tree->with_writer([&](store& held) -> result<void> {
      ++ran;
      return held.probe(noon);
    });
  node.tree->finish_writes();
  CHECK(ran == 50);
}

TEST_CASE("the keeper of account rates is born with the node, crashes by its name, and is started again") {
  living_node node;
  const auto found = [&] {
    std::promise<bool> answer;
    node.tree->restart(tenant_id("nobody"), "accounts", "as asked", [&](bool there) { answer.set_value(there); });
    return answer.get_future().get();
  };
  CHECK(found());
  REQUIRE(node.log.wait_for("actor_crashed"));
  while (!found()) std::this_thread::yield(); // its supervisor has started it again
  REQUIRE(node.log.wait_for("actor_crashed", 2));
  CHECK(node.tree->alive(test::patience) == pulse_answer::well);
}

TEST_CASE("a command that is said again is as durable as it was, and no fault of the store's") {
  living_node node;
  command said;
  said.id = "cb_1";
  said.tenant = tenant_id("acme");
  said.kind = command_kind::hear_call;
  said.at = noon;
  for (int i = 0; i < 2; ++i) {
    std::promise<bool> kept;
    node.tree->command(said, [&](const result<void>& how) { kept.set_value(how.ok()); });
    CHECK(kept.get_future().get());
  }
  CHECK((*node.place.open()->open_commands(said.tenant)).size() == 1);
  CHECK(node.tree->world()->metrics->commit_failures == 0);
}
