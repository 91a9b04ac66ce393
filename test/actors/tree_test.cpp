#include "actors/tree.hpp"

#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/logic/tenant_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"
#include "test/support/lease_register.hpp"

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace ringdown;
using namespace ringdown::persistence;

// Something another thread says once.
class told_once {
public:
  void set() { said_.set_value(); }
  bool wait() { return said_.get_future().wait_for(test::patience) == std::future_status::ready; }

private:
  std::promise<void> said_;
};

struct living_node {
  living_node() {
    auto start = test::make_world(log);
    start->owner = *place.open()->take_shard(0, incarnation_id("nd_1"), noon);
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

TEST_CASE("a store that hangs when it is known to be away is ill: a new start would find no other") {
  living_node node;
  std::promise<void> go;
  node.tree->with_writer([&](store&) -> result<void> {
    go.get_future().wait();
    return {};
  });
  node.tree->world()->metrics->store_ready = false;
  pulse_answer how = pulse_answer::silent; // until the pulse has come as far as to the store
  for (int i = 0; i < 2000 && how == pulse_answer::silent; ++i) how = node.tree->alive(std::chrono::milliseconds(10));
  CHECK(how == pulse_answer::store_ill);
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

namespace {

// The register in memory, for processes of this one: real threads, real time.
class near_register final : public lease_register {
public:
  near_register(incarnation_id who, shard_id shards) : who_(std::move(who)), shared_(shards) {}

  result<lease_answer> ask(const lease_question& what) override {
    const std::lock_guard hold(guard_);
    if (!session_) session_ = shared_.open(who_);
    return shared_.answer(what, std::chrono::steady_clock::now().time_since_epoch());
  }
  bool is_cut() override { return false; }
  void give_up() override {}
  [[nodiscard]] bool is_free() {
    const std::lock_guard hold(guard_);
    for (shard_id one = 0; one < shared_.size(); ++one)
      if (!shared_.owner_of(one).empty()) return false;
    return true;
  }

private:
  const incarnation_id who_;
  std::mutex guard_;
  test::lease_register shared_;
  std::optional<std::uint64_t> session_;
};

std::shared_ptr<const tenant_config> empty_tenant(const std::string& id) {
  tenant_config made = test::usual_config();
  made.id = tenant_id(id);
  made.instances.clear();
  made.channels.clear();
  return std::make_shared<const tenant_config>(std::move(made));
}

} // namespace

TEST_CASE("a node of a cluster runs the tenants of the shards it is given, and gives them all back when it leaves") {
  sqlite_place place;
  test::event_log log;
  const incarnation_id me("nd_1");
  auto start = test::make_world(log);
  start->fatal = [](std::string_view) {};
  std::array<told_once, 2> prepared;
  start->before_shard = [&](store&, const fence& owner) {
    if (owner.owner == me && owner.epoch == 1) prepared.at(owner.shard).set();
    return result<void>{};
  };
  const auto at = std::make_shared<near_register>(me, 2);
  cluster_part with;
  with.self.id = me;
  with.at = at;
  const auto tree = node_tree::grow(*start, place.open(), {}, with);
  tree->apply(empty_tenant("acme"), 0);
  tree->apply(empty_tenant("globex"), 1);
  CHECK(prepared[0].wait());
  CHECK(prepared[1].wait());
  CHECK(tree->leave(test::patience));
  CHECK(at->is_free());
  CHECK(log.wait_for("shard_handed_over", 2));
  CHECK(start->health->all().size() == 7); // root, store, clock, account rates, carriers, register, leases: no group
}
