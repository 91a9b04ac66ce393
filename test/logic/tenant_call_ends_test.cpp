// What ends a call and a ladder, and how a number is verified.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace ringdown::logic;
using enum alert_type;

TEST_CASE("a number is verified by the code that was read out there") {
  call_bench t;
  t.phones.clear();
  t.restart();
  const auto with = [&](command_kind kind, const std::string& number, const std::string& code) {
    command c;
    c.kind = kind;
    c.subject = number;
    c.text = code;
    t.ask(c);
    return t.last.commands.at(0).answer;
  };
  CHECK(with(command_kind::ask_for_code, "+14165550123", "123456") == command_answer::refused);
  REQUIRE(with(command_kind::ask_for_code, number_jo, "804213") == command_answer::done);
  REQUIRE(t.all_calls().size() == 1);
  CHECK(t.newest().target == number_jo);
  CHECK(t.newest().content.text == "Ringdown for Acme. Your code is 8, 0, 4, 2, 1, 3. Once more: 8, 0, 4, 2, 1, 3.");
  SECTION("the right one") {
    CHECK(with(command_kind::confirm_code, number_jo, "804213") == command_answer::done);
    CHECK(t.phones.at(number_jo).verified == t.now);
    CHECK(with(command_kind::confirm_code, number_jo, "804213") == command_answer::refused);
  }
  SECTION("guessing ends after five") {
    for (int i = 0; i < 5; ++i) CHECK(with(command_kind::confirm_code, number_jo, "111111") == command_answer::refused);
    CHECK(with(command_kind::confirm_code, number_jo, "804213") == command_answer::refused);
  }
  SECTION("too late") {
    t.now += 11min;
    CHECK(with(command_kind::confirm_code, number_jo, "804213") == command_answer::refused);
  }
  SECTION("another number's") {
    CHECK(with(command_kind::confirm_code, number_kim, "804213") == command_answer::refused);
  }
  SECTION("an earlier call's") {
    CHECK(with(command_kind::confirm_code, number_jo, "111111") == command_answer::refused);
    CHECK(t.last.commands.at(0).text == "that is not the code");
    t.now += 1min;
    REQUIRE(with(command_kind::ask_for_code, number_jo, "590127") == command_answer::done);
    CHECK(with(command_kind::confirm_code, number_jo, "804213") == command_answer::refused);
    CHECK(t.last.commands.at(0).text == "that is not the code; the code of the latest call counts");
    CHECK(with(command_kind::confirm_code, number_jo, "590127") == command_answer::done);
  }
}

TEST_CASE("a code is not waited for") {
  call_bench t;
  command asked;
  asked.kind = command_kind::ask_for_code;
  asked.subject = number_jo;
  asked.text = "804213";
  t.ask(asked);
  REQUIRE(t.all_calls().size() == 1);
  const auto is_waited_for = [&] { return is_live(t.calls.at(t.newest().id)); };
  t.now += 59s;
  t.tick();
  CHECK(is_waited_for());
  t.now += 1s;
  t.tick();
  CHECK_FALSE(is_waited_for());
}

TEST_CASE("a call that is given up is hung up, and never rings beside the next one") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  SECTION("its provider kept it in a queue") {
    t.placed(row);
    t.pass(59s);
    t.now += 1s;
    t.tick();
    REQUIRE(t.last.hang_ups.size() == 1);
    CHECK(t.last.hang_ups[0].reference == "CA" + row.id.str());
    t.heard(row, call_stage::ringing);
    CHECK(t.last.hang_ups.size() == 1); // it goes on: once more
  }
  SECTION("the provider took it only then") {
    t.pass(11min); // nobody waits longer for its turn
    t.placed(row);
    REQUIRE(t.last.hang_ups.size() == 1);
    CHECK(t.last.hang_ups[0].call == row.id);
  }
}

TEST_CASE("a second fire of an episode waits for as long as the first") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(30s);
  t.news({healthy(trunk_down)});
  t.pass(6min);
  t.news({failing(trunk_down)});
  t.pass(30s);
  t.news({healthy(trunk_down)});
  t.pass(1h);
  CHECK(t.all_calls().empty());
}

TEST_CASE("a ladder ends when its alert is not for calls any more") {
  auto config = voice_config_of_acme();
  config.voice.types.push_back(sim_calls);
  call_bench t(config);
  t.news({failing(sim_calls, "")});
  t.tick();
  REQUIRE(t.all_calls().size() == 1);
  SECTION("its level fell") { t.news({failing(sim_calls, "", severity::warning)}); }
  SECTION("its type was taken off") {
    auto other = voice_config_of_acme();
    t.configure(other);
  }
  t.rings_out(t.newest());
  t.pass(3h);
  CHECK(t.all_calls().size() == 1);
}

TEST_CASE("a provider that refuses calls is failing") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  t.report(t.newest(), delivery_state::dead, reason::refused);
  const auto at = t.machine().alerts().find({instance_id(), channel_failing, {resource_kind::channel, phone.str()}});
  REQUIRE(at != t.machine().alerts().end());
  CHECK(at->second.phase == alert_phase::firing);
}
