// How often a number is rung, and what does not count.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <string>

using namespace ringdown;
using namespace ringdown::logic;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {} // namespace

TEST_CASE("no number is rung more than 4 times in 15 minutes, and its first ring for a new alert is kept") {
  auto config = voice_config_of_acme();
  config.voice.owner.reset();
  config.times.ring_round_2 = 3min;
  config.times.ring_round_3 = 6min;
  config.channels.push_back(channel("mail", "mail"));
  call_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(2min);
  const wall_time first = t.now;
  for (std::size_t seen = 0; t.now < first + 12min; t.pass(5s))
    if (t.all_calls().size() > seen) t.rings_out(t.all_calls()[seen++]);
  CHECK(t.all_calls().size() == 4);
  CHECK(std::ranges::count(t.reasons_there(), reason::budget_spent) >= 1);
  CHECK(std::ranges::count_if(t.rows, [](const delivery& d) { return d.channel == channel_id("mail"); }) == 1);
  t.news({failing(bridge_down, "B1")});
  t.tick();
  REQUIRE(t.all_calls().size() == 5);
  CHECK(t.newest().alert == t.at(bridge_down, "B1").id);
}

TEST_CASE("a number that others rang too often is passed over at once, and everybody else hears of it") {
  tenant_config config = voice_config_of_acme();
  config.channels.push_back(channel("mail", "mail"));
  call_bench t(config);
  rings(t);
  t.rings_out(t.newest());
  t.pass(90s);
  REQUIRE(t.all_calls().size() == 2); // Jo again
  REQUIRE(t.newest().target == number_jo);
  t.report(t.newest(), delivery_state::suppressed, reason::budget_spent);
  t.tick();
  REQUIRE(t.all_calls().size() == 3);
  CHECK(t.newest().target == number_kim);
  CHECK(std::ranges::count(t.reasons_there(), reason::budget_spent) == 1);
  const auto mail = std::ranges::find(t.rows, channel_id("mail"), &delivery::channel);
  REQUIRE(mail != t.rows.end());
  CHECK_THAT(mail->content.text, Catch::Contains("No more calls to jo for now: 4 in 15 minutes and 7 in an hour") &&
                                     Catch::Contains("all that is open, 1 now."));
}

TEST_CASE("a provider that placed nobody is tried again soon, until it is back") {
  auto config = voice_config_of_acme();
  SECTION("Jo alone") { config.voice.owner.reset(); }
  SECTION("Jo, then Kim") {}
  call_bench t(config);
  rings(t);
  const wall_time began = t.now;
  const auto next_within = [&](duration span) {
    const auto before = t.all_calls().size();
    const wall_time end = t.now + span;
    while (t.now < end && t.all_calls().size() == before) t.pass(1s);
    return t.all_calls().size() > before;
  };
  // Two a minute and a half apart, each given up after a minute: none rang, so none spends what a person may be rung.
  while (t.now < began + 11min) {
    t.report(t.newest(), delivery_state::dead, reason::expired);
    REQUIRE(next_within(2min));
  }
  CHECK(std::ranges::count(t.reasons_there(), reason::budget_spent) == 0);
  // What may have rung does.
  for (int i = 0; i < 3; ++i) {
    t.report(t.newest(), delivery_state::unknown, reason::outcome_unknown);
    static_cast<void>(next_within(2min));
  }
  const auto rung = t.all_calls().size();
  t.pass(5min);
  CHECK(t.all_calls().size() <= rung + 2);
}

TEST_CASE("an alert that waited for another's call is tried again soon as well, when nobody was rung") {
  call_bench t;
  t.news({failing(trunk_down), failing(trunk_down, "T2")});
  t.pass(2min);
  REQUIRE(t.all_calls().size() == 1); // tells of both
  const auto fails = [&] {
    t.report(t.newest(), delivery_state::dead, reason::expired);
    const auto before = t.all_calls().size();
    for (int i = 0; i < 120 && t.all_calls().size() == before; ++i) t.pass(1s);
    return t.all_calls().size() > before;
  };
  for (int i = 0; i < 3; ++i) REQUIRE(fails());
  const auto lead = t.newest().alert;
  const bool first_leads = lead == t.at(trunk_down).id;
  t.report(t.newest(), delivery_state::dead, reason::expired);
  t.news({healthy(trunk_down, first_leads ? "T1" : "T2")});
  const auto before = t.all_calls().size();
  t.pass(2min);
  REQUIRE(t.all_calls().size() == before + 1);
  CHECK(t.newest().alert != lead);
}

TEST_CASE("codes that are read out have a budget of their own") {
  call_bench t;
  const auto answer = [&] {
    command asked;
    asked.kind = command_kind::ask_for_code;
    asked.subject = number_jo;
    asked.text = "123456";
    t.ask(asked);
    const auto answered = t.last.commands[0].answer;
    t.placed(t.newest());
    t.heard(t.newest(), call_stage::ended, call_result::listener);
    return answered;
  };
  for (int i = 0; i < 4; ++i) CHECK(answer() == command_answer::done);
  CHECK(answer() == command_answer::refused);
  t.news({failing(bridge_down, "B1")});
  t.pass(1s);
  REQUIRE(t.newest().alert == t.at(bridge_down, "B1").id);
  t.rings_out(t.newest());
  t.pass(2min);
  CHECK(std::ranges::count(t.all_calls(), t.at(bridge_down, "B1").id, &delivery::alert) == 2);
  t.now += 15min;
  CHECK(answer() == command_answer::done);
}

TEST_CASE("first rings of new alerts may exceed the budget by as much again, and not without end") {
  call_bench t;
  const auto ring_for = [&](const std::string& key) {
    const auto before = t.all_calls().size();
    t.news({failing(bridge_down, key)});
    t.pass(1s);
    const bool rung = t.all_calls().size() > before && t.newest().target == number_jo;
    if (rung) t.rings_out(t.newest());
    t.ask(acknowledge(t.at(bridge_down, key).id));
    return rung;
  };
  rings(t);
  t.rings_out(t.newest());
  t.pass(2min); // again
  t.rings_out(t.newest());
  t.ask(acknowledge(t.at(trunk_down).id));
  int rung = 0;
  for (int i = 0; i < 10; ++i) rung += ring_for("B" + std::to_string(i)) ? 1 : 0;
  CHECK(rung == 6);
}

TEST_CASE("an alert that fires again has a first ring again, out of the same budget") {
  call_bench t;
  int rung = 0;
  for (const char* key : {"B1", "B2", "B3", "B1", "B2", "B3", "B1", "B2", "B3"}) {
    const auto before = t.all_calls().size();
    t.news({failing(bridge_down, key)});
    t.pass(1s);
    for (auto i = before; i < t.all_calls().size(); ++i) rung += t.all_calls()[i].target == number_jo ? 1 : 0;
    if (t.all_calls().size() > before) t.rings_out(t.newest());
    t.news({healthy(bridge_down, key)});
    t.pass(10s);
  }
  CHECK(rung == 8);
}
