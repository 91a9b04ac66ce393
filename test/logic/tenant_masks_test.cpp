// What is owed when a mask lifts: to whom, once, and what a storm becomes.
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

void quiet(tenant_bench& t, duration span) {
  command c;
  c.kind = command_kind::silence;
  c.until = t.now + span;
  t.ask(c);
}

void snooze(tenant_bench& t, duration span) { t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + span); }

// Changes until it counts as flapping and is down.
void flap(tenant_bench& t) {
  for (int i = 0; i < 5; ++i) t.news({i % 2 == 0 ? failing(trunk_down) : healthy(trunk_down)});
  REQUIRE(t.at(trunk_down).flapping);
}

} // namespace

TEST_CASE("a push suppressed by the kill switch is made up for when it ends, though the webhook was told") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const delivery to_push = t.made(push).front();
  t.report(t.made(hook).front(), delivery_state::sent);
  quiet(t, 10min);
  t.report(to_push, delivery_state::suppressed);
  t.pass(10min);
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.events(hook).empty());
  CHECK(t.made(push).front().version == to_push.version); // what others still owe of it stands
  CHECK(t.reasons() == reasons{reason::mask_lifted, reason::not_above_told});
  CHECK(t.ids_unique);
  t.news({healthy(trunk_down)});
  CHECK(t.events(push) == events{resolved});
}

TEST_CASE("a rise suppressed by a mute is made up for where only the warning arrived") {
  tenant_bench t;
  t.news({failing(sim_calls, "", severity::warning)});
  t.report(t.made(push).front(), delivery_state::sent);
  t.news({failing(sim_calls, "", severity::critical)});
  const delivery rise = t.made(push).front();
  quiet(t, 10min);
  t.report(rise, delivery_state::suppressed);
  t.pass(10min);
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.made(push).front().level == severity::critical);
}

TEST_CASE("a channel routed to only while it was quiet is told when the mask lifts") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  quiet(t, 10min);
  tenant_config config = usual_config();
  config.channels.push_back(channel("spare", "ntfy"));
  t.configure(config);
  t.pass(10min);
  t.settled();
  REQUIRE(t.last.deliveries.size() == 1);
  CHECK(t.last.deliveries[0].channel == channel_id("spare"));
}

TEST_CASE("a push suppressed for a snooze that was then refused is made up for") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const delivery to_push = t.made(push).front();
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now - 1h);
  t.report(to_push, delivery_state::suppressed, reason::snoozed_first);
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.events(hook).empty());
}

TEST_CASE("a snooze that ends under the kill switch is told when that ends, once") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  snooze(t, 1h);
  t.pass(50min);
  quiet(t, 20min);
  t.pass(15min);
  CHECK(t.last.deliveries.empty());
  CHECK(t.reasons() == reasons{reason::kill_switch});
  t.restart();
  t.pass(5min);
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.events(hook) == events{fired});
  CHECK(t.reasons().front() == reason::mask_lifted);
  CHECK_FALSE(t.at(trunk_down).snoozed_until);
  const auto rows = t.rows.size();
  quiet(t, 10min);
  t.pass(10min);
  t.settled();
  t.pass(48h);
  CHECK(t.rows.size() == rows);
  CHECK(t.ids_unique);
}

TEST_CASE("a snooze that ends under a parent is told after the parent, once") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  snooze(t, 1h);
  t.news({failing(instance_unreachable)});
  t.pass(2h);
  t.news({healthy(instance_unreachable)});
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.settled().empty());
}

TEST_CASE("told again by hand, a snooze that was owed is paid") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  snooze(t, 1h);
  t.news({failing(instance_unreachable)});
  t.pass(2h);
  t.news({healthy(instance_unreachable)});
  t.ask(command_kind::renotify, t.at(trunk_down).id);
  CHECK(t.events(push) == events{fired});
  t.settled();
  CHECK(t.last.deliveries.empty());
}

TEST_CASE("flapping that ends down under a mask is told plainly when the mask lifts, once") {
  tenant_bench t;
  flap(t);
  quiet(t, 1h);
  t.pass(1h);
  CHECK(t.last.deliveries.empty());
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK_THAT(t.made(push).front().content.title, !Contains("flapping"));
  const auto rows = t.rows.size();
  t.pass(5h);
  CHECK(t.rows.size() == rows);
}

TEST_CASE("flapping that began under a mask is told when the mask lifts, though it is up at that moment") {
  tenant_bench t;
  quiet(t, 1min);
  flap(t);
  t.pass(1min);
  t.news({healthy(trunk_down)});
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK_THAT(t.made(push).front().content.title, Contains("flapping"));
}

TEST_CASE("a flapping alert whose snooze and quiet end at once rings once") {
  tenant_bench t;
  flap(t);
  snooze(t, 15min);
  const auto rows = t.rows.size();
  t.pass(20min);
  CHECK(t.rows.size() == rows + 2);
  CHECK_FALSE(t.at(trunk_down).flapping);
}

TEST_CASE("many fires of one instance in one poll are one message for a person and one row each for a log") {
  tenant_bench t;
  std::vector<transition> storm;
  storm.reserve(30);
  for (int i = 0; i < 30; ++i) storm.push_back(failing(sbc_offline, "S" + std::to_string(i)));
  t.news(storm);
  CHECK(t.events(push) == events{summary});
  CHECK(t.events(hook) == events(30, fired));
  CHECK(t.made(push).front().content.title == "Acme HQ: 30 SBCs offline");
  for (transition& one : storm) one = healthy(sbc_offline, one.label);
  t.news(storm);
  CHECK(t.events(push) == events(30, resolved));
}

TEST_CASE("two fires in one poll are two messages, each with its button") {
  tenant_bench t;
  t.news({failing(sbc_offline, "S1"), failing(sbc_offline, "S2")});
  CHECK(t.events(push) == events{fired, fired});
  for (const delivery& row : t.made(push)) CHECK_FALSE(row.content.acknowledge_path.empty());
}

TEST_CASE("what still fails when the alert that spoke for it ends is one message, be it two") {
  tenant_bench t;
  t.news({failing(all_trunks_down)});
  t.news({healthy(all_trunks_down), failing(trunk_down, "T1"), failing(trunk_down, "T2")});
  CHECK(t.events(push) == events{resolved, summary});
  CHECK(t.events(hook) == events{resolved, fired, fired});
}

TEST_CASE("a rise among few fires is told plainly") {
  tenant_bench t;
  t.news({failing(sim_calls, "", severity::warning)});
  auto found = failing(trunk_down, "T1");
  auto other = failing(trunk_down, "T2");
  found.how = other.how = sighting::after_silence;
  auto rise = failing(sim_calls, "", severity::critical);
  rise.how = sighting::after_silence;
  t.now += 1min;
  t.news({found, rise});
  CHECK(t.events(push) == events{fired, fired});
  CHECK(t.reasons().front() == reason::raised);
  t.news({other});
  CHECK(t.events(push) == events{fired});
}
