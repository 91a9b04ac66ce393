// What an owner of a shard may still write when somebody else has taken it.
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence::conformance {

void crashes_count_for_who_has_the_shard(const store_opener& open) {
  desk old(open);
  const auto crash = [&](const std::optional<fence>& owner, const std::string& actor, int second) {
    return old.held->note_crash(owner, old.tenant, actor, noon + std::chrono::seconds(second));
  };
  for (const int second : {1, 2, 3}) CHECK(crash(old.owner, "poller/acme/hq", second).ok());
  CHECK(crash(old.owner, "tenant/acme", 4).ok());
  auto all = *old.held->crashes();
  REQUIRE(all.size() == 2);
  CHECK(all.front().actor == "poller/acme/hq");
  CHECK(all.front().count == 3);
  CHECK(all.front().last == noon + std::chrono::seconds(3));

  const desk fresh(open);
  CHECK(crash(old.owner, "poller/acme/hq", 5).error().kind == failure_kind::conflict);
  CHECK(old.held->forget_crashes(old.owner, "poller/acme/hq").error().kind == failure_kind::conflict);
  CHECK(fresh.held->crashes()->front().count == 3);
  CHECK(crash(fresh.owner, "poller/acme/hq", 6).ok());
  CHECK(crash({}, "poller/acme/hq", 7).ok()); // it took its process down, when that still was the owner
  CHECK(fresh.held->crashes()->front().count == 5);

  CHECK(fresh.held->forget_crashes(fresh.owner, "poller/acme/hq").ok());
  all = *fresh.held->crashes();
  REQUIRE(all.size() == 1);
  CHECK(all.front().actor == "tenant/acme");
}

void an_old_owner_only_raises_a_login_budget(const store_opener& open) {
  const desk old(open);
  const desk fresh(open);
  const auto save = [&](const desk& who, const login_budget& left) {
    REQUIRE(who.held->save_login_budget(who.owner, who.tenant, instance_id("hq"), "n1", left).ok());
  };
  const auto stored = [&] { return fresh.held->load_tenant(fresh.tenant, "n1", noon)->budgets.at(instance_id("hq")); };
  const wall_time later = noon + std::chrono::minutes(5);

  save(old, {1, {}, "mark"}); // of nobody else yet
  CHECK(stored().failures == 1);
  save(fresh, {2, later, "mark"});
  save(old, {1, noon, "mark"});
  CHECK(stored().failures == 2);
  CHECK(stored().paused_until == later);
  save(old, {0, {}, "mark"});
  CHECK(stored().failures == 2);
  CHECK(stored().paused_until == later);
  save(old, {3, later + std::chrono::minutes(1), "mark"});
  CHECK(stored().failures == 3);
  CHECK(stored().paused_until == later + std::chrono::minutes(1));
  save(old, {9, {}, "another mark"}); // of credentials that nobody uses any more
  CHECK(stored().failures == 3);
  CHECK(stored().credentials == "mark");

  save(fresh, {0, {}, "mark"});
  CHECK(stored().failures == 0);
  CHECK_FALSE(stored().paused_until.has_value());
  save(old, {1, noon, "mark"});
  CHECK(stored().failures == 1);
  CHECK(stored().paused_until == noon);
}

} // namespace ringdown::persistence::conformance
