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

const std::string number_lee = "+12025550103";

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
  SECTION("one waited for its turn and was tried once") {
    t.pass(2min);
    t.report(t.newest(), delivery_state::dead, reason::expired, "", 1);
    CHECK(failing_phase() == "none");
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

TEST_CASE("a call that was placed and does not ring in time is told of elsewhere") {
  call_bench t(config_with_mail());
  rings(t);
  const auto mails = [&] { return std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel); };
  t.placed(t.newest());
  SECTION("it is queued for ever") { t.pass(61s); }
  SECTION("it failed") { t.heard(t.newest(), call_stage::ended, call_result::failed); }
  CHECK(mails() == 1);
}

TEST_CASE("a call that rang and was not answered is not told of elsewhere") {
  call_bench t(config_with_mail());
  rings(t);
  t.rings_out(t.newest());
  t.tick();
  CHECK(std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel) == 0);
}

TEST_CASE("who passes it on where nobody else is to be called has told everybody") {
  tenant_config config = voice_config_of_acme();
  config.voice.owner.reset();
  config.channels.push_back(channel("mail", "mail"));
  call_bench t(config);
  rings(t);
  t.placed(t.newest());
  call_news two;
  two.call = t.newest().id;
  two.heard.stage = call_stage::answered;
  two.heard.result = call_result::human;
  two.read = {t.as_read(trunk_down)};
  two.passed_on = true;
  t.hear(two);
  CHECK(std::ranges::count_if(t.last.audits, [](const audit_entry& one) { return one.action == "call.passed_on"; }) ==
        1);
  const auto mail = std::ranges::find(t.rows, channel_id("mail"), &delivery::channel);
  REQUIRE(mail != t.rows.end());
  CHECK_THAT(mail->content.text, Catch::Contains("jo passed it on, and there is nobody else to call."));
  t.heard(t.newest(), call_stage::ended);
  t.pass(60s);
  CHECK(t.all_calls().size() == 1);
  t.pass(60s);
  CHECK(t.all_calls().size() == 2);
}

TEST_CASE("a call that was answered and fetched no script was heard by nobody") {
  call_bench t(config_with_mail());
  rings(t);
  const auto failing_phase = [&] {
    const auto at = t.machine().alerts().find({instance_id(), channel_failing, {resource_kind::channel, phone.str()}});
    return at == t.machine().alerts().end() ? std::string("none") : std::string(name(at->second.phase));
  };
  const auto picked_up = [&](std::vector<read_alert> read) {
    t.placed(t.newest());
    t.heard(t.newest(), call_stage::answered, call_result::listener, std::move(read));
    t.heard(t.newest(), call_stage::ended);
  };
  picked_up({});
  CHECK(std::ranges::count(t.rows, channel_id("jo-mail"), &delivery::channel) == 1);
  CHECK(failing_phase() == "none");
  t.pass(2min);
  REQUIRE(t.all_calls().size() == 2); // Jo again
  CHECK(t.newest().target == number_jo);
  SECTION("nor by the next") {
    picked_up({});
    CHECK(failing_phase() == "firing");
    t.pass(1s);
    REQUIRE(t.all_calls().size() == 3); // Kim
    t.placed(t.newest());
    CHECK(failing_phase() == "firing");
    t.heard(t.newest(), call_stage::answered, call_result::none, {t.as_read(trunk_down)});
    t.heard(t.newest(), call_stage::ended);
    t.pass(2min);
    t.placed(t.newest());
    CHECK(failing_phase() == "resolved");
  }
  SECTION("the next is refused, and the one after that is taken") {
    t.report(t.newest(), delivery_state::dead, reason::refused);
    CHECK(failing_phase() == "firing");
    t.pass(2min);
    t.placed(t.newest());
    CHECK(failing_phase() == "resolved");
  }
  SECTION("the next one was heard") {
    picked_up({t.as_read(trunk_down)});
    t.pass(2min);
    picked_up({});
    CHECK(failing_phase() == "none");
  }
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
  CHECK(t.ids_unique); // else the store takes it for the call that was made
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

TEST_CASE("that somebody became callable is not news for ever") {
  tenant_config config = voice_config_of_acme();
  config.oncall.user.reset();
  config.voice.owner = {};
  config.escalation.steps = {{3min, {"user:kim"}}};
  call_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(2min);
  REQUIRE(t.all_calls().empty());
  t.pass(1min);
  REQUIRE(t.all_calls().size() == 1);
  t.rings_out(t.newest());
  t.configure(config);
  t.pass(1s);
  CHECK(t.all_calls().size() == 1);
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

TEST_CASE("a step that names the phone says what becomes of it") {
  auto config = voice_config_of_acme();
  config.escalation.steps = {{30s, {"channel:noc-phone"}}};
  const auto why = [](const call_bench& t) {
    const auto at = std::ranges::find(t.decisions, notice_event::escalated, &decision::event);
    return at == t.decisions.end() ? reason::none : at->deciding;
  };
  SECTION("it rings now") {
    call_bench t(config);
    t.news({failing(trunk_down)});
    t.pass(30s);
    CHECK(why(t) == reason::call_due);
    CHECK(t.all_calls().size() == 1);
  }
  SECTION("its type does not ring") {
    config.voice.types = {sbc_offline};
    call_bench t(config);
    t.news({failing(trunk_down)});
    t.pass(30s);
    CHECK(why(t) == reason::type_not_for_voice);
  }
}

TEST_CASE("a step that names two people calls the one who is not called anyway") {
  auto config = voice_config_of_acme();
  config.users.push_back({user_id("lee"), "Lee", "", number_lee, "by mail"});
  config.escalation.steps = {{30s, {"user:lee", "user:kim"}}};
  call_bench t(config);
  t.phones[number_lee] = {number_lee, "", {}, 0, t.now};
  t.restart();
  t.news({failing(trunk_down)});
  t.pass(30s);
  REQUIRE(t.all_calls().size() == 1);
  CHECK(t.newest().target == number_lee);
}
