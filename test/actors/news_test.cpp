// What other nodes wrote, and what a node says of the others.
#include "actors/api/news.hpp"
#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using persistence::noon;

namespace {

persistence::config_change change_of(const std::string& tenant, shard_id shard, const std::string& name) {
  persistence::config_change made;
  made.tenant = tenant_id(tenant);
  made.shard = shard;
  made.objects = {{"tenant", "", "file", "id = \"" + tenant + "\"\nname = \"" + name + "\"\n"}};
  made.at = noon;
  return made;
}

// Two nodes with a store: this one, and another that writes to it.
struct two_nodes : api_bench {
  two_nodes() {
    auto board = std::make_shared<lease_board>();
    leases = board.get();
    world.leases = std::move(board);
    world.owner = {incarnation_id("nd_1"), 0, 0};
    world.time.boot = [this] { return boot; };
    in.world = std::make_shared<ports>(world);
  }
  void look() { REQUIRE(news.look(*work.held).ok()); }
  void hear() {
    lease_answer said;
    said.shards = {
        {0, incarnation_id("nd_1"), 4, true, 3}, {1, incarnation_id("nd_2"), 7, true, 5}, {2, {}, 1, false, 0}};
    said.nodes = {{incarnation_id("nd_1"), "n1", 1, false, false, "Oslo", "1.0"},
                  {incarnation_id("nd_2"), "n2", 2, false, true, "", "1.1"}};
    leases->note(said, boot);
    leases->write({{0, {{}, {}, 4}}});
  }

  boot_time boot = std::chrono::hours(1);
  lease_board* leases = nullptr;
  std::unique_ptr<persistence::store> other = place.open();
  api::news news{in};
};

using ids = std::vector<std::string>;
using placed = std::vector<std::pair<tenant_id, shard_id>>;

} // namespace

TEST_CASE("what another node configured is read once for each version") {
  two_nodes at;
  REQUIRE(at.other->replace_config(change_of("acme", 1, "Acme")).ok());
  at.look();
  at.look();
  CHECK(at.tree.applied == placed{{tenant_id("acme"), 1}});
  CHECK(at.in.tenants.find(tenant_id("acme"))->config->name == "Acme");
  REQUIRE(at.other->replace_config(change_of("acme", 0, "Acme Ltd")).ok());
  at.look();
  CHECK(at.tree.applied == placed{{tenant_id("acme"), 1}, {tenant_id("acme"), 1}});
  CHECK(at.in.tenants.find(tenant_id("acme"))->config->name == "Acme Ltd");

  auto gone = change_of("acme", 0, "");
  gone.remove_tenant = true;
  gone.objects.clear();
  REQUIRE(at.other->replace_config(gone).ok());
  at.look();
  CHECK(at.tree.removed == std::vector{tenant_id("acme")});
  CHECK(at.in.tenants.versions().empty());
}

TEST_CASE("what cannot be read of another node's configuration is said once and spoils no other") {
  two_nodes at;
  auto broken = change_of("acme", 0, "Acme");
  broken.objects[0].body = "id = 7";
  REQUIRE(at.other->replace_config(broken).ok());
  REQUIRE(at.other->replace_config(change_of("globex", 0, "Globex")).ok());
  at.look();
  CHECK(at.in.tenants.unreadable().contains(tenant_id("acme")));
  at.hear();
  const auto ready = at.ask("GET", "/readyz");
  CHECK(ready.status == 200); // every node would say the same
  CHECK_THAT(ready.body, Contains("tenant acme cannot be read"));
  CHECK(at.tree.applied == placed{{tenant_id("globex"), 0}});
  at.look();
  CHECK(at.tree.applied.size() == 1);
}

TEST_CASE("a command that was given at another node is passed on once while it is open") {
  two_nodes at;
  REQUIRE(at.other->insert_command(persistence::make_command("c1")).ok());
  at.look();
  REQUIRE(at.other->insert_command(persistence::make_command("c2")).ok());
  at.look();
  CHECK(at.tree.passed_on == ids{"c1", "c2"});
  auto batch = at.work.batch();
  batch.commands = {{"c1", command_answer::done, "", {}}};
  at.work.commit(batch);
  at.look();
  CHECK(at.tree.passed_on == ids{"c1", "c2"});
}

TEST_CASE("the verdict of another node is the answer to whoever asked this one") {
  two_nodes at;
  std::vector<command_result> heard;
  for (const std::string id : {"c1", "c2"}) {
    REQUIRE(at.work.held->insert_command(persistence::make_command(id)).ok());
    at.in.answers.wait(id, begin_of_time + std::chrono::seconds(5), [&](const api::command_outcome& how) {
      REQUIRE(how.ok());
      REQUIRE(how->has_value());
      heard.push_back(**how);
    });
  }
  at.in.answers.stored("c1");
  at.look();
  CHECK(heard.empty());
  auto batch = at.work.batch();
  batch.commands = {{"c1", command_answer::done, "acknowledged by jo", delivery_id("dl_1")},
                    {"c2", command_answer::done, "", {}}};
  at.work.commit(batch);
  at.look();
  // Of c2 it is not known here that it is durable: whoever stores it says so first.
  CHECK(heard == std::vector<command_result>{{"c1", command_answer::done, "acknowledged by jo", delivery_id("dl_1")}});
}

TEST_CASE("nodes are listed with what each holds, and one is asked to drain by any other") {
  two_nodes at;
  CHECK(at.ask("GET", "/api/v1/nodes").status == 503); // nothing was heard yet
  CHECK_THAT(at.ask("GET", "/readyz").body, Contains("joining"));
  at.hear();
  const std::string body = at.ask("GET", "/api/v1/nodes").body;
  CHECK_THAT(body, Contains(R"("name":"n1","site":"Oslo","version":"1.0","incarnation":"nd_1","state":"running",)"
                            R"("answers_here":true,"capacity":1,"shards":1,"instances":3,"epoch":4)"));
  CHECK_THAT(body, Contains(R"("name":"n2","site":null,"version":"1.1","incarnation":"nd_2","state":"draining",)"
                            R"("answers_here":false,"capacity":2,"shards":1,"instances":5,"epoch":7,)"
                            R"("started_at":null,"ready":null)"));
  const auto drained = at.ask("POST", "/api/v1/nodes/n2/drain", R"({"by":"jo"})");
  CHECK(drained.status == 200);
  CHECK_THAT(drained.body, Contains("as others take them"));
  CHECK(at.ask("POST", "/api/v1/nodes/n2/drain", R"({"off":"true"})").status == 200);
  REQUIRE(at.tree.wished.size() == 2);
  CHECK(at.tree.wished[0].name == "n2");
  CHECK(at.tree.wished[0].drain);
  CHECK_FALSE(at.tree.wished[1].drain);
  at.boot += std::chrono::seconds(4);
  CHECK(at.ask("POST", "/api/v1/nodes/n2/drain").status == 503);
  CHECK(at.ask("GET", "/api/v1/nodes").status == 503); // what was heard before is no news
  CHECK(at.tree.wished.size() == 2);
  at.hear();
  CHECK_THAT(at.ask("POST", "/api/v1/nodes/n1/drain").body,
             Contains("nobody else can take its shards")); // n2 drains too
  CHECK(at.ask("POST", "/api/v1/nodes/n3/drain").status == 404);
  CHECK(at.ask("POST", "/api/v1/nodes/n2/drain", R"({"off":"perhaps"})").status == 422);
}

TEST_CASE("a node whose leases nobody lengthens is not ready, and says why") {
  two_nodes at;
  at.hear();
  CHECK_THAT(at.ask("GET", "/metrics").body, Contains("\nringdown_leases 1\n"));
  at.boot += std::chrono::seconds(13);
  CHECK_THAT(at.ask("GET", "/metrics").body, Contains("\nringdown_register_silent_seconds 13\n"));
  CHECK(at.ask("GET", "/readyz").status == 200);
  at.boot += std::chrono::seconds(1);
  const auto told = at.ask("GET", "/readyz");
  CHECK(told.status == 503);
  CHECK_THAT(told.body, Contains("has not answered for 14 s"));
}

TEST_CASE("what only the node that runs a tenant can do is refused with that node's name") {
  two_nodes at;
  at.hear();
  REQUIRE(at.other->replace_config(change_of("acme", 1, "Acme")).ok());
  at.look();
  const auto refused = at.ask("POST", "/api/v1/actors/restart", R"({"name":"tenant/acme"})");
  CHECK(refused.status == 409);
  CHECK_THAT(refused.body, Contains("runs on node n2"));
}

TEST_CASE("a node that runs alone cannot be drained") {
  api_bench at;
  CHECK(at.ask("POST", "/api/v1/nodes/n1/drain").status == 409);
}
