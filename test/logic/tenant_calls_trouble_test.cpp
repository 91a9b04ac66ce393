// What is not as it was when a call was wished for: people, numbers and channels that changed, a provider that places none.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <functional>

using namespace ringdown;
using namespace ringdown::logic;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

void rings(call_bench& t) {
  t.news({failing(trunk_down)});
  t.pass(2min);
  REQUIRE(t.all_calls().size() == 1);
}

std::size_t hang_ups_of(const call_bench& t, const delivery_id& call) {
  return static_cast<std::size_t>(std::ranges::count(t.last.hang_ups, call, &hang_up_wish::call));
}

} // namespace

TEST_CASE("a call in hand ends with the consent, the number, the type or the channel that it was wished for") {
  const std::vector<std::function<void(tenant_config&)>> changes{
      [](tenant_config& c) { c.users[0].voice_consent.clear(); },
      [](tenant_config& c) { c.users[0].phone = "+12025550177"; },
      [](tenant_config& c) { c.voice.types = {sbc_offline}; },
      [](tenant_config& c) { std::ranges::find(c.channels, phone, &channel_config::id)->enabled = false; },
  };
  for (const auto& change : changes) {
    call_bench t;
    rings(t);
    const delivery call = t.newest();
    t.placed(call);
    t.heard(call, call_stage::ringing);
    tenant_config config = voice_config_of_acme();
    change(config);
    t.configure(config);
    CHECK(hang_ups_of(t, call.id) == 1);
    // It has its number until it has ended, and whoever follows it after a restart ends it.
    CHECK(is_live(t.calls.at(call.id)));
    t.restart();
    t.tick();
    CHECK(t.machine().unwanted_calls(phone).size() == 1);
  }
}

TEST_CASE("a call that goes on as configured is left alone by any other change") {
  call_bench t;
  rings(t);
  const delivery call = t.newest();
  t.placed(call);
  tenant_config config = voice_config_of_acme();
  config.oncall.user = user_id("kim"); // whose turn it is, is asked at the next ring
  t.configure(config);
  CHECK(hang_ups_of(t, call.id) == 0);
  CHECK(t.all_calls().size() == 1);
}

TEST_CASE("where one trunk rings all of them ring, and so does their provider") {
  tenant_config config = voice_config_of_acme();
  config.voice.types = {trunk_down};
  for (const auto type : {all_trunks_down, provider_outage, trunk_down, sbc_offline}) {
    alert a;
    a.key.type = type;
    a.level = severity::critical;
    CHECK(is_for_calls(a, config) == (type != sbc_offline));
  }
}

TEST_CASE("who could not be called hears of it on the next channel, once") {
  tenant_config config = voice_config_of_acme();
  auto mail = channel("jo-mail", "mail");
  mail.user = user_id("jo");
  config.channels.push_back(mail);
  call_bench t(config);
  rings(t);
  const auto mails = [&] { return std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel); };
  const auto before = mails();
  t.pass(2min); // nobody has placed it
  CHECK(mails() == before + 1);
  t.pass(2min);
  CHECK(mails() == before + 1);
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

TEST_CASE("a provider that places no call for two minutes is told of, one that was not asked is not") {
  call_bench t;
  rings(t);
  const wall_time began = t.now;
  const auto failing_phase = [&] {
    const auto at = t.machine().alerts().find({instance_id(), channel_failing, {resource_kind::channel, phone.str()}});
    return at == t.machine().alerts().end() ? std::string("none") : std::string(name(at->second.phase));
  };
  const auto next_call = [&](std::uint32_t attempts) {
    t.report(t.newest(), delivery_state::dead, reason::expired, "", attempts);
    const auto before = t.all_calls().size();
    for (int i = 0; i < 120 && t.all_calls().size() == before; ++i) t.pass(1s);
    REQUIRE(t.all_calls().size() == before + 1);
    t.pass(60s); // as long as a call is waited for
  };
  t.pass(60s);
  SECTION("it was asked") {
    next_call(3);
    CHECK(failing_phase() == "none");
    CHECK(t.now - began >= 2min);
    t.report(t.newest(), delivery_state::dead, reason::expired, "", 3);
    CHECK(failing_phase() == "firing");
    t.pass(90s);
    t.placed(t.newest());
    CHECK(failing_phase() == "resolved");
  }
  SECTION("it placed one between") {
    next_call(3);
    t.placed(t.newest());
    t.heard(t.newest(), call_stage::ended, call_result::busy);
    t.pass(90s);
    t.pass(60s);
    t.report(t.newest(), delivery_state::dead, reason::expired, "", 3);
    CHECK(failing_phase() == "none");
  }
  SECTION("all waited for their turn") {
    for (int i = 0; i < 3; ++i) next_call(0);
    CHECK(failing_phase() == "none");
  }
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

TEST_CASE("a call that was placed and does not ring in time is told of elsewhere") {
  tenant_config config = voice_config_of_acme();
  auto mail = channel("jo-mail", "mail");
  mail.user = user_id("jo");
  config.channels.push_back(mail);
  call_bench t(config);
  rings(t);
  const auto mails = [&] { return std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel); };
  t.placed(t.newest());
  SECTION("it is queued for ever") { t.pass(61s); }
  SECTION("it failed") { t.heard(t.newest(), call_stage::ended, call_result::failed); }
  CHECK(mails() == 1);
}

TEST_CASE("a call that rang and was not answered is not told of elsewhere") {
  tenant_config config = voice_config_of_acme();
  auto mail = channel("jo-mail", "mail");
  mail.user = user_id("jo");
  config.channels.push_back(mail);
  call_bench t(config);
  rings(t);
  t.rings_out(t.newest());
  t.tick();
  CHECK(std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel) == 0);
}

TEST_CASE("codes that are read out share the number's budget") {
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
  t.now += 15min;
  CHECK(answer() == command_answer::done);
}

TEST_CASE("a call is not joined to one that reads a code, rings for a drill, or is being ended") {
  call_bench t;
  SECTION("a code") {
    command asked;
    asked.kind = command_kind::ask_for_code;
    asked.subject = number_jo;
    asked.text = "123456";
    t.ask(asked);
  }
  SECTION("a drill") {
    command asked;
    asked.kind = command_kind::drill;
    t.ask(asked);
    t.pass(1s);
  }
  SECTION("one that is being ended") {
    t.news({failing(bridge_down, "B1")});
    t.pass(1s);
    t.placed(t.newest());
    t.ask(acknowledge(t.at(bridge_down, "B1").id));
    REQUIRE(hang_ups_of(t, t.newest().id) == 1);
  }
  REQUIRE(t.all_calls().size() == 1);
  t.news({failing(bridge_down, "B2")});
  t.pass(1s);
  REQUIRE(t.all_calls().size() == 2);
  CHECK(t.newest().alert == t.at(bridge_down, "B2").id);
}

TEST_CASE("what is for calls again is called about") {
  call_bench t;
  rings(t);
  t.rings_out(t.newest());
  auto without = voice_config_of_acme();
  SECTION("its type") { without.voice.types = {sbc_offline}; }
  SECTION("the channel") { std::ranges::find(without.channels, phone, &channel_config::id)->enabled = false; }
  t.configure(without);
  t.pass(5min);
  REQUIRE(t.all_calls().size() == 1);
  CHECK(t.reasons_there().back() ==
        (without.voice.types.size() == 1 ? reason::type_not_for_voice : reason::channel_disabled));
  t.configure(voice_config_of_acme());
  t.pass(5s);
  CHECK(t.all_calls().size() == 2);
}

TEST_CASE("what began before there were calls is called about once there are") {
  auto without = voice_config_of_acme();
  without.channels.pop_back();
  call_bench t(without);
  t.news({failing(trunk_down)});
  t.pass(1h);
  REQUIRE(t.all_calls().empty());
  t.configure(voice_config_of_acme());
  t.pass(5s);
  CHECK(t.all_calls().size() == 1);
}

TEST_CASE("a call that was announced and is kept quiet says so") {
  call_bench t;
  t.news({failing(trunk_down)});
  REQUIRE(t.reasons_there() == std::vector{reason::call_due});
  SECTION("its level fell") {
    t.news({failing(trunk_down, "T1", severity::warning)});
    CHECK(t.reasons_there().back() == reason::not_critical);
  }
  SECTION("a silence") {
    command quiet;
    quiet.kind = command_kind::silence;
    quiet.until = t.now + 1h;
    t.ask(quiet);
    CHECK(t.reasons_there().back() == reason::kill_switch);
    t.pass(5min);
    CHECK(std::ranges::count(t.reasons_there(), reason::kill_switch) == 1);
  }
}

TEST_CASE("each new alert's first ring has a budget of its own, and not without end") {
  call_bench t;
  const auto ring_for = [&](const std::string& key) {
    const auto before = t.all_calls().size();
    t.news({failing(trunk_down, key)});
    t.pass(2min);
    if (t.all_calls().size() == before) return false;
    t.rings_out(t.newest());
    t.ask(acknowledge(t.at(trunk_down, key).id));
    return t.newest().target == number_jo;
  };
  rings(t);
  t.rings_out(t.newest());
  t.pass(2min); // again
  t.rings_out(t.newest());
  t.ask(acknowledge(t.at(trunk_down).id));
  int rung = 0;
  for (const char* key : {"T2", "T3", "T4", "T5", "T6"}) rung += ring_for(key) ? 1 : 0;
  CHECK(rung == 3);
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
  CHECK(rung == 4);
}

TEST_CASE("who becomes callable is called at once") {
  tenant_config config = voice_config_of_acme();
  config.oncall.user.reset();
  config.voice.owner = {};
  call_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(2min);
  REQUIRE(t.all_calls().empty());
  t.now += 10s;
  command asked;
  asked.kind = command_kind::set_oncall;
  asked.subject = "kim";
  t.ask(asked);
  t.pass(5s);
  REQUIRE(t.all_calls().size() == 1);
  CHECK(t.newest().target == number_kim);
}

TEST_CASE("a drill rings by itself beside what really fails") {
  call_bench t;
  rings(t);
  t.rings_out(t.newest());
  command asked;
  asked.kind = command_kind::drill;
  t.ask(asked);
  t.pass(5s);
  REQUIRE(t.all_calls().size() == 2);
  REQUIRE(t.newest().content.alerts.size() == 1);
  CHECK(t.newest().content.alerts.front().type == alert_type::drill);
}
