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

TEST_CASE("a provider that placed nobody is tried again soon, as long as the budget lasts") {
  call_bench t;
  rings(t);
  const wall_time began = t.now;
  const auto fails = [&] {
    t.report(t.newest(), delivery_state::dead, reason::expired);
    const auto before = t.all_calls().size();
    for (int i = 0; i < 120 && t.all_calls().size() == before; ++i) t.pass(1s);
    return t.all_calls().size() > before;
  };
  // Jo twice, Kim twice: not one was placed, and the next is not left to the round at ten minutes.
  for (int i = 0; i < 3; ++i) REQUIRE(fails());
  REQUIRE(fails());
  CHECK(t.newest().target == number_jo);
  CHECK(t.now - began < 8min);
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
  CHECK(rung >= 3);
  CHECK(rung < 5);
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
