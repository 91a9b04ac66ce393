// Several shards in one store, and what nodes tell each other by it.
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence::conformance {

namespace {

config_change change_of(const tenant_id& tenant, shard_id shard, bool with_push) {
  config_change made;
  made.tenant = tenant;
  made.shard = shard;
  if (with_push) made.objects = {{"channel", "push", "file", "kind = \"webhook\""}};
  made.identities = {{instance_id("hq"), tenant.str() + ".example:443", "client"}};
  made.actor = "jo";
  made.at = noon;
  return made;
}

write_batch rows_of(const tenant_id& tenant, const fence& owner, const std::string& id) {
  write_batch made;
  made.tenant = tenant;
  made.owner = owner;
  made.at = noon;
  const alert about = make_alert("al_" + id, tenant);
  made.alerts = {about};
  delivery row = make_row(id, about);
  row.tenant = tenant;
  row.state = delivery_state::claimed;
  made.deliveries = {row};
  return made;
}

} // namespace

void tenants_stay_in_their_shard(const store_opener& open) {
  const auto held = open();
  CHECK(held->config_heads()->empty());
  REQUIRE(held->replace_config(change_of(tenant_id("acme"), 0, true)).ok());
  REQUIRE(held->replace_config(change_of(tenant_id("globex"), 1, true)).ok());
  REQUIRE(held->replace_config(change_of(tenant_id("globex"), 0, false)).ok()); // placed already
  const auto heads = *held->config_heads();
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].tenant == tenant_id("acme"));
  CHECK(heads[0].version == 1);
  CHECK(heads[0].shard == 0);
  CHECK(heads[1].version == 2);
  CHECK(heads[1].shard == 1);
  const auto documents = *held->load_configs({});
  REQUIRE(documents.size() == 2);
  CHECK(documents[0].shard == 0);
  CHECK(documents[1].shard == 1);
  const auto one = *held->load_configs(tenant_id("globex"));
  REQUIRE(one.size() == 1);
  CHECK(one[0].version == 2);

  auto gone = change_of(tenant_id("globex"), 0, false);
  gone.remove_tenant = true;
  gone.identities.clear();
  REQUIRE(held->replace_config(gone).ok());
  CHECK(held->config_heads()->size() == 1);
  // What it wrote is under that shard's fence, so it comes back to it.
  REQUIRE(held->replace_config(change_of(tenant_id("globex"), 0, true)).ok());
  CHECK(held->config_heads()->at(1).shard == 1);
}

void a_shard_takes_up_its_own_tenants_only(const store_opener& open) {
  const auto held = open();
  const auto take = [&](shard_id shard, const std::string& who) {
    const auto owner = held->take_shard(shard, incarnation_id(who), noon);
    REQUIRE(owner.ok());
    return *owner;
  };
  const auto acmes = take(0, "in_a");
  const auto globexes = take(1, "in_b");
  const std::vector<std::pair<tenant_id, fence>> all{{tenant_id("acme"), acmes}, {tenant_id("globex"), globexes}};
  for (const auto& [tenant, owner] : all) {
    REQUIRE(held->replace_config(change_of(tenant, owner.shard, true)).ok());
    const auto batch = rows_of(tenant, owner, "dl_" + tenant.str());
    REQUIRE(held->commit(std::span(&batch, 1))->front().ok());
  }
  const auto fate = [&](const std::string& id) {
    const auto found = *held->find_delivery(delivery_id(id));
    REQUIRE(found);
    return std::string(name(found->row.state));
  };
  const std::vector<known_channel> known{{tenant_id("acme"), channel_id("push")},
                                         {tenant_id("globex"), channel_id("push")}};
  SECTION("claims") {
    const auto next = take(1, "in_c");
    const auto tally = held->recover_claims(next, known, noon);
    REQUIRE(tally.ok());
    CHECK(tally->resumed == 1); // a critical
    CHECK(fate("dl_globex") == "pending");
    CHECK(fate("dl_acme") == "claimed"); // of somebody who is well
  }
  SECTION("rows of channels that are gone") {
    for (const auto& [tenant, owner] : all) REQUIRE(held->replace_config(change_of(tenant, owner.shard, false)).ok());
    REQUIRE(held->recover_claims(take(0, "in_c"), known, noon).ok());
    CHECK(fate("dl_acme") == "unknown");
    CHECK(fate("dl_globex") == "claimed");
  }
}

void commands_are_seen_from_everywhere(const store_opener& open) {
  desk work(open);
  const auto ask = [&](const std::string& tenant, const std::string& id, wall_time at) {
    command asked;
    asked.tenant = tenant_id(tenant);
    asked.id = id;
    asked.at = at;
    REQUIRE(work.held->insert_command(asked).ok());
  };
  ask("globex", "c2", noon + std::chrono::seconds(1));
  ask("acme", "c1", noon);
  const auto elsewhere = open();
  const auto inbox = *elsewhere->open_commands({});
  REQUIRE(inbox.size() == 2);
  CHECK(inbox[0].id == "c1");
  CHECK(inbox[1].tenant == tenant_id("globex"));
  CHECK(elsewhere->decided_commands({"c1", "c2", "c3"})->empty());

  auto batch = work.batch();
  batch.commands = {{"c1", command_answer::already, "acknowledged by jo", delivery_id("dl_1")}};
  work.commit(batch);
  const auto decided = *elsewhere->decided_commands({"c1", "c2", "c3"});
  REQUIRE(decided.size() == 1);
  CHECK(decided[0] == command_result{"c1", command_answer::already, "acknowledged by jo", delivery_id("dl_1")});
  CHECK(elsewhere->open_commands({})->size() == 1);
}

} // namespace ringdown::persistence::conformance
