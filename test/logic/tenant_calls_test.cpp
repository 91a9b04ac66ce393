// Who is rung, when, and what a call that was heard of does.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace ringdown::logic;
using enum alert_type;

TEST_CASE("the phone waits where the push does not, and is dropped when it recovers") {
  call_bench t;
  t.news({failing(trunk_down)});
  CHECK(t.made(push).size() == 1);
  CHECK(t.all_calls().empty());
  t.pass(119s);
  CHECK(t.all_calls().empty());
  SECTION("still failing") {
    t.pass(1s);
    REQUIRE(t.all_calls().size() == 1);
    CHECK(t.newest().target == number_jo);
    CHECK(t.newest().kind == delivery_kind::interrupt);
    CHECK(t.newest().event == notice_event::fired);
    CHECK(t.newest().give_up_at == t.now + 60s);
    CHECK(t.calls.at(t.newest().id).person == "jo");
  }
  SECTION("recovered") {
    t.news({healthy(trunk_down)});
    t.pass(1h);
    CHECK(t.all_calls().empty());
  }
  SECTION("acknowledged") {
    t.ask(acknowledge(t.at(trunk_down).id));
    t.pass(3h);
    CHECK(t.all_calls().empty());
  }
}

TEST_CASE("each type waits for as long as it often takes to recover") {
  const auto first_ring = [](const transition& seen) {
    call_bench t;
    const wall_time begun = t.now;
    t.news({seen});
    t.pass(30min);
    return t.all_calls().empty() ? duration{-1} : t.all_calls().front().created - begun;
  };
  auto app_down = failing(instance_unreachable);
  app_down.why = cause::app_down;
  CHECK(first_ring(failing(instance_unreachable)) == 3min);
  CHECK(first_ring(app_down) == 6min);
  CHECK(first_ring(failing(sbc_offline)) == 90s);
  CHECK(first_ring(failing(all_trunks_down)) == 90s);
  CHECK(first_ring(failing(bridge_down)) == 0s);
  CHECK(first_ring(failing(service_down)) == -1us);                        // not switched on for voice
  CHECK(first_ring(failing(trunk_down, "T1", severity::warning)) == -1us); // not critical
}

TEST_CASE("what was down at first sight is never called about") {
  call_bench t;
  auto seen = failing(trunk_down);
  seen.how = sighting::first_sight;
  t.news({seen});
  t.pass(3h);
  CHECK(t.all_calls().empty());
}

TEST_CASE("no answer rings again, then the next person, in rounds until somebody has it") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const wall_time first = t.now;
  std::string story;
  for (std::size_t seen = 0; t.now < first + 95min;) {
    if (t.all_calls().size() > seen) {
      const delivery row = t.all_calls()[seen++];
      story += (story.empty() ? "" : " ") + t.calls.at(row.id).person + "+" +
               std::to_string(std::chrono::duration_cast<std::chrono::seconds>(row.created - first).count());
      t.rings_out(row);
    }
    t.pass(5s);
  }
  CHECK(story ==
        "jo+0 jo+90 kim+115 kim+205 jo+600 jo+690 kim+715 kim+805 jo+1800 jo+1890 kim+1915 kim+2005 jo+5400 "
        "jo+5490 kim+5515 kim+5605");
  t.ask(acknowledge(t.at(trunk_down).id));
  const auto until_now = t.all_calls().size();
  t.pass(5h);
  CHECK(t.all_calls().size() == until_now);
}

TEST_CASE("an acknowledgement hangs up what rings") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  SECTION("while it rings") {
    t.placed(row);
    t.heard(row, call_stage::ringing);
    t.ask(acknowledge(t.at(trunk_down).id));
    REQUIRE(t.last.hang_ups.size() == 1);
    CHECK(t.last.hang_ups[0].reference == "CA" + row.id.str());
    CHECK(t.last.hang_ups[0].stage == call_stage::ringing);
  }
  SECTION("before its provider said that it was placed") {
    t.ask(acknowledge(t.at(trunk_down).id));
    REQUIRE(t.last.hang_ups.size() == 1);
    CHECK(t.last.hang_ups[0].reference.empty());
    t.placed(row);
    REQUIRE(t.last.hang_ups.size() == 1);
    CHECK(t.last.hang_ups[0].reference == "CA" + row.id.str());
  }
  SECTION("a recovery does so too") {
    t.placed(row);
    t.news({healthy(trunk_down)});
    CHECK(t.last.hang_ups.size() == 1);
  }
  SECTION("another channel actor is asked, too") {
    t.placed(row);
    CHECK(t.machine().unwanted_calls(phone).empty());
    t.ask(acknowledge(t.at(trunk_down).id));
    REQUIRE(t.machine().unwanted_calls(phone).size() == 1);
    CHECK(t.machine().unwanted_calls(phone)[0].reference == "CA" + row.id.str());
    CHECK(t.machine().unwanted_calls(push).empty());
    t.heard(row, call_stage::ended, call_result::cancelled);
    CHECK(t.machine().unwanted_calls(phone).empty());
  }
  SECTION("a restart in between hangs up again") {
    t.placed(row);
    t.ask(acknowledge(t.at(trunk_down).id));
    t.restart();
    t.tick();
    CHECK(t.last.hang_ups.size() == 1);
  }
}

TEST_CASE("a person who presses 2 passes it on at once") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  t.placed(row);
  call_news news;
  news.call = row.id;
  news.heard.stage = call_stage::answered;
  news.heard.result = call_result::human;
  news.read = {t.as_read(trunk_down)};
  news.passed_on = true;
  t.hear(news);
  t.pass(1s);
  REQUIRE(t.all_calls().size() == 2);
  CHECK(t.newest().target == number_kim);
}

TEST_CASE("one call tells of everything, and rings nobody twice at once") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  t.placed(row);
  t.heard(row, call_stage::ringing);
  t.news({failing(bridge_down, "B1")});
  t.tick();
  CHECK(t.all_calls().size() == 1);
  CHECK(t.reasons_there().back() == reason::number_busy);
  SECTION("both were read out: the next is called about both") {
    t.heard(row, call_stage::answered, call_result::human, {t.as_read(trunk_down), t.as_read(bridge_down, "B1")});
    t.heard(row, call_stage::ended);
    t.pass(1s);
    REQUIRE(t.all_calls().size() == 2);
    CHECK(t.newest().target == number_kim);
    CHECK(t.newest().content.alerts.size() == 2);
  }
  SECTION("what came after it was read out is called about by itself") {
    t.heard(row, call_stage::answered, call_result::human, {t.as_read(trunk_down)});
    t.heard(row, call_stage::ended);
    t.pass(1s);
    const auto calls = t.all_calls();
    REQUIRE(calls.size() == 3);
    CHECK((calls[1].target == number_kim) != (calls[2].target == number_kim));
  }
}

TEST_CASE("late, doubled and disordered news of a call change nothing that is known") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  t.placed(row);
  t.heard(row, call_stage::answered, call_result::human, {t.as_read(trunk_down)});
  CHECK(t.last.confirmed == std::vector{row.id});
  t.heard(row, call_stage::ringing);
  CHECK(t.calls.at(row.id).stage == call_stage::answered);
  t.heard(row, call_stage::answered, call_result::listener);
  CHECK(t.calls.at(row.id).result == call_result::human);
  CHECK(t.last.confirmed.empty());
  t.heard(row, call_stage::ended);
  CHECK(t.calls.at(row.id).result == call_result::human);
  t.heard(row, call_stage::ended, call_result::busy);
  CHECK(t.last.empty());
  t.hear({delivery_id("dl_unknown"), {}, {}, false});
  CHECK(t.last.empty());
}

TEST_CASE("a call nobody hears of again does not end the ladder") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  SECTION("never placed") {
    t.pass(11min);
    CHECK(t.calls.at(t.all_calls().front().id).result == call_result::failed);
  }
  SECTION("rings for ever") {
    t.placed(t.newest());
    t.heard(t.newest(), call_stage::ringing);
    t.pass(2min);
    CHECK(t.last.hang_ups.size() + t.all_calls().size() >= 2);
  }
  t.pass(2min);
  CHECK(t.all_calls().size() >= 2);
}

TEST_CASE("without a public URL there is no keypad, and who answers has been told") {
  call_bench t;
  t.offer_keys(callbacks::none);
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  CHECK(row.content.text == "Ringdown for Acme. There is a trunk down on instance Acme HQ. The trunk is T1.");
  t.placed(row);
  const auto ends_as = [&](call_result how) {
    t.heard(row, call_stage::ended, how);
    t.pass(2h);
    return t.all_calls().size();
  };
  SECTION("a human") { CHECK(ends_as(call_result::human) == 1); }
  SECTION("nobody knows who") { CHECK(ends_as(call_result::listener) == 1); }
  SECTION("a machine") { CHECK(ends_as(call_result::machine) > 2); }
}

TEST_CASE("a mask stops the phone, and what was left of the wait goes on after it") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(90s);
  command mute;
  mute.kind = command_kind::mute_type;
  mute.subject = "trunk_down";
  mute.until = t.now + 1h;
  t.ask(mute);
  t.looked_at = false;
  t.pass(2h);
  t.settled();
  t.looked_at = true;
  t.pass(29s);
  CHECK(t.all_calls().empty());
  t.pass(1s);
  CHECK(t.all_calls().size() == 1);
}

TEST_CASE("a snooze that ends begins the ladder anew") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(2min);
  const delivery row = t.newest();
  t.placed(row);
  t.ask(command_kind::snooze, t.at(trunk_down).id, t.now + 1h);
  CHECK(t.last.hang_ups.size() == 1);
  t.heard(row, call_stage::ended, call_result::cancelled);
  t.pass(59min);
  CHECK(t.all_calls().size() == 1);
  t.pass(1min);
  REQUIRE(t.all_calls().size() == 2);
  CHECK(t.newest().target == number_jo);
}

TEST_CASE("a parent's call inherits the earliest due time of what it speaks for") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(100s);
  t.news({failing(all_trunks_down)});
  t.pass(20s);
  REQUIRE(t.all_calls().size() == 1);
  CHECK(t.newest().alert == t.at(all_trunks_down).id);
  t.pass(3min);
  CHECK(std::ranges::all_of(t.all_calls(), [&](const delivery& d) { return d.alert == t.at(all_trunks_down).id; }));
}

TEST_CASE("nobody callable is said once, hurts nothing else and heals by itself") {
  call_bench t;
  t.phones.clear();
  t.restart();
  t.news({failing(trunk_down)});
  CHECK(t.made(push).size() == 1);
  t.pass(1h);
  CHECK(t.all_calls().empty());
  CHECK(std::ranges::count(t.reasons_there(), reason::nobody_callable) == 1);
  t.phones[number_kim] = {number_kim, "", {}, 0, t.now};
  t.restart();
  t.pass(11min);
  CHECK_FALSE(t.all_calls().empty());
}

TEST_CASE("a restart while the phone still waits does not make it ring") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(1min);
  t.restart();
  t.tick(); // as what follows the load
  t.pass(30s);
  CHECK(t.all_calls().empty());
  t.pass(30s);
  CHECK(t.all_calls().size() == 1);
}

TEST_CASE("a restart goes on where the ladder was") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(1min);
  t.restart();
  t.pass(1min);
  REQUIRE(t.all_calls().size() == 1);
  t.placed(t.newest());
  t.restart();
  t.heard(t.newest(), call_stage::ringing);
  t.pass(24s);
  t.heard(t.newest(), call_stage::ended, call_result::busy);
  t.restart();
  t.pass(67s);
  REQUIRE(t.all_calls().size() == 2);
  CHECK(t.newest().target == number_jo);
  CHECK(t.ids_unique);
}

TEST_CASE("explain knows when a call is due, or why none ever is") {
  const auto said = [](const transition& seen) {
    call_bench t;
    t.news({seen});
    const auto at = std::ranges::find(t.decisions, phone, &decision::channel);
    REQUIRE(at != t.decisions.end());
    return *at;
  };
  const decision waits = said(failing(trunk_down));
  CHECK(waits.deciding == reason::call_due);
  CHECK(waits.gates == "phase=firing masks=none voice=yes");
  CHECK(waits.detail ==
        "due by " + rfc3339(call_bench().now + 2min).substr(11, 8) + " UTC, unless it is over or acknowledged before");
  auto first = failing(trunk_down);
  first.how = sighting::first_sight;
  CHECK(said(first).deciding == reason::first_sight);
  CHECK(said(failing(service_down)).deciding == reason::type_not_for_voice);
  CHECK(said(failing(trunk_down, "T1", severity::warning)).deciding == reason::not_critical);
}

TEST_CASE("what keeps an alert quiet keeps its call, and says so") {
  call_bench t;
  command quiet;
  quiet.kind = command_kind::silence;
  quiet.until = t.now + 1h;
  t.ask(quiet);
  t.news({failing(trunk_down)});
  const auto at = std::ranges::find(t.decisions, phone, &decision::channel);
  REQUIRE(at != t.decisions.end());
  CHECK(at->deciding == reason::kill_switch);
  CHECK(at->detail.empty());
}

TEST_CASE("what cannot be done with a call says what can") {
  call_bench t;
  t.news({failing(trunk_down)});
  const auto refused = [&](command_kind kind, const std::string& subject, const alert_id& about = {}) {
    command asked;
    asked.kind = kind;
    asked.subject = subject;
    asked.alert = about;
    t.ask(asked);
    REQUIRE(t.last.commands[0].answer == command_answer::refused);
    return t.last.commands[0].text;
  };
  CHECK_THAT(refused(command_kind::test_channel, "noc-phone"),
             Catch::Contains("ringdownctl phone verify USER --tenant acme") && Catch::Contains("ringdownctl drill"));
  const alert_id about = t.at(trunk_down).id;
  CHECK_THAT(refused(command_kind::resend, "noc-phone", about), Catch::Contains("ringdownctl explain " + about.str()));
  CHECK_THAT(refused(command_kind::resend, "noc-phone"), Catch::Contains("phone verify USER --tenant acme"));
  CHECK_THAT(refused(command_kind::ask_for_code, "+4930123456"),
             Catch::Contains("one of DE") && Catch::Contains("regions = \"US\""));
  CHECK_THAT(refused(command_kind::ask_for_code, "+1"), Catch::Contains("+15551234567"));
  auto without = voice_config_of_acme();
  without.channels.pop_back();
  t.configure(without);
  CHECK_THAT(refused(command_kind::ask_for_code, number_jo), Catch::Contains("[[channel]]"));
}

TEST_CASE("a drill says when its calls have no keys, and since when another goes on") {
  call_bench t;
  command drill;
  drill.kind = command_kind::drill;
  SECTION("keys") {
    t.ask(drill);
    CHECK(t.last.commands[0].text.find("keys") == std::string::npos);
  }
  SECTION("nobody can be called back") {
    t.offer_keys(callbacks::none);
    t.ask(drill);
    CHECK_THAT(t.last.commands[0].text, Catch::EndsWith("; calls have no keys, because [http] public_url is not set"));
  }
  const std::string first = t.last.commands[0].text;
  const std::string began = rfc3339(t.now).substr(11, 8);
  t.pass(3min);
  t.ask(drill);
  CHECK(t.last.commands[0].answer == command_answer::already);
  CHECK_THAT(t.last.commands[0].text, Catch::Contains("since " + began + " UTC"));
  CHECK((t.last.commands[0].text.find("keys") == std::string::npos) == (first.find("keys") == std::string::npos));
}
