// Outages of providers as people hear of them (PRODUCT I-04; SEMANTICS S-C1 - S-C4).
#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using events_of = std::vector<notice_event>;
using enum notice_event;

TEST_CASE("trunks of one provider that fail together are told once, and their own news is over") {
  outage_bench t(6);
  t.fail_in_turn({1, 2});
  CHECK_FALSE(t.has_outage()); // two of six: each by itself
  t.fail_in_turn({3});
  REQUIRE(t.has_outage());
  const alert& outage = *t.outage();
  CHECK(outage.since == t.trunk(pbx(1)).since);
  CHECK(t.events(push, outage) == events_of{fired});
  CHECK(t.told(push, outage).front().content.title ==
        "Provider sip.carrier.example: trunks down at 3 PBXes: PBX 1, PBX 2, PBX 3");
  CHECK(t.told(push, t.trunk(pbx(3))).empty());
  for (int i = 1; i <= 3; ++i) {
    CHECK(t.trunk(pbx(i)).masks == with(0, mask::parent));
    CHECK(t.trunk(pbx(i)).parent == outage.id);
  }
  // Later members are heard of by nobody's phone.
  t.fail_in_turn({4, 5, 6});
  CHECK(t.events(push, outage) == events_of{fired});
  for (int i = 4; i <= 6; ++i) CHECK(t.told(push, t.trunk(pbx(i))).empty());
  CHECK(t.outage()->detail == "6 PBXes: PBX 1, PBX 2, PBX 3, PBX 4, PBX 5, PBX 6");
}

TEST_CASE("half of a provider's trunks at two PBXes are an outage, told in place of the second") {
  outage_bench t(4);
  t.fail_in_turn({1, 2});
  REQUIRE(t.has_outage());
  CHECK(t.events(push, t.trunk(pbx(1))) == events_of{fired});
  CHECK(t.told(push, t.trunk(pbx(2))).empty());
  CHECK(t.events(push, *t.outage()) == events_of{fired});
  CHECK(std::ranges::count(t.last.withdraw, t.trunk(pbx(1)).id) == 1); // what is not begun is dropped
}

TEST_CASE("an outage of one PBX, or of trunks without a registrar, is none") {
  outage_bench t(1);
  t.add_trunk(pbx(1), "T2");
  t.fails(pbx(1));
  t.fails(pbx(1), "T2");
  CHECK_FALSE(t.has_outage());
  outage_bench nameless(3);
  for (int i = 1; i <= 3; ++i) nameless.move(pbx(i), "");
  nameless.fail_in_turn({1, 2, 3});
  CHECK_FALSE(nameless.has_outage(""));
  CHECK(nameless.events(push, nameless.trunk(pbx(3))) == events_of{fired});
}

TEST_CASE("PBXes that have only one trunk each fail with all of theirs, and are members too") {
  outage_bench t(4);
  t.all_fail(pbx(1));
  t.all_fail(pbx(2));
  REQUIRE(t.has_outage());
  CHECK(t.at(alert_type::all_trunks_down, "", pbx(1)).parent == t.outage()->id);
  CHECK(t.told(push, t.at(alert_type::all_trunks_down, "", pbx(2))).empty());
}

TEST_CASE("all trunks of a PBX are more than the outage of one of its providers") {
  outage_bench t(4);
  t.add_trunk(pbx(2), "T2", "sip.other.example");
  t.all_fail(pbx(1));
  t.all_fail(pbx(2));
  REQUIRE(t.has_outage());
  const alert& all = t.at(alert_type::all_trunks_down, "", pbx(2));
  CHECK(all.masks == 0);
  CHECK(t.events(push, all) == events_of{fired});
}

TEST_CASE("two providers have each their outage, and hosts of one are listed") {
  tenant_config config = several_pbxes(4);
  config.providers = {{"bandwidth", "Bandwidth", {"a.example", "b.example"}}};
  outage_bench t(config);
  for (int i = 1; i <= 4; ++i) {
    t.add_trunk(pbx(i), "T1", i % 2 == 0 ? "a.example" : "B.example");
    t.add_trunk(pbx(i), "T2", "other.example");
  }
  for (int i = 1; i <= 2; ++i) {
    t.fails(pbx(i), "T1");
    t.fails(pbx(i), "T2");
  }
  REQUIRE(t.has_outage("bandwidth"));
  REQUIRE(t.has_outage("other.example"));
  CHECK(t.trunk(pbx(1), "T1").parent == t.outage("bandwidth")->id);
  CHECK(t.trunk(pbx(1), "T2").parent == t.outage("other.example")->id);
  CHECK_THAT(t.told(push, *t.outage("bandwidth")).front().content.title, Contains("Provider Bandwidth: trunks down"));
}

TEST_CASE("a trunk that failed long before, or was found failing at first sight, begins no outage") {
  outage_bench t(6);
  t.fails(pbx(1));
  t.fails(pbx(2));
  t.pass(20min);
  t.fails(pbx(3));
  CHECK_FALSE(t.has_outage());
  t.fails(pbx(4), "T1", sighting::first_sight);
  CHECK_FALSE(t.has_outage());
  t.fails(pbx(5));
  t.fails(pbx(6));
  REQUIRE(t.has_outage());
  CHECK(t.trunk(pbx(1)).masks == 0);
  CHECK(t.trunk(pbx(4)).parent == t.outage()->id);
}

TEST_CASE("logs have every member's fire and end, with the outage named") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  CHECK(t.events(hook, t.trunk(pbx(1))) == events_of{fired, updated});
  CHECK(t.events(hook, t.trunk(pbx(2))) == events_of{fired});
  CHECK(t.events(hook, t.trunk(pbx(3))) == events_of{fired});
  for (int i = 1; i <= 3; ++i)
    CHECK(t.told(hook, t.trunk(pbx(i))).back().content.alerts.front().parent == t.outage()->id);
  t.recovers(pbx(3));
  CHECK(t.events(hook, t.trunk(pbx(3))) == events_of{fired, resolved});
  CHECK(t.told(push, t.trunk(pbx(3))).empty());
}

TEST_CASE("the first ticket becomes the outage's, and later members are notes on it") {
  outage_bench t(4);
  t.fail_in_turn({1});
  const delivery first = t.told(desk, t.trunk(pbx(1))).front();
  t.fail_in_turn({2});
  const alert outage = *t.outage();
  REQUIRE(t.events(desk, outage) == events_of{fired});
  const delivery parent = t.told(desk, outage).front();
  CHECK(parent.after == first.id);
  REQUIRE(parent.content.alerts.size() == 3);
  CHECK(parent.content.alerts[0].id == outage.id);
  CHECK(parent.content.alerts[1].id == t.trunk(pbx(1)).id);
  CHECK(parent.content.alerts[2].id == t.trunk(pbx(2)).id);
  t.fail_in_turn({3});
  CHECK(t.told(desk, t.trunk(pbx(3))).empty());
  CHECK(t.events(desk, outage) == events_of{fired, updated});
  CHECK_THAT(t.told(desk, outage).back().content.text, Contains("Failed too: PBX 3: trunk T1 down."));
  // The end of the first member does not close what is the outage's now.
  t.recovers(pbx(1));
  CHECK(t.events(desk, t.trunk(pbx(1))) == events_of{fired});
  CHECK(t.events(desk, outage) == events_of{fired, updated, updated});
  CHECK_THAT(t.told(desk, outage).back().content.text, Contains("Recovered: PBX 1: trunk T1 up again."));
  CHECK(t.events(push, t.trunk(pbx(1))) == events_of{fired, resolved}); // S-A12
}

TEST_CASE("a chat has no ticket to take over: it hears of the first member's end as of its fire") {
  auto config = several_pbxes(4);
  config.channels.push_back(channel("room", "teams"));
  const channel_id room("room");
  outage_bench t(std::move(config));
  for (int i = 1; i <= 4; ++i) t.add_trunk(pbx(i));
  t.fail_in_turn({1, 2, 3});
  CHECK_FALSE(t.told(room, *t.outage()).front().after);
  t.recovers(pbx(1));
  CHECK(t.events(room, t.trunk(pbx(1))) == events_of{fired, resolved});
}

TEST_CASE("a member that is gone has not recovered, and the outage's ticket says so") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.truth.at(pbx(3)).resources.clear();
  transition gone = healthy(alert_type::trunk_down, "T1", pbx(3));
  gone.to = condition::removed;
  t.news({gone}, pbx(3));
  CHECK_THAT(t.told(desk, *t.outage()).back().content.text, Contains("Removed: PBX 3: trunk T1 down."));
}

TEST_CASE("a member with a ticket of its own is told of there, and not on the outage's too") {
  outage_bench t(6);
  t.fail_in_turn({1, 2, 3});
  REQUIRE(t.has_outage());
  t.recovers(pbx(2));
  CHECK(t.events(desk, t.trunk(pbx(2))) == events_of{fired, resolved});
  CHECK(t.events(desk, *t.outage()) == events_of{fired});
}

TEST_CASE("an outage is over when fewer than two members fail for five minutes") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.recovers(pbx(1));
  t.recovers(pbx(2));
  t.pass(4min);
  CHECK(t.has_outage());
  t.fails(pbx(2));
  t.pass(10min);
  CHECK(t.has_outage()); // two fail again: the quiet begins anew
  t.recovers(pbx(2));
  t.pass(5min - 1us);
  CHECK(t.has_outage());
  t.pass(1us);
  CHECK_FALSE(t.has_outage());
  CHECK(t.events(push, *t.outage()) == events_of{fired, resolved});
  CHECK_THAT(t.told(push, *t.outage()).back().content.text, Contains("Still down: PBX 3: trunk T1 down."));
}

TEST_CASE("what an outage leaves down is told by itself once two polls have shown it, with its own beginning") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  const wall_time since = t.trunk(pbx(3)).since;
  t.recovers(pbx(1));
  t.recovers(pbx(2));
  t.pass(6min);
  REQUIRE_FALSE(t.has_outage());
  CHECK(t.trunk(pbx(3)).settling);
  CHECK(t.told(push, t.trunk(pbx(3))).empty());
  t.settled(pbx(3));
  CHECK(t.events(push, t.trunk(pbx(3))) == events_of{fired});
  CHECK(t.trunk(pbx(3)).since == since);
  CHECK(t.events(hook, t.trunk(pbx(3))) == events_of{fired}); // it has it already
  CHECK(t.events(desk, t.trunk(pbx(3))) == events_of{fired});
}

TEST_CASE("a member that was told before is not told again when the outage ends, unless its news was dropped") {
  outage_bench t(4);
  t.fail_in_turn({1});
  const delivery before = t.told(push, t.trunk(pbx(1))).front();
  t.fail_in_turn({2, 3});
  const auto end = [&] {
    t.recovers(pbx(2));
    t.recovers(pbx(3));
    t.pass(6min);
    t.settled(pbx(1));
  };
  SECTION("it arrived") {
    t.report(before, delivery_state::sent);
    end();
    CHECK(t.events(push, t.trunk(pbx(1))) == events_of{fired});
  }
  SECTION("the fold kept it from leaving") {
    t.report(before, delivery_state::suppressed, reason::masked_parent);
    end();
    CHECK(t.events(push, t.trunk(pbx(1))) == events_of{fired, fired});
  }
}

TEST_CASE("an outage that is over when its snooze ends is told to nobody once more") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.ask(command_kind::snooze, t.outage()->id, t.now + 1h);
  for (int i = 1; i <= 3; ++i) t.recovers(pbx(i));
  REQUIRE(t.has_outage());
  t.now += 2h; // nobody was there, or the clock was set
  t.tick();
  CHECK_FALSE(t.has_outage());
  CHECK(t.events(push, *t.outage()) == events_of{fired, resolved});
}

TEST_CASE("a restart in the middle of an outage tells nothing again, and the outage ends as it would have") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  const std::size_t before = t.rows.size();
  t.restart();
  t.pass(1h);
  t.settled(pbx(1));
  CHECK(t.rows.size() == before);
  CHECK(t.trunk(pbx(2)).parent == t.outage()->id);
  t.fails(pbx(4));
  CHECK(t.told(push, t.trunk(pbx(4))).empty());
  for (int i = 1; i <= 4; ++i) t.recovers(pbx(i));
  t.restart();
  t.pass(5min);
  CHECK(t.events(push, *t.outage()) == events_of{fired, resolved});
}

TEST_CASE("an outage that comes again within half an hour is the same one, told again") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  for (int i = 1; i <= 3; ++i) t.recovers(pbx(i));
  t.pass(6min);
  REQUIRE_FALSE(t.has_outage());
  t.fail_in_turn({1, 2, 3});
  REQUIRE(t.has_outage());
  CHECK(t.outage()->episode == 1);
  CHECK(t.events(push, *t.outage()) == events_of{fired, resolved, fired});
}

TEST_CASE("a trunk whose provider becomes another leaves the outage and speaks for itself") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  t.move(pbx(3), "sip.other.example");
  t.news({}, pbx(3));
  CHECK(t.trunk(pbx(3)).masks == 0);
  t.settled(pbx(3));
  CHECK(t.events(push, t.trunk(pbx(3))) == events_of{fired});
}

TEST_CASE("members that cannot be seen do not end an outage, and an unreachable PBX speaks for its own") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  for (int i = 1; i <= 3; ++i) {
    t.truth.at(pbx(i)).health.reach = reachability::unreachable;
    t.news({failing(alert_type::instance_unreachable, "", severity::critical, pbx(i))}, pbx(i));
  }
  t.pass(30min);
  CHECK(t.has_outage());
  CHECK(t.trunk(pbx(1)).parent == t.at(alert_type::instance_unreachable, "", pbx(1)).id);
}

TEST_CASE("a snoozed member stays snoozed under its outage, and of a muted type its logs hear all the same") {
  outage_bench t(4);
  t.fail_in_turn({1});
  t.ask(command_kind::snooze, t.trunk(pbx(1)).id, t.now + 2h);
  t.fail_in_turn({2});
  REQUIRE(t.has_outage());
  CHECK(has(t.trunk(pbx(1)).masks, mask::snooze));
  CHECK(has(t.trunk(pbx(1)).masks, mask::parent));
  command muted;
  muted.kind = command_kind::mute_type;
  muted.subject = "trunk_down";
  muted.until = t.now + 1h;
  t.ask(muted);
  t.fail_in_turn({3});
  CHECK(t.told(hook, t.trunk(pbx(3))).size() == 1);
  CHECK(t.told(push, t.trunk(pbx(3))).empty());
}

TEST_CASE("an outage under the kill switch is told when that ends") {
  outage_bench t(4);
  command silent;
  silent.kind = command_kind::silence;
  silent.until = t.now + 30min;
  t.ask(silent);
  t.fail_in_turn({1, 2, 3});
  REQUIRE(t.has_outage());
  CHECK(t.told(push, *t.outage()).empty());
  t.pass(40min);
  CHECK(t.events(push, *t.outage()) == events_of{fired});
  for (int i = 1; i <= 3; ++i) CHECK(t.told(push, t.trunk(pbx(i))).empty());
}

TEST_CASE("an outage that goes up and down speaks for nobody while it is up") {
  outage_bench t(4);
  for (int i = 0; i < 3; ++i) {
    t.fail_in_turn({1, 2});
    t.recovers(pbx(1));
    t.pass(5min);
    CHECK(t.trunk(pbx(2)).masks == 0);
    t.recovers(pbx(2));
  }
  REQUIRE(t.outage()->flapping);
  REQUIRE(t.outage()->current == condition::ok);
  t.fails(pbx(3));
  CHECK(t.trunk(pbx(3)).masks == 0);
  CHECK(t.events(push, t.trunk(pbx(3))) == events_of{fired});
}

TEST_CASE("a flapping member is neither an end nor a new notice") {
  outage_bench t(5);
  t.fail_in_turn({1, 2, 3});
  for (int i = 0; i < 4; ++i) {
    t.recovers(pbx(3));
    t.pass(30s);
    t.fails(pbx(3));
    t.pass(30s);
  }
  CHECK(t.has_outage());
  CHECK(t.trunk(pbx(3)).flapping);
  CHECK(t.events(push, *t.outage()) == events_of{fired});
  CHECK(t.told(push, t.trunk(pbx(3))).empty());
}

TEST_CASE("explain says of a member that its outage spoke for it") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  for (const channel_id& quiet : {push, desk})
    CHECK(std::ranges::any_of(t.decisions, [&](const decision& d) {
      return d.alert == t.trunk(pbx(3)).id && d.deciding == reason::correlated && d.channel == quiet && d.made.empty();
    }));
}

TEST_CASE("an outage goes where the rules send trunks, until one names it") {
  tenant_config config = several_pbxes(4);
  config.routes = {{{alert_type::trunk_down}, {}, {"noc-push"}}, {{}, {}, {}}};
  const auto told = [](const tenant_config& with) {
    outage_bench t(with);
    for (int i = 1; i <= 4; ++i) t.add_trunk(pbx(i));
    t.fail_in_turn({1, 2});
    return t.told(push, *t.outage()).size();
  };
  CHECK(told(config) == 1);
  config.routes.push_back({{alert_type::provider_outage}, {}, {}});
  CHECK(told(config) == 0);
}

TEST_CASE("a removed PBX leaves its outage, and the outage stays with the tenant") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  tenant_config fewer = t.config();
  fewer.instances.erase(fewer.instances.begin());
  t.truth.erase(pbx(1));
  t.configure(fewer);
  CHECK(t.last.deliveries.empty());
  CHECK(t.has_outage());
  CHECK(t.trunk(pbx(1)).phase == alert_phase::resolved);
}
