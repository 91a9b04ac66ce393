// Whose the acknowledgement of an outage is, and for how long (SEMANTICS S-A9, S-C4).
#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using events_of = std::vector<notice_event>;
using enum notice_event;

TEST_CASE("the acknowledgement of an outage is its members', and holds for fifteen minutes after it") {
  outage_bench t(5);
  t.fail_in_turn({1, 2, 3});
  t.ask(command_kind::acknowledge, t.outage()->id);
  for (int i = 1; i <= 3; ++i) CHECK(t.trunk(pbx(i)).ack->by == "jo");
  CHECK(t.events(hook, t.trunk(pbx(2))).back() == acknowledged);
  t.fail_in_turn({4}); // a later member too
  CHECK(t.trunk(pbx(4)).phase == alert_phase::acknowledged);
  for (int i = 1; i <= 3; ++i) t.recovers(pbx(i));
  t.pass(5min);
  REQUIRE_FALSE(t.has_outage());
  t.settled(pbx(4));
  CHECK(t.told(push, t.trunk(pbx(4))).empty());
  t.pass(15min - 1us);
  CHECK(t.trunk(pbx(4)).phase == alert_phase::acknowledged);
  t.restart();
  t.pass(1us);
  CHECK(t.trunk(pbx(4)).phase == alert_phase::firing);
  t.settled(pbx(4));
  CHECK(t.events(push, t.trunk(pbx(4))) == events_of{fired});
}

TEST_CASE("a PBX that belongs to an acknowledged outage between two changes of one poll is acknowledged by nobody") {
  outage_bench t(4);
  t.add_trunk(pbx(4), "T2", "sip.other.example");
  t.fail_in_turn({1, 2, 3});
  t.ask(command_kind::acknowledge, t.outage()->id);
  t.fails(pbx(4));
  t.fails(pbx(4), "T2");
  t.news({failing(alert_type::all_trunks_down, "", severity::critical, pbx(4))}, pbx(4));
  const alert& all = t.at(alert_type::all_trunks_down, "", pbx(4));
  REQUIRE(all.parent == std::nullopt); // two providers
  // The trunk of the other provider first: for that moment only those of the outage fail.
  t.set(pbx(4), "T1", resource_state::registered);
  t.set(pbx(4), "T2", resource_state::registered);
  t.news({healthy(alert_type::trunk_down, "T2", pbx(4)), healthy(alert_type::trunk_down, "T1", pbx(4))}, pbx(4));
  CHECK(all.parent == std::nullopt);
  CHECK(all.phase == alert_phase::firing);
  CHECK_FALSE(all.ack);
}

TEST_CASE("explain says that a member whose acknowledgement ended with its outage waits for two polls") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.ask(command_kind::acknowledge, t.outage()->id);
  t.recovers(pbx(1));
  t.recovers(pbx(2));
  t.pass(5min);
  REQUIRE_FALSE(t.has_outage());
  const alert before = t.trunk(pbx(3));
  t.pass(15min);
  const alert& after = t.trunk(pbx(3));
  REQUIRE(after.phase == alert_phase::firing);
  REQUIRE(after.version == before.version + 1);
  CHECK(std::ranges::any_of(t.decisions, [&](const decision& d) {
    return d.alert == after.id && d.version == after.version && d.deciding == reason::settling && d.channel.empty();
  }));
}

TEST_CASE("who acknowledges a member by itself holds it for longer than its outage") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.ask(command_kind::acknowledge, t.outage()->id);
  t.ask(command_kind::acknowledge, t.trunk(pbx(3)).id);
  CHECK(t.last.commands.front().answer == command_answer::done);
  t.recovers(pbx(1));
  t.recovers(pbx(2));
  t.pass(1h);
  REQUIRE_FALSE(t.has_outage());
  CHECK(t.trunk(pbx(3)).phase == alert_phase::acknowledged);
}
