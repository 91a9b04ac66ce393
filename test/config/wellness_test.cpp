#include "actors/api/wellness.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::api;

namespace {

constexpr wall_time noon{std::chrono::hours(500'000)};

known_tenant tenant(const std::string& id, const std::vector<std::string>& instances) {
  tenant_config made;
  made.id = tenant_id(id);
  for (const std::string& one : instances) {
    made.instances.emplace_back();
    made.instances.back().id = instance_id(one);
    made.instances.back().times.poll_interval = std::chrono::seconds(60);
  }
  return {std::make_shared<const tenant_config>(std::move(made)), {tenant_id(id), 1, {}}};
}

instance_glance polled(wall_time at) {
  instance_glance made;
  made.last_poll = at;
  return made;
}

} // namespace

TEST_CASE("Where there is nothing to poll all is well") {
  tenant_registry tenants;
  const health_board board;
  CHECK_FALSE(reason_for_silence(tenants, board, noon));
  tenants.put(tenant("acme", {}));
  CHECK_FALSE(reason_for_silence(tenants, board, noon));
}

TEST_CASE("All is well while some poll ended within two intervals") {
  tenant_registry tenants;
  health_board board;
  tenants.put(tenant("acme", {"hq", "branch"}));
  CHECK(reason_for_silence(tenants, board, noon) == "no poll ended within two intervals");
  board.show("acme/hq", polled(noon));
  CHECK_FALSE(reason_for_silence(tenants, board, noon + std::chrono::seconds(120)));
  CHECK(reason_for_silence(tenants, board, noon + std::chrono::seconds(121)));
  board.show("acme/branch", polled(noon + std::chrono::seconds(121)));
  CHECK_FALSE(reason_for_silence(tenants, board, noon + std::chrono::seconds(121)));
  board.show("globex/hq", polled(noon + std::chrono::hours(1)));
  CHECK(reason_for_silence(tenants, board, noon + std::chrono::hours(1)));
}

TEST_CASE("One tenant that cannot be read is enough for silence, until it can") {
  tenant_registry tenants;
  const health_board board;
  tenants.put_unreadable({"tenant acme: [tenant] is required", {tenant_id("acme"), 4, {}}});
  CHECK(reason_for_silence(tenants, board, noon) == "tenant acme cannot be read");
  CHECK(tenants.document(tenant_id("acme"))->version == 4);
  tenants.put(tenant("acme", {}));
  CHECK_FALSE(reason_for_silence(tenants, board, noon));
  CHECK(tenants.unreadable().empty());
}

TEST_CASE("A quarantined actor is enough for silence, a restarting or tripped one is not") {
  const tenant_registry tenants;
  health_board board;
  const auto probe = board.probe("tenant/acme", "tenant", "group/acme");
  probe->life = actor_life::restarting;
  CHECK_FALSE(reason_for_silence(tenants, board, noon));
  probe->life = actor_life::tripped;
  CHECK_FALSE(reason_for_silence(tenants, board, noon));
  probe->life = actor_life::quarantined;
  CHECK(reason_for_silence(tenants, board, noon) == "tenant/acme is quarantined");
}

TEST_CASE("Of several nodes each answers for the tenants it runs") {
  tenant_registry tenants;
  const health_board board;
  lease_board leases;
  auto elsewhere = tenant("acme", {"hq"});
  elsewhere.document.shard = 3;
  tenants.put(std::move(elsewhere));
  CHECK_FALSE(reason_for_silence(tenants, board, noon, &leases));
  leases.write({{3, {}}});
  CHECK(reason_for_silence(tenants, board, noon, &leases) == "no poll ended within two intervals");
}

TEST_CASE("A shard with instances that no node runs is enough for silence, at every node") {
  const tenant_registry tenants;
  const health_board board;
  lease_board leases;
  lease_answer heard;
  heard.shards = {{0, incarnation_id("nd_1"), 1, true, 5}, {1, {}, 1, false, 0}};
  leases.note(heard, {});
  CHECK_FALSE(reason_for_silence(tenants, board, noon, &leases));
  heard.shards[1].weight = 3;
  leases.note(heard, {});
  CHECK(reason_for_silence(tenants, board, noon, &leases) == "shard 1 is run by no node");
}
