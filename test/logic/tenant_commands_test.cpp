// What people ask of a tenant, and what time makes of it.
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

command_answer answer(const tenant_bench& t) { return t.last.commands.at(0).answer; }

command about_channel(command_kind kind, const std::string& subject, const alert_id& alert = {}) {
  command c;
  c.kind = kind;
  c.subject = subject;
  c.alert = alert;
  return c;
}

command quiet(command_kind kind, const std::string& type, wall_time until) {
  command c;
  c.kind = kind;
  c.subject = type;
  c.until = until;
  return c;
}

} // namespace

TEST_CASE("the first acknowledgement counts, stops what is unsent and tells the logs") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  t.ask(command_kind::acknowledge, id);
  CHECK(answer(t) == command_answer::done);
  CHECK(t.events(push).empty());
  CHECK(t.events(hook) == events{acknowledged});
  REQUIRE(t.last.suppressions.size() == 1);
  CHECK(t.last.suppressions[0].why == reason::acknowledged);
  CHECK(t.last.withdraw == std::vector{id});
  command other;
  other.kind = command_kind::acknowledge;
  other.alert = id;
  other.by = "sam";
  t.ask(other);
  CHECK(answer(t) == command_answer::already);
  CHECK_THAT(t.last.commands[0].text, Contains("jo"));
  CHECK(t.last.alerts.empty());
}

TEST_CASE("an acknowledgement belongs to one episode") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  const auto of_episode = [&](std::uint32_t episode) {
    command c;
    c.kind = command_kind::acknowledge;
    c.alert = id;
    c.episode = episode;
    t.ask(c);
    return answer(t);
  };
  t.news({healthy(trunk_down)});
  CHECK(of_episode(1) == command_answer::stale);
  t.pass(31min);
  t.news({failing(trunk_down)});
  CHECK(of_episode(1) == command_answer::stale);
  CHECK(of_episode(2) == command_answer::done);
  CHECK(t.ask(command_kind::acknowledge, alert_id("al_nothing")).alerts.empty());
  CHECK(answer(t) == command_answer::stale);
}

TEST_CASE("a held critical is reminded of every four hours, a held warning never") {
  tenant_bench t;
  t.news({failing(trunk_down, "T1"), failing(trunk_down, "T2", severity::warning)});
  t.ask(command_kind::acknowledge, t.at(trunk_down, "T1").id);
  t.ask(command_kind::acknowledge, t.at(trunk_down, "T2").id);
  const auto before = t.rows.size();
  t.pass(4h - 1s);
  CHECK(t.rows.size() == before);
  t.pass(1s);
  CHECK(t.events(push) == events{reminder});
  CHECK(t.made(push).front().alert == t.at(trunk_down, "T1").id);
  t.pass(8h);
  CHECK(t.rows.size() == before + 3);
  CHECK(t.ids_unique);
  t.news({healthy(trunk_down, "T1")});
  const auto after = t.rows.size();
  t.pass(24h);
  CHECK(t.rows.size() == after);
}

TEST_CASE("a snooze holds until its end, at most a day for a critical, and is told once then") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  t.ask(command_kind::snooze, id, t.now + 72h);
  CHECK(answer(t) == command_answer::done);
  CHECK(t.at(trunk_down).snoozed_until == t.now + 24h);
  CHECK(t.last.suppressions.at(0).why == reason::snoozed_first);
  CHECK(t.events(hook) == events{updated});
  t.pass(24h - 1s);
  const auto before = t.rows.size();
  t.pass(1s);
  CHECK(t.events(push) == events{fired});
  CHECK(t.reasons().front() == reason::mask_lifted);
  t.pass(48h);
  CHECK(t.rows.size() == before + 2);
  CHECK(t.ids_unique);
}

TEST_CASE("what people read of a snooze is on the tenant's clock, and the audit trail in UTC") {
  tenant_config config = usual_config();
  tenant_bench t(config);
  config.clocks = {{t.now - 24h, 2h, "CEST"}};
  t.configure(config);
  t.news({failing(trunk_down)});
  const wall_time until = t.now + 10min;
  t.ask(command_kind::snooze, t.at(trunk_down).id, until);
  const std::string local = rfc3339(until + 2h).substr(11, 5) + " CEST";
  CHECK_THAT(t.made(hook).back().content.text, Catch::Contains("Snoozed until " + local + "."));
  CHECK(t.last.commands.at(0).text == "snoozed until " + local);
  CHECK(t.last.audits.at(0).detail == "until " + rfc3339(until).substr(0, 19) + " UTC");
}

TEST_CASE("a snooze is pierced by a rise and ended by a recovery") {
  tenant_bench t;
  t.news({failing(sim_calls, "", severity::warning)});
  const alert_id id = t.at(sim_calls, "").id;
  t.ask(command_kind::snooze, id, t.now + 2h);
  t.news({failing(sim_calls, "", severity::critical)});
  CHECK(t.events(push) == events{fired});
  t.ask(command_kind::snooze, id, t.now + 2h);
  t.news({healthy(sim_calls, "")});
  CHECK(t.events(push) == events{resolved});
  const auto before = t.rows.size();
  t.pass(3h);
  CHECK(t.rows.size() == before);
}

TEST_CASE("a snooze without an end, or with one in the past, is refused") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.ask(command_kind::snooze, t.at(trunk_down).id);
  CHECK(answer(t) == command_answer::refused);
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now - 1s);
  CHECK(answer(t) == command_answer::refused);
  CHECK(t.at(trunk_down).masks == 0);
}

TEST_CASE("a muted type is quiet with a reason; when the mute ends what still fails is told") {
  tenant_bench t;
  t.ask(quiet(command_kind::mute_type, "trunk_down", t.now + 1h));
  CHECK(t.last.mutes.size() == 1);
  t.news({failing(trunk_down), failing(sbc_offline, "S1")});
  CHECK(t.events(push) == events{fired});
  CHECK(t.reasons().front() == reason::masked_mute);
  t.pass(1h);
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
  t.ask(quiet(command_kind::mute_type, "no_such_type", t.now + 1h));
  CHECK(answer(t) == command_answer::unknown_subject);
}

TEST_CASE("the kill switch silences every type but to logs, survives a restart, and ends by itself") {
  tenant_bench t;
  t.ask(quiet(command_kind::silence, "", t.now + 10min));
  t.restart();
  t.news({failing(trunk_down), failing(sbc_offline, "S1")});
  CHECK(t.events(push).empty());
  CHECK(t.events(hook) == events{fired, fired});
  CHECK(t.reasons() == reasons{reason::kill_switch, reason::first, reason::kill_switch, reason::first});
  t.pass(10min);
  t.settled();
  CHECK(t.events(push) == events{summary});
  CHECK(t.events(hook).empty()); // it has them
}

TEST_CASE("a lifted silence is audited, gone from the store, and what still fails is told once it has settled") {
  tenant_bench t;
  t.ask(quiet(command_kind::silence, "", t.now + 10min));
  t.news({failing(trunk_down)});
  t.ask(quiet(command_kind::mute_type, "sim_calls", t.now + 1h));
  command lift;
  lift.kind = command_kind::lift_silence;
  t.ask(lift);
  CHECK(answer(t) == command_answer::done);
  REQUIRE(t.last.mutes.size() == 1);
  CHECK(t.last.mutes[0].scope == mute_scope::everything);
  CHECK(t.last.mutes[0].until == t.now);
  REQUIRE(t.last.audits.size() == 1);
  CHECK(t.last.audits[0].action == "tenant.silence_lifted");
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
  t.ask(lift);
  CHECK(answer(t) == command_answer::already);
  CHECK(t.last.audits.empty());
}

TEST_CASE("a lifted mute leaves the others and the silence, and what still fails is told once it has settled") {
  tenant_bench t;
  t.ask(quiet(command_kind::mute_type, "trunk_down", t.now + 1h));
  t.ask(quiet(command_kind::mute_type, "sim_calls", t.now + 1h));
  t.news({failing(trunk_down)});
  CHECK(t.events(push).empty());
  command lift;
  lift.kind = command_kind::lift_silence;
  lift.subject = "trunk_down";
  t.ask(lift);
  CHECK(answer(t) == command_answer::done);
  REQUIRE(t.last.mutes.size() == 1);
  CHECK(t.last.mutes[0].type == trunk_down);
  CHECK(t.last.mutes[0].until == t.now);
  REQUIRE(t.last.audits.size() == 1);
  CHECK(t.last.audits[0].action == "type.mute_lifted");
  CHECK(t.last.audits[0].subject == "trunk_down");
  t.settled();
  CHECK(t.events(push) == events{fired});
  t.ask(lift);
  CHECK(answer(t) == command_answer::already);
  lift.subject = "sim_calls";
  t.ask(lift);
  CHECK(answer(t) == command_answer::done);
}

TEST_CASE("a mute that ended while nobody ran is lifted after the restart") {
  tenant_bench t;
  t.ask(quiet(command_kind::silence, "", t.now + 10min));
  t.news({failing(trunk_down)});
  t.now += 1h;
  t.restart();
  t.pass(0s);
  CHECK(t.last.settle == std::vector{hq});
  t.settled();
  CHECK(t.events(push) == events{fired});
}

TEST_CASE("renotify tells everybody routed again, unless something keeps the alert quiet") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  t.ask(command_kind::renotify, id);
  CHECK(answer(t) == command_answer::done);
  CHECK(t.events(push) == events{fired});
  CHECK(t.ids_unique);
  t.ask(quiet(command_kind::silence, "", t.now + 10min));
  t.ask(command_kind::renotify, id);
  CHECK(answer(t) == command_answer::refused);
  CHECK(t.reasons() == reasons{reason::kill_switch});
  t.news({healthy(trunk_down)});
  t.ask(command_kind::renotify, id);
  CHECK(answer(t) == command_answer::stale);
}

TEST_CASE("renotify of what somebody has taken is refused, and interrupts nobody") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  t.ask(command_kind::acknowledge, t.at(trunk_down).id);
  t.ask(command_kind::renotify, t.at(trunk_down).id);
  CHECK(answer(t) == command_answer::refused);
  CHECK(t.last.deliveries.empty());
  CHECK(t.at(trunk_down).version == 1);
}

TEST_CASE("resend tells one channel again, as things are now") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  t.ask(about_channel(command_kind::resend, "noc-hook", id));
  CHECK(t.events(hook) == events{fired});
  CHECK(t.events(push).empty());
  CHECK(t.made(hook).front().round == 1); // a round of its own rings where it was shown before
  CHECK(t.at(trunk_down).version == 1);   // and leaves what other channels still owe as it was
  t.news({healthy(trunk_down)});
  t.ask(about_channel(command_kind::resend, "noc-hook", id));
  CHECK(t.events(hook) == events{resolved});
  CHECK_FALSE(t.made(hook).front().after);
  t.ask(about_channel(command_kind::resend, "noc-hook", alert_id("al_nothing")));
  CHECK(answer(t) == command_answer::stale);
  t.ask(about_channel(command_kind::resend, "gone", id));
  CHECK(answer(t) == command_answer::unknown_subject);
  CHECK(t.ids_unique);
}

TEST_CASE("resend names the row it made, and makes no interrupt that would be suppressed") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const alert_id id = t.at(trunk_down).id;
  t.ask(about_channel(command_kind::resend, "noc-push", id));
  REQUIRE(t.made(push).size() == 1);
  CHECK(t.last.commands[0].delivery == t.made(push)[0].id);
  const auto refused = [&](const std::string& why) {
    t.ask(about_channel(command_kind::resend, "noc-push", id));
    CHECK(answer(t) == command_answer::refused);
    CHECK_THAT(t.last.commands[0].text, Contains(why));
    CHECK(t.last.deliveries.empty());
    CHECK(t.last.audits.empty());
  };
  t.ask(command_kind::snooze, id, t.now + 1h);
  refused("masked_snooze");
  t.pass(1h);
  t.ask(command_kind::acknowledge, id);
  refused("acknowledged by jo");
  t.ask(about_channel(command_kind::resend, "noc-hook", id));
  CHECK(answer(t) == command_answer::done);
  t.news({healthy(trunk_down)});
  refused("recovered");
}

TEST_CASE("a test that is sent again is audited as the first one, and a disabled channel is not tested in vain") {
  tenant_bench t;
  for (const command_kind kind : {command_kind::test_channel, command_kind::resend}) {
    t.ask(about_channel(kind, "noc-push"));
    CHECK(t.events(push) == events{notice_event::test});
    CHECK(t.last.commands[0].delivery == t.made(push)[0].id);
    REQUIRE(t.last.audits.size() == 1);
    CHECK(t.last.audits[0].action == "channel.tested");
  }
  auto config = usual_config();
  config.channels[0].enabled = false;
  t.configure(config);
  t.ask(about_channel(command_kind::test_channel, "noc-push"));
  CHECK(answer(t) == command_answer::refused);
  CHECK(t.last.deliveries.empty());
}

TEST_CASE("a channel can be tested without any alert") {
  tenant_bench t;
  t.ask(about_channel(command_kind::test_channel, "noc-push"));
  CHECK(t.events(push) == events{notice_event::test});
  CHECK(t.last.alerts.empty());
  t.ask(about_channel(command_kind::test_channel, "gone"));
  CHECK(answer(t) == command_answer::unknown_subject);
}

TEST_CASE("a fire that died while its type was muted is told as a new row when the mute ends") {
  tenant_bench t;
  t.news({failing(trunk_down)});
  const auto made = t.rows;
  t.ask(quiet(command_kind::mute_type, "trunk_down", t.now + 10min));
  for (const delivery& row : made) t.report(row, delivery_state::dead);
  t.pass(10min);
  t.settled();
  CHECK(t.events(push) == events{fired});
  CHECK(t.ids_unique);
}

namespace {

std::vector<delivery> fires_on_push(const tenant_bench& t) {
  std::vector<delivery> found;
  std::ranges::copy_if(t.rows, std::back_inserter(found), [](const delivery& row) {
    return row.channel == push && row.event == fired && row.content.alerts.front().type == trunk_down;
  });
  return found;
}

} // namespace

TEST_CASE("what a snooze kept from a channel, and a mute again, is told when the mute ends") {
  tenant_bench t;
  t.slow = true;
  t.news({failing(trunk_down)});
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + 7min); // the row of the fire is suppressed with it
  t.pass(9min);
  REQUIRE(fires_on_push(t).size() == 2);
  t.ask(quiet(command_kind::mute_type, "trunk_down", t.now + 7min));
  t.report(fires_on_push(t).back(), delivery_state::suppressed, reason::masked_mute);
  t.pass(9min);
  t.settled();
  CHECK(fires_on_push(t).size() == 3);
}

TEST_CASE("a rise to a level at which nobody could hear of it is told") {
  tenant_bench t;
  t.slow = true;
  t.news({failing(trunk_down, "T1", severity::critical)});
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + 7min);
  t.report(fires_on_push(t).back(), delivery_state::suppressed, reason::snoozed_first);
  t.news({failing(trunk_down, "T1", severity::info)}); // goes nowhere, and the end of the snooze neither
  t.pass(9min);
  REQUIRE(fires_on_push(t).size() == 1);
  t.news({failing(trunk_down, "T1", severity::critical)});
  CHECK(fires_on_push(t).size() == 2);
}
