// The tenant's rules, scene by scene: what an outsider sees of transitions, time and reports.
#include "actors/logic/tenant_machine.hpp"

#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using enum alert_type;
using enum notice_event;

namespace {

using events = std::vector<notice_event>;
using reasons = std::vector<reason>;

} // namespace

TEST_CASE("thirty equal polls are one message per channel, and the recovery one resolve") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  CHECK(t.events(push) == events{fired});
  CHECK(t.events(hook) == events{fired});
  for (int i = 0; i < 29; ++i) {
    t.pass(1min);
    CHECK(t.news({failing(trunk_down)}).empty());
  }
  const auto fire = t.rows.front().id;
  t.news({healthy(trunk_down)});
  CHECK(t.events(push) == events{resolved});
  CHECK(t.events(hook) == events{resolved});
  CHECK(t.made(push).front().after == fire);
  REQUIRE(t.last.suppressions.size() == 1);
  CHECK(t.last.suppressions[0].why == reason::resolved_first);
  CHECK(t.last.withdraw == std::vector{t.at(trunk_down).id});
  CHECK(t.news({healthy(trunk_down)}).empty());
  CHECK(t.rows.size() == 4);
}

TEST_CASE("a re-fire within the window is the same episode and is told again; later it is the next") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({healthy(trunk_down)});
  t.pass(20min);
  t.news({failing(trunk_down)});
  CHECK(t.events(push) == events{fired});
  CHECK(t.at(trunk_down).episode == 1);
  t.news({healthy(trunk_down)});
  CHECK(t.events(push) == events{resolved});
  t.pass(31min);
  t.news({failing(trunk_down)});
  CHECK(t.at(trunk_down).episode == 2);
  CHECK(t.events(push) == events{fired});
  CHECK(t.ids_unique);
}

TEST_CASE("an outage a year after the last one, after a restart, is told as a new episode") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({healthy(trunk_down)});
  t.pass(24h * 365);
  t.restart();
  t.news({failing(trunk_down)});
  CHECK(t.events(push) == events{fired});
  CHECK(t.at(trunk_down).episode == 2);
  CHECK(t.ids_unique);
}

TEST_CASE("a rise breaks the acknowledgement and is told; a fall is for mirrors and logs only") {
  tenant_bench t;
  t.news({failing(sim_calls, "", severity::warning)});
  const alert_id id = t.at(sim_calls, "").id;
  t.ask(command_kind::acknowledge, id);
  t.news({failing(sim_calls, "", severity::critical)});
  CHECK(t.events(push) == events{fired});
  CHECK(t.at(sim_calls, "").phase == alert_phase::firing);
  CHECK_FALSE(t.at(sim_calls, "").ack);
  t.news({failing(sim_calls, "", severity::warning)});
  CHECK(t.events(push).empty());
  CHECK(t.events(hook) == events{updated});
  t.pass(1min);
  t.news({failing(sim_calls, "", severity::critical)});
  CHECK(t.events(push).empty());
  CHECK(t.at(sim_calls, "").told == severity::critical);
  CHECK(t.reasons().back() == reason::not_above_told);
  CHECK(t.ids_unique);
}

TEST_CASE("an unsent rise takes no recovery away from who was told of the fire") {
  tenant_bench t;
  t.news({failing(sim_calls, "", severity::warning)});
  const delivery fire = t.made(push).front();
  t.report(fire, delivery_state::sent);
  t.news({failing(sim_calls, "", severity::critical)});
  t.news({healthy(sim_calls, "")});
  REQUIRE(t.made(push).size() == 1);
  CHECK(t.made(push).front().after == fire.id);
}

TEST_CASE("who was never told hears of no recovery") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const delivery to_push = t.made(push).front();
  t.report(to_push, delivery_state::dead);
  t.news({healthy(trunk_down)});
  CHECK(t.events(push).empty());
  CHECK(t.events(hook) == events{resolved});
}

TEST_CASE("a summary that died takes all it covered with it") {
  tenant_bench t;
  auto a = failing(trunk_down, "T1");
  auto b = failing(trunk_down, "T2");
  a.how = b.how = sighting::first_sight;
  t.news({a, b});
  REQUIRE(t.events(push) == events{summary});
  t.report(t.made(push).front(), delivery_state::dead);
  t.news({healthy(trunk_down, "T1"), healthy(trunk_down, "T2")});
  CHECK(t.events(push).empty());
  CHECK(t.events(hook) == events{resolved, resolved});
}

TEST_CASE("what is down at first sight is one summary per person and one row each to the log") {
  tenant_bench t;
  auto a = failing(trunk_down, "T1", severity::warning);
  auto b = failing(service_down, "Phone System");
  a.how = b.how = sighting::first_sight;
  t.news({a, b});
  CHECK(t.events(push) == events{summary});
  CHECK(t.events(hook) == events{fired, fired});
  CHECK(t.made(push).front().level == severity::critical);
  CHECK(t.at(trunk_down).first_sight);
}

TEST_CASE("a removed resource closes its alert, and says so instead of a recovery") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({change(trunk_down, "T1", condition::removed)});
  CHECK(t.events(push) == events{resolved});
  CHECK_THAT(t.made(push).front().content.text, Contains("no longer configured"));
  CHECK(t.at(trunk_down).removed);
  CHECK(t.last.audits.front().action == "alert.removed");
}

TEST_CASE("an unknown resource keeps its pager") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({lost(trunk_down)});
  CHECK(t.last.deliveries.empty());
  CHECK(t.at(trunk_down).phase == alert_phase::firing);
  CHECK(t.at(trunk_down).unseen_since == t.now);
}

TEST_CASE("an unreachable PBX speaks for everything below it, in whatever order the news lists them") {
  tenant_bench t;
  t.news({failing(trunk_down), failing(sbc_offline, "S1"), failing(instance_unreachable)});
  CHECK(t.events(push) == events{fired});
  CHECK(t.made(push).front().alert == t.at(instance_unreachable).id);
  CHECK(t.at(trunk_down).parent == t.at(instance_unreachable).id);
  CHECK_FALSE(t.at(trunk_down).told);
  CHECK(t.reasons() == reasons{reason::masked_parent, reason::masked_parent, reason::first, reason::first});
}

TEST_CASE("all trunks down speaks for the single ones, which are told when it ends and they still fail") {
  tenant_bench t;
  t.news({failing(trunk_down, "T1")});
  t.news({failing(all_trunks_down), failing(trunk_down, "T2"), failing(trunk_down, "T3")});
  CHECK(t.events(push) == events{fired});
  CHECK(t.at(trunk_down, "T1").masks == with(0, mask::parent));
  t.news({healthy(all_trunks_down), healthy(trunk_down, "T3")});
  CHECK(t.last.settle == std::vector{hq});
  CHECK(t.events(push) == events{resolved});
  t.settled();
  // T1 was told before; T2 never was.
  CHECK(t.events(push) == events{fired});
  CHECK(t.made(push).front().alert == t.at(trunk_down, "T2").id);
  CHECK(t.settled().empty());
}

TEST_CASE("a parent's recovery resolves no child; after two complete polls what still fails is one notice") {
  tenant_bench t;
  t.news({failing(instance_unreachable)});
  t.news({failing(trunk_down, "T1"), failing(trunk_down, "T2"), failing(trunk_down, "T3")});
  CHECK(t.last.deliveries.empty());
  t.pass(31min);
  t.news({healthy(instance_unreachable), healthy(trunk_down, "T3")});
  REQUIRE(t.events(push) == events{resolved});
  CHECK(t.made(push).front().content.text == "Acme HQ is back after 31 min. Still down: T1, T2.");
  t.settled();
  CHECK(t.events(push) == events{summary});
  CHECK(t.events(hook) == events{fired, fired});
  CHECK(t.made(push).front().content.alerts.size() == 2);
}

TEST_CASE("a fire told before in the episode does not hide one that nobody was told of") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({healthy(trunk_down)});
  t.pass(5min);
  t.news({failing(instance_unreachable)});
  t.news({failing(trunk_down)});
  CHECK(t.last.deliveries.empty());
  t.news({healthy(instance_unreachable)});
  t.settled();
  CHECK(t.events(push) == events{fired});
}

TEST_CASE("an instance that does not settle is asked again, also after a restart") {
  tenant_bench t;
  t.news({failing(instance_unreachable)});
  t.news({failing(trunk_down)});
  t.news({healthy(instance_unreachable)});
  REQUIRE(t.last.settle == std::vector{hq});
  t.pass(4min);
  CHECK(t.last.settle == std::vector{hq});
  t.restart();
  t.pass(0min);
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
  t.pass(1h);
  CHECK(t.last.settle.empty());
}

TEST_CASE("what is found after a silence is told together, and a recovery nobody watched is dated by a window") {
  tenant_bench t;
  t.news({failing(sbc_offline, "S1")});
  auto back = healthy(sbc_offline, "S1");
  back.not_before = t.now;
  back.since = t.now + 31min;
  auto a = failing(trunk_down, "T1");
  auto b = failing(trunk_down, "T2");
  a.how = b.how = back.how = sighting::after_silence;
  t.pass(31min);
  t.news({a, b, back});
  CHECK(t.events(push) == events{resolved, summary});
  CHECK_THAT(t.made(push).front().content.text, Contains("It recovered between 14:13 and 14:44 UTC."));
}

TEST_CASE("a bridge watched from both ends is one alert; the second end is told when the first ends alone") {
  tenant_bench t;
  auto near = failing(bridge_down, "B1", severity::warning);
  near.provider = "branch.example.com";
  auto far = failing(bridge_down, "B9", severity::warning, branch);
  far.provider = "hq.example.com";
  t.news({near});
  CHECK(t.events(push) == events{fired});
  t.pass(10s);
  t.news({far}, branch);
  CHECK(t.last.deliveries.empty());
  CHECK(t.at(bridge_down, "B9", branch).parent == t.at(bridge_down, "B1").id);
  t.news({healthy(bridge_down, "B1")});
  CHECK(t.last.settle == std::vector{branch});
  t.settled(branch);
  CHECK(t.events(push) == events{fired});
}

TEST_CASE("bridges to elsewhere are not folded") {
  tenant_bench t;
  auto near = failing(bridge_down, "B1", severity::warning);
  near.provider = "third.example.com";
  auto far = failing(bridge_down, "B9", severity::warning, branch);
  far.provider = "hq.example.com";
  t.news({near});
  t.news({far}, branch);
  CHECK(t.events(push) == events{fired});
}

TEST_CASE("a flapping trunk is told as flapping once, then quiet, then resolved when it stayed up") {
  tenant_bench t;
  for (int i = 0; i < 2; ++i) {
    t.news({failing(trunk_down)});
    t.pass(1min);
    t.news({healthy(trunk_down)});
    t.pass(1min);
  }
  t.news({failing(trunk_down)});
  CHECK(t.events(push) == events{fired});
  CHECK_THAT(t.made(push).front().content.title, Contains("flapping"));
  const auto rows = t.rows.size();
  for (int i = 0; i < 10; ++i) {
    t.pass(1min);
    t.news({i % 2 == 0 ? healthy(trunk_down) : failing(trunk_down)});
    CHECK(t.reasons() == reasons{reason::flapping});
  }
  t.pass(1min);
  t.news({healthy(trunk_down)});
  CHECK(t.rows.size() == rows);
  t.pass(14min);
  CHECK(t.at(trunk_down).phase == alert_phase::firing);
  t.pass(1min);
  CHECK(t.at(trunk_down).phase == alert_phase::resolved);
  CHECK(t.events(push) == events{resolved});
}

TEST_CASE("a flapping trunk that stays down is plain firing, unacknowledged and told again") {
  tenant_bench t;
  for (int i = 0; i < 5; ++i) t.news({i % 2 == 0 ? failing(trunk_down) : healthy(trunk_down)});
  REQUIRE(t.at(trunk_down).flapping);
  t.ask(command_kind::acknowledge, t.at(trunk_down).id);
  t.pass(15min);
  CHECK_FALSE(t.at(trunk_down).flapping);
  CHECK_FALSE(t.at(trunk_down).ack);
  CHECK(t.events(push) == events{fired});
}

TEST_CASE("a change of configuration sends nothing; alerts of a removed instance close") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.news({failing(trunk_down, "T1", severity::critical, branch)}, branch);
  CHECK(t.configure(usual_config()).empty());
  tenant_config smaller = usual_config();
  smaller.instances.erase(smaller.instances.begin());
  t.configure(smaller);
  CHECK(t.last.deliveries.empty());
  CHECK(t.at(trunk_down).removed);
  CHECK(t.at(trunk_down, "T1", branch).phase == alert_phase::firing);
  CHECK(t.last.suppressions.size() == 1);
  CHECK(t.configure(smaller).empty());
}

TEST_CASE("the configured severity replaces the usual one, but for thresholds") {
  tenant_config config = usual_config();
  config.severities = {{"trunk_down", severity::warning}, {"sim_calls", severity::info}};
  tenant_bench t(config);
  t.news({failing(trunk_down), failing(sim_calls, "")});
  CHECK(t.at(trunk_down).level == severity::warning);
  CHECK(t.at(sim_calls, "").level == severity::critical);
}

TEST_CASE("each change of an alert leaves one audit line") {
  tenant_bench t;
  std::vector<std::string> actions;
  const auto note = [&](const logic::effects& made) {
    for (const audit_entry& one : made.audits) actions.push_back(one.action);
  };
  note(t.news({failing(trunk_down, "T1", severity::warning)}));
  note(t.news({failing(trunk_down)}));
  note(t.news({failing(trunk_down)}));
  note(t.ask(command_kind::acknowledge, t.at(trunk_down).id));
  note(t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + 1h));
  note(t.news({healthy(trunk_down)}));
  CHECK(actions == std::vector<std::string>{"alert.fired", "alert.raised", "alert.acknowledged", "alert.snoozed",
                                            "alert.resolved"});
}

TEST_CASE("a service desk whose fire gave way to a newer row is owed the end") {
  auto config = usual_config();
  config.channels.push_back(channel("desk", "psa"));
  tenant_bench t(std::move(config));
  t.slow = true;
  t.news({failing(trunk_down)});
  REQUIRE(t.made(channel_id("desk")).size() == 1);
  const delivery fire = t.made(channel_id("desk")).front();
  t.ask(command_kind::acknowledge, t.at(trunk_down).id);
  t.report(fire, delivery_state::suppressed, reason::superseded);
  t.news({healthy(trunk_down)});
  CHECK(t.events(channel_id("desk")).back() == resolved);
}
