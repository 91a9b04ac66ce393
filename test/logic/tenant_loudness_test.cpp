// When telling once was not enough: escalation, hand-over, backups, channels that do not take what they are given.
#include "test/logic/two_people.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace ringdown::logic;
using enum alert_type;

TEST_CASE("each step of the escalation is told when it is due, and stops with an acknowledgement") {
  tenant_bench t(with_policy());
  t.news({failing(trunk_down)});
  CHECK(rows_on(t, kim_push).empty());
  t.pass(5min);
  REQUIRE(rows_on(t, kim_push).size() == 1);
  CHECK(rows_on(t, kim_push)[0].event == notice_event::escalated);
  CHECK(rows_on(t, kim_push)[0].step == 1);
  CHECK(t.last.decisions.front().deciding == reason::escalation_due);
  CHECK(rows_on(t, hook).back().event == notice_event::escalated);
  SECTION("nobody") {
    t.pass(10min);
    CHECK(rows_on(t, mail).size() == 1);
    CHECK(rows_on(t, push).back().event == notice_event::escalated);
    const auto all = t.rows.size();
    t.pass(3h);
    CHECK(t.rows.size() == all);
  }
  SECTION("somebody") {
    t.ask(of(command_kind::acknowledge, t.at(trunk_down).id));
    t.pass(3h);
    CHECK(rows_on(t, mail).empty());
  }
  SECTION("it recovers, and whoever was told hears so") {
    t.news({healthy(trunk_down)});
    CHECK(rows_on(t, kim_push).back().event == notice_event::resolved);
    t.pass(3h);
    CHECK(rows_on(t, mail).empty());
  }
}

TEST_CASE("an open alert keeps the steps it began with, and a restart its place in them") {
  tenant_bench t(with_policy());
  t.news({failing(trunk_down)});
  auto changed = with_policy();
  changed.escalation.steps = {{1min, {"channel:noc-mail"}}};
  t.configure(changed);
  t.pass(4min);
  t.restart();
  t.pass(59s);
  CHECK(rows_on(t, kim_push).empty());
  t.pass(1s);
  CHECK(rows_on(t, kim_push).size() == 1);
  CHECK(rows_on(t, mail).empty());
}

TEST_CASE("who is on call is asked when the step is due") {
  auto config = with_policy();
  config.escalation.steps = {{5min, {"oncall"}}};
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(1min);
  t.ask(of(command_kind::set_oncall, {}, "kim"));
  CHECK(t.last.commands[0].answer == command_answer::done);
  REQUIRE(rows_on(t, kim_push).size() == 1);
  CHECK(rows_on(t, kim_push)[0].event == notice_event::handed_over); // told what is open when she took over
  t.restart();
  t.pass(4min);
  REQUIRE(rows_on(t, kim_push).size() == 2);
  CHECK(rows_on(t, kim_push)[1].event == notice_event::escalated);
  t.ask(of(command_kind::set_oncall, {}, "lee"));
  CHECK(t.last.commands[0].answer == command_answer::unknown_subject);
  t.ask(of(command_kind::set_oncall, {}, "kim"));
  CHECK(t.last.commands[0].answer == command_answer::already);
}

TEST_CASE("whoever takes over hears of what somebody has, too, and not of what is quiet or over") {
  tenant_bench t(with_policy());
  t.news({failing(trunk_down)});
  t.news({failing(alert_type::service_down, "S1")});
  t.news({failing(alert_type::sbc_offline, "B1")});
  t.take_all();
  t.ask(command_kind::acknowledge, t.at(trunk_down).id);
  t.ask(command_kind::snooze, t.at(alert_type::sbc_offline, "B1").id, t.now + 1h);
  t.ask(of(command_kind::set_oncall, {}, "kim"));
  const auto told = rows_on(t, kim_push);
  REQUIRE(told.size() == 1);
  CHECK(told[0].content.alerts.size() == 2);
  CHECK(told[0].content.title.starts_with("On call now: "));
  CHECK(told[0].content.text.find("Taken by Jo.") != std::string::npos);
  t.take_all();
  t.news({healthy(trunk_down)});
  t.settled();
  CHECK(rows_on(t, kim_push).back().event == notice_event::resolved);
}

TEST_CASE("what was handed over at several PBXes is known to have arrived after a restart") {
  auto config = with_policy();
  config.instances.push_back(config.instances.front());
  config.instances.back().id = branch;
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.news({failing(trunk_down, "T2", severity::critical, branch)}, branch);
  t.take_all();
  t.slow = true;
  t.ask(of(command_kind::set_oncall, {}, "kim"));
  const auto told = rows_on(t, kim_push);
  REQUIRE(told.size() == 1);
  t.restart();
  t.report(told[0], delivery_state::sent);
  t.pass(3min);
  CHECK(failing_channel(t, kim_push) == nullptr);
  CHECK(rows_on(t, kim_push).size() == 1);
}

TEST_CASE("steps are gone through as often as the policy says") {
  auto config = with_policy();
  config.escalation.steps = {{5min, {"user:kim"}}};
  config.escalation.cycles = 3;
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  for (int i = 0; i < 24; ++i) {
    t.pass(1min);
  }
  CHECK(rows_on(t, kim_push).size() == 3);
  CHECK(t.ids_unique);
}

TEST_CASE("a step that reaches nobody leaves its reason") {
  auto config = with_policy();
  config.users.push_back({user_id("sam"), "Sam", "", "", ""});
  config.escalation.steps = {{5min, {"user:sam"}}};
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(5min);
  CHECK(std::ranges::count(t.decisions, reason::no_channel, &decision::deciding) == 1);
}

TEST_CASE("what shows every step is not told of one twice because the step names it") {
  auto config = with_policy();
  config.escalation.steps = {{5min, {"channel:noc-hook"}}};
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(5min);
  const auto on_hook = rows_on(t, hook);
  CHECK(std::ranges::count(on_hook, notice_event::escalated, &delivery::event) == 1);
}

TEST_CASE("a mask holds the escalation, and what was left goes on") {
  tenant_bench t(with_policy());
  t.news({failing(trunk_down)});
  t.pass(4min);
  command mute;
  mute.kind = command_kind::mute_type;
  mute.subject = "trunk_down";
  mute.until = t.now + 1h;
  t.ask(mute);
  t.pass(2h);
  CHECK(rows_on(t, kim_push).empty());
  t.settled();
  t.pass(59s);
  CHECK(rows_on(t, kim_push).empty());
  t.pass(1s);
  CHECK(rows_on(t, kim_push).size() == 1);
}

TEST_CASE("after a snooze the escalation begins anew") {
  tenant_bench t(with_policy());
  t.news({failing(trunk_down)});
  t.pass(4min);
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + 1h);
  t.pass(1h + 5min - 1s);
  CHECK(rows_on(t, kim_push).empty());
  t.pass(1s);
  CHECK(rows_on(t, kim_push).size() == 1);
}

TEST_CASE("a critical its channel does not take in 30 s goes to the next one, and at 2 min the channel is failing") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  t.report(t.rows[1], delivery_state::sent); // the webhook
  t.pass(29s);
  CHECK(rows_on(t, mail).empty());
  t.pass(1s);
  REQUIRE(rows_on(t, mail).size() == 1);
  CHECK(t.last.decisions.front().deciding == reason::late);
  CHECK(rows_on(t, kim_push).empty()); // another person's
  t.report(rows_on(t, mail)[0], delivery_state::sent);
  t.pass(90s);
  const alert* about = failing_channel(t, push);
  REQUIRE(about != nullptr);
  CHECK(about->level == severity::warning);
  SECTION("told over the others, never over itself") {
    for (const delivery& row : t.rows)
      if (row.alert == about->id) CHECK(row.channel != push);
    CHECK(std::ranges::any_of(t.rows, [&](const delivery& row) { return row.alert == about->id; }));
  }
  SECTION("it takes it after all: the channel is well again") {
    t.report(rows_on(t, push)[0], delivery_state::sent);
    CHECK(failing_channel(t, push) == nullptr);
  }
  SECTION("once, however long it goes on") {
    const auto all = t.rows.size();
    t.pass(3h);
    CHECK(t.rows.size() == all);
  }
}

TEST_CASE("what a channel refuses is loud at once") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  t.report(t.rows[1], delivery_state::sent);
  t.report(rows_on(t, push)[0], delivery_state::dead, reason::refused);
  CHECK(failing_channel(t, push) != nullptr);
  CHECK(rows_on(t, mail).size() == 1);
}

TEST_CASE("a critical that may have arrived and is not known to goes to the next channel") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  t.report(t.rows[1], delivery_state::sent);
  const delivery told = rows_on(t, push)[0];
  SECTION("its repeat was refused: the channel is failing, too") {
    t.report(told, delivery_state::unknown, reason::refused);
    CHECK(failing_channel(t, push) != nullptr);
  }
  SECTION("it killed its channel") {
    t.report(told, GENERATE(delivery_state::unknown, delivery_state::dead), reason::poison);
    CHECK(failing_channel(t, push) == nullptr);
  }
  SECTION("nobody answered in time") { t.report(told, delivery_state::unknown, reason::outcome_unknown); }
  CHECK(rows_on(t, mail).size() == 1);
}

TEST_CASE("what ended as unknown because it was no longer to be told is left at that") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  t.report(rows_on(t, push)[0], delivery_state::unknown, reason::superseded);
  CHECK(rows_on(t, mail).empty());
}

TEST_CASE("a failing channel's own alert begets no other") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  t.report(rows_on(t, push)[0], delivery_state::dead, reason::refused);
  const alert* about = failing_channel(t, push);
  REQUIRE(about != nullptr);
  const std::vector<delivery> made = t.rows;
  for (const delivery& row : made)
    if (row.alert == about->id) t.report(row, delivery_state::dead, reason::refused);
  CHECK(failing_channel(t, hook) == nullptr);
  t.pass(10min);
  CHECK(failing_channel(t, hook) != nullptr); // because of the trunk's own row, which the webhook never took
}

TEST_CASE("the backup is told after five minutes without any acceptance") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down, "T1", severity::critical)});
  SECTION("somebody took it") {
    t.report(t.rows[0], delivery_state::sent);
    t.report(t.rows[1], delivery_state::sent);
    t.pass(1h);
    CHECK(rows_on(t, mail).empty());
  }
  SECTION("somebody took it before a restart, and no alert was written for that") {
    CHECK(t.report(t.rows[0], delivery_state::sent).alerts.empty());
    CHECK(t.report(t.rows[1], delivery_state::sent).alerts.empty());
    t.restart();
    t.pass(1h);
    CHECK(rows_on(t, mail).empty());
  }
  SECTION("acknowledged meanwhile") {
    t.ask(of(command_kind::acknowledge, t.at(trunk_down).id));
    t.pass(1h);
    CHECK(rows_on(t, mail).empty());
  }
  SECTION("nobody") {
    auto config = two_people();
    config.times.late_after = 1h;
    config.times.loud_after = 2h;
    tenant_bench quiet(config);
    quiet.slow = true;
    quiet.news({failing(trunk_down)});
    quiet.pass(299s);
    CHECK(rows_on(quiet, mail).empty());
    quiet.pass(1s);
    REQUIRE(rows_on(quiet, mail).size() == 1);
    CHECK(quiet.last.decisions.front().deciding == reason::backup);
    quiet.pass(30min);
    CHECK(rows_on(quiet, mail).size() == 1);
  }
}

TEST_CASE("a drill is a marked critical that goes where an outage would, and ends by itself") {
  tenant_bench t(two_people());
  t.ask(of(command_kind::drill, {}));
  REQUIRE(t.last.commands[0].answer == command_answer::done);
  REQUIRE(t.made(push).size() == 1);
  const delivery told = t.made(push)[0];
  CHECK(told.level == severity::critical);
  CHECK(told.content.title.find("DRILL") != std::string::npos);
  CHECK(t.made(hook).size() == 1);
  CHECK(t.last.commands[0].text.find(told.alert.str()) != std::string::npos);
  CHECK(t.stored.at(told.alert).drill);
  t.ask(of(command_kind::drill, {}));
  CHECK(t.last.commands[0].answer == command_answer::already);
  SECTION("nobody does anything") {
    t.pass(10min);
    CHECK(rows_on(t, push).back().event == notice_event::resolved);
  }
  SECTION("somebody acknowledges") {
    t.ask(of(command_kind::acknowledge, told.alert));
    CHECK(t.last.commands[0].answer == command_answer::done);
    t.pass(10min);
    CHECK(t.stored.at(told.alert).phase == alert_phase::resolved);
  }
  SECTION("a restart in between") {
    t.restart();
    t.pass(10min);
    CHECK(t.stored.at(told.alert).phase == alert_phase::resolved);
  }
  const auto rows = t.rows.size();
  t.pass(3h);
  CHECK(t.rows.size() == rows);
  t.ask(of(command_kind::drill, {}));
  CHECK(t.made(push).size() == 1);
  CHECK(t.ids_unique);
}

TEST_CASE("the next episode has its backup again") {
  auto config = two_people();
  config.times.late_after = 1h;
  config.times.loud_after = 2h;
  tenant_bench t(config);
  t.slow = true;
  for (std::size_t episode = 1; episode <= 2; ++episode) {
    t.news({failing(trunk_down)});
    t.pass(5min);
    CHECK(std::ranges::count(rows_on(t, mail), notice_event::fired, &delivery::event) ==
          static_cast<std::ptrdiff_t>(episode));
    t.news({healthy(trunk_down)});
    t.pass(2h);
  }
}

TEST_CASE("two channels that refuse do not throw it to each other") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down)});
  for (int i = 0; i < 6; ++i) {
    const std::vector<delivery> made = t.rows;
    for (const delivery& row : made)
      if (row.channel == push || row.channel == mail) t.report(row, delivery_state::dead, reason::refused);
  }
  CHECK(std::ranges::count_if(t.rows, [&](const delivery& row) {
          return row.alert == t.at(trunk_down).id && row.event == notice_event::fired && row.channel != hook;
        }) == 2);
  CHECK(t.ids_unique);
}

TEST_CASE("everybody a refused summary was about is told elsewhere") {
  tenant_bench t(two_people());
  t.slow = true;
  t.news({failing(trunk_down, "T1"), failing(sbc_offline, "S1"), failing(service_down, "V1")});
  const delivery summary = rows_on(t, push).back();
  REQUIRE(summary.event == notice_event::summary);
  t.report(summary, delivery_state::dead, reason::refused);
  std::set<alert_id> told;
  for (const delivery& row : rows_on(t, mail)) told.insert(row.alert);
  CHECK(told.contains(t.at(trunk_down, "T1").id));
  CHECK(told.contains(t.at(sbc_offline, "S1").id));
  CHECK(told.contains(t.at(service_down, "V1").id));
}
