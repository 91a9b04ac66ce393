// What a voice provider is answered: only when it signed, and about what is true when the call is answered.
#include "protocol/wire/crypto.hpp"
#include "protocol/wire/form.hpp"
#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <functional>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using persistence::noon;

namespace {

const std::string public_url = "https://ringdown.example.com";
const std::string token = "the-auth-token";

std::string signature(const std::string& url, const wire::form_fields& fields, const std::string& key = token) {
  const std::set<std::pair<std::string, std::string>> sorted(fields.begin(), fields.end());
  std::string text = url;
  for (const auto& [name, value] : sorted) text += name + value;
  return wire::base64_encode(wire::hmac_sha1(key, text));
}

// A tenant with a phone channel, a call that is under way, and one critical it is about.
struct call_night : api_bench {
  call_night() {
    tenant_config config;
    config.id = tenant_id("acme");
    config.name = "Acme";
    config.voice.types = {alert_type::trunk_down};
    config.instances.emplace_back().id = instance_id("hq");
    config.instances.back().name = "Acme HQ";
    channel_config phone;
    phone.id = channel_id("phone");
    phone.kind = "twilio";
    phone.settings = {{"account", "AC1"}, {"from", "+12025550100"}};
    phone.secrets = {{"auth_token", secret_text(token)}};
    config.channels.push_back(phone);
    in.tenants.put({std::make_shared<const tenant_config>(std::move(config)), {}});
    world.node.callback_url = public_url;
    in.world = std::make_shared<ports>(world);
    fire("al_1", "Bandwidth");
    delivery row = persistence::make_row("dl_1", persistence::make_alert("al_1"));
    row.channel = channel_id("phone");
    call_record call;
    call.call = row.id;
    call.lead = row.alert;
    call.channel = row.channel;
    call.number = "+12025550101";
    call.person = "jo";
    call.made = call.changed = noon;
    auto batch = work.batch();
    batch.deliveries = {row};
    batch.calls = {call};
    work.commit(batch);
    tree.on_command = [](const command&, const still_tree::stored& done) { done({}); };
  }
  void change_call(const std::function<void(call_record&)>& how) {
    call_record call = **work.held->find_call(tenant_id("acme"), delivery_id("dl_1"));
    how(call);
    auto batch = work.batch();
    batch.calls = {call};
    work.commit(batch);
  }
  alert fire(const std::string& id, const std::string& label) {
    alert a = persistence::make_alert(id);
    a.key.instance = instance_id("hq");
    a.key.type = alert_type::trunk_down;
    a.label = label;
    a.level = severity::critical;
    a.told = severity::critical;
    work.commit_alert(a);
    return a;
  }
  // The same, of another tenant.
  void commit_of(const std::string& tenant, const alert& a) {
    auto batch = work.batch();
    batch.tenant = tenant_id(tenant);
    batch.alerts = {a};
    work.commit(batch);
  }
  api::server_response call_back(const std::string& what, const wire::form_fields& fields,
                                 const std::string& signed_with = token) {
    const std::string path = "/callbacks/twilio/acme/phone/dl_1/" + what;
    net::server_request request;
    request.method = "POST";
    const auto cut = path.find('?');
    request.path = path.substr(0, cut);
    if (cut != std::string::npos) request.query = path.substr(cut + 1);
    request.headers = {{"X-Twilio-Signature", signature(public_url + path, fields, signed_with)}};
    request.body = wire::write_form(fields);
    return answer_of(request);
  }
  api::server_response answer_of(const net::server_request& request) {
    auto answered = std::make_shared<std::promise<api::server_response>>();
    auto made = answered->get_future();
    api::answer_request(in, request, [answered](api::server_response said) { answered->set_value(std::move(said)); });
    return made.get();
  }
  [[nodiscard]] call_news heard() const {
    for (const auto& asked : std::views::reverse(tree.asked))
      if (asked.kind == command_kind::hear_call) return *parse_call_news(asked.text);
    return {};
  }
};

const wire::form_fields answered{{"CallSid", "CA1"}, {"CallStatus", "in-progress"}, {"AnsweredBy", "human"}};
const std::string read_one = "keys?read=al_1%3A1";

wire::form_fields pressed(const std::string& digit) {
  return {{"CallSid", "CA1"}, {"CallStatus", "in-progress"}, {"Digits", digit}};
}

} // namespace

TEST_CASE("who answers hears every open critical, and what was read is noted") {
  call_night t;
  t.fire("al_2", "Twilio-Backup");
  const auto said = t.call_back("script", answered);
  CHECK(said.status == 200);
  CHECK(header_of(said, "content-type") == "text/xml; charset=utf-8");
  CHECK_THAT(said.body, Contains("The trunk is Bandwidth.") && Contains("The trunk is Twilio-Backup.") &&
                            Contains("Ringdown for Acme.") && Contains("<Gather"));
  CHECK(t.heard().heard.stage == call_stage::answered);
  CHECK(t.heard().heard.result == call_result::listener); // no key yet
  CHECK(t.heard().read == std::vector<read_alert>{{alert_id("al_1"), 1}, {alert_id("al_2"), 1}});
}

TEST_CASE("a critical is read out however much has opened since, and the key takes what was named alone") {
  call_night t;
  auto batch = t.work.batch();
  for (int i = 0; i < 110; ++i) {
    alert warning = persistence::make_alert(fmt::format("al_w{}", i));
    warning.key.instance = instance_id("hq");
    warning.key.resource.key = std::to_string(i);
    warning.opened = noon + std::chrono::minutes(1);
    batch.alerts.push_back(warning);
  }
  for (int i = 0; i < 21; ++i) {
    alert later = t.fire(fmt::format("al_x{:02}", i), fmt::format("Trunk{:02}", i));
    later.opened = noon + std::chrono::minutes(2);
    batch.alerts.push_back(later);
  }
  t.work.commit(batch);
  const auto said = t.call_back("script", answered);
  CHECK_THAT(said.body,
             Contains("Bandwidth") && Contains("Trunk18") && !Contains("Trunk19") && Contains("And 2 more."));
  CHECK(t.heard().read.size() == 20);
}

TEST_CASE("what speaks for many is read out before what speaks for one, however old that is") {
  call_night t;
  alert outage = t.fire("al_outage", "Carrier");
  outage.opened = noon + std::chrono::minutes(5);
  outage.key.type = GENERATE(alert_type::provider_outage, alert_type::all_trunks_down);
  t.work.commit_alert(outage);
  t.fire("al_0", "Backup");
  CHECK(t.call_back("script", answered).status == 200);
  CHECK(t.heard().read ==
        std::vector<read_alert>{{alert_id("al_outage"), 1}, {alert_id("al_0"), 1}, {alert_id("al_1"), 1}});
}

TEST_CASE("what keeps quiet has not recovered, and is not said to have") {
  call_night t;
  alert a = t.fire("al_1", "Bandwidth");
  a.masks = with(0, mask::snooze);
  t.work.commit_alert(a);
  CHECK_THAT(t.call_back("script", answered).body, Contains("not over") && !Contains("recovered"));
}

TEST_CASE("the script of a call that has ended tells nobody what is open") {
  call_night t;
  t.change_call([](call_record& call) { call.stage = call_stage::ended; });
  CHECK_THAT(t.call_back("script", answered).body, Contains("<Hangup/>") && !Contains("Bandwidth"));
}

TEST_CASE("a machine is hung up on and remembered as one") {
  call_night t;
  const auto said =
      t.call_back("script", {{"CallSid", "CA1"}, {"CallStatus", "in-progress"}, {"AnsweredBy", "machine_start"}});
  CHECK_THAT(said.body, Contains("<Hangup/>") && !Contains("<Say"));
  CHECK(t.heard().heard.result == call_result::machine);
  CHECK(t.heard().read.empty());
}

TEST_CASE("who picks up too late hears who has it") {
  call_night t;
  alert a = t.fire("al_1", "Bandwidth");
  a.phase = alert_phase::acknowledged;
  a.ack = acknowledgement{"kim", "link", noon, 1};
  t.work.commit_alert(a);
  CHECK_THAT(t.call_back("script", answered).body, Contains("taken by kim") && !Contains("<Gather"));
}

TEST_CASE("1 acknowledges exactly what was read, by whoever was called") {
  call_night t;
  t.fire("al_2", "Opened since");
  const auto said = t.call_back(read_one, pressed("1"));
  CHECK_THAT(said.body, Contains("Acknowledged. Goodbye."));
  std::vector<command> acks;
  std::ranges::copy_if(t.tree.asked, std::back_inserter(acks),
                       [](const command& one) { return one.kind == command_kind::acknowledge; });
  REQUIRE(acks.size() == 1);
  CHECK(acks[0].alert.str() == "al_1");
  CHECK(acks[0].episode == 1);
  CHECK(acks[0].by == "jo");
  CHECK(acks[0].via == "phone");
  t.call_back(read_one, pressed("1"));
  CHECK(t.tree.asked.back().id == acks[0].id); // said twice, it is the same command
}

TEST_CASE("nobody is thanked for what somebody else has, or what is over") {
  call_night t;
  alert a = t.fire("al_1", "Bandwidth");
  SECTION("taken meanwhile") {
    a.phase = alert_phase::acknowledged;
    a.ack = acknowledgement{"kim", "link", noon, 1};
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("1")).body, Contains("taken by kim") && !Contains("Acknowledged"));
    CHECK_THAT(t.call_back(read_one, pressed("")).body, Contains("taken by kim") && !Contains("Nothing was"));
  }
  SECTION("over meanwhile") {
    a.phase = alert_phase::resolved;
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("1")).body, Contains("recovered") && !Contains("Acknowledged"));
  }
  SECTION("their own, said again") {
    a.phase = alert_phase::acknowledged;
    a.ack = acknowledgement{"jo", "phone", noon, 1};
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("1")).body, Contains("Acknowledged. Goodbye."));
  }
}

TEST_CASE("a callback that names another tenant's alert is not told what becomes of it") {
  call_night t;
  alert theirs = persistence::make_alert("al_theirs", tenant_id("globex"));
  theirs.key.type = alert_type::trunk_down;
  theirs.level = severity::critical;
  theirs.told = severity::critical;
  const auto key_on = [&](const std::string& key) { return t.call_back("keys?read=al_theirs%3A1", pressed(key)).body; };
  for (const char* key : {"1", "2"}) {
    const std::string unknown = key_on(key);
    CHECK_THAT(unknown, Contains("Nothing is left"));
    for (const auto phase : {alert_phase::firing, alert_phase::acknowledged, alert_phase::resolved}) {
      theirs.phase = phase;
      theirs.ack = std::nullopt;
      if (phase == alert_phase::acknowledged) theirs.ack = acknowledgement{"jo", "phone", noon, 1};
      t.commit_of("globex", theirs);
      CHECK(key_on(key) == unknown);
    }
  }
}

TEST_CASE("nothing is passed on that somebody has, or that is over") {
  call_night t;
  alert a = t.fire("al_1", "Bandwidth");
  SECTION("taken meanwhile") {
    a.phase = alert_phase::acknowledged;
    a.ack = acknowledgement{"kim", "link", noon, 1};
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("2")).body, Contains("taken by kim") && !Contains("passed on"));
  }
  SECTION("over meanwhile") {
    a.phase = alert_phase::resolved;
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("2")).body, Contains("recovered") && !Contains("passed on"));
  }
  SECTION("quiet meanwhile") {
    a.masks = with(0, mask::snooze);
    t.work.commit_alert(a);
    CHECK_THAT(t.call_back(read_one, pressed("2")).body, Contains("quiet now") && !Contains("passed on"));
  }
  CHECK_FALSE(t.heard().passed_on);
  t.fire("al_2", "Twilio-Backup");
  CHECK_THAT(t.call_back(read_one + "%2Cal_2%3A1", pressed("2")).body, Contains("passed on"));
  CHECK(t.heard().passed_on);
}

TEST_CASE("keys of a call that has ended are told nothing of what is open, and 1 still counts") {
  call_night t;
  t.change_call([](call_record& call) { call.stage = call_stage::ended; });
  for (const char* key : {"2", "3", "", "9"})
    CHECK_THAT(t.call_back(read_one, pressed(key)).body, Contains("<Hangup/>") && !Contains("Bandwidth"));
  t.call_back(read_one, pressed("1"));
  CHECK(t.tree.asked.back().kind == command_kind::acknowledge);
}

TEST_CASE("a drill's call tells of the drill alone") {
  call_night t;
  alert drill = t.fire("al_drill", "");
  drill.key = {instance_id(), alert_type::drill, {resource_kind::instance, ""}};
  t.work.commit_alert(drill);
  CHECK_THAT(t.call_back("script", answered).body, Contains("Bandwidth") && !Contains("drill"));
  t.change_call([&](call_record& call) { call.lead = drill.id; });
  CHECK_THAT(t.call_back(read_one, pressed("3")).body, Contains("This is a drill") && !Contains("Bandwidth"));
}

TEST_CASE("nobody is thanked for an acknowledgement that is not stored") {
  call_night t;
  t.tree.on_command = [](const command& what, const still_tree::stored& done) {
    done(what.kind == command_kind::acknowledge ? result<void>(failure{failure_kind::unavailable, "full"})
                                                : result<void>());
  };
  CHECK_THAT(t.call_back(read_one, pressed("1")).body, Contains("Nothing is acknowledged") && !Contains("Goodbye."));
}

TEST_CASE("2 passes it on, 3 says it again, nothing pressed is asked once more") {
  call_night t;
  CHECK_THAT(t.call_back(read_one, pressed("2")).body, Contains("passed on"));
  CHECK(t.heard().passed_on);
  CHECK_THAT(t.call_back(read_one, pressed("3")).body, Contains("<Gather") && !Contains("again=1"));
  CHECK_THAT(t.call_back(read_one, pressed("")).body, Contains("<Gather") && Contains("again=1"));
  CHECK_THAT(t.call_back(read_one + "&again=1", pressed("")).body, Contains("Nothing was acknowledged"));
}

TEST_CASE("how a call goes on is stored before it is answered") {
  call_night t;
  const wire::form_fields busy{{"CallSid", "CA1"}, {"CallStatus", "busy"}, {"SequenceNumber", "2"}};
  CHECK(t.call_back("status", busy).status == 204);
  CHECK(t.heard().heard.stage == call_stage::ended);
  CHECK(t.heard().heard.result == call_result::busy);
  CHECK(t.heard().heard.sequence == 2U);
  const std::string first = t.tree.asked.back().id;
  t.call_back("status", busy);
  CHECK(t.tree.asked.back().id == first);
  t.tree.on_command = [](const command&, const still_tree::stored& done) {
    done(failure{failure_kind::unavailable, "full"});
  };
  CHECK(t.call_back("status", busy).status == 503);
}

TEST_CASE("who did not sign is told nothing and changes nothing") {
  call_night t;
  for (const char* what : {"script", "status", "keys?read=al_1%3A1"})
    CHECK(t.call_back(what, answered, "another token").status == 403);
  net::server_request bare;
  bare.method = "POST";
  bare.path = "/callbacks/twilio/acme/phone/dl_1/script";
  bare.body = wire::write_form(answered);
  CHECK(t.answer_of(bare).status == 403);
  bare.headers = {{"X-Twilio-Signature", signature(public_url + bare.path, {{"CallSid", "CA2"}})}};
  CHECK(t.answer_of(bare).status == 403); // another form's signature
  bare.path = "/callbacks/twilio/globex/phone/dl_1/script";
  CHECK(t.answer_of(bare).status == 404);
  bare.path = "/callbacks/ntfy/acme/phone/dl_1/script";
  CHECK(t.answer_of(bare).status == 404);
  CHECK(t.tree.asked.empty());
}

TEST_CASE("a call of another channel or tenant is none of this one's") {
  call_night t;
  delivery row = persistence::make_row("dl_1x", persistence::make_alert("al_1"));
  t.work.commit_rows({row}); // of the push channel
  const std::string path = "/callbacks/twilio/acme/phone/dl_1x/script";
  net::server_request request;
  request.method = "POST";
  request.path = path;
  request.body = wire::write_form(answered);
  request.headers = {{"X-Twilio-Signature", signature(public_url + path, answered)}};
  CHECK(t.answer_of(request).status == 404);
}

TEST_CASE("a code is asked for and given back, and who is on call is set") {
  call_night t;
  t.decide_with(command_answer::done, "a code is being read out", delivery_id("dl_9"));
  CHECK(t.ask("POST", "/api/v1/tenants/acme/phones/code", R"({"number":"+12025550101"})").status == 200);
  CHECK(t.tree.asked.back().kind == command_kind::ask_for_code);
  CHECK(t.tree.asked.back().text.size() == 6);
  CHECK(t.ask("POST", "/api/v1/tenants/acme/phones/code", R"({"user":"lee"})").status == 404);
  CHECK(t.ask("POST", "/api/v1/tenants/acme/phones/confirm", R"({"number":"+12025550101","code":"804213"})").status ==
        200);
  CHECK(t.tree.asked.back().text == "804213");
  CHECK(t.ask("POST", "/api/v1/tenants/acme/oncall", R"({"user":"kim"})").status == 200);
  CHECK(t.tree.asked.back().subject == "kim");
  auto batch = t.work.batch();
  batch.oncall = oncall_pointer{user_id("kim"), "jo", noon};
  t.work.commit(batch);
  CHECK(text_in(t.ask("GET", "/api/v1/tenants/acme/oncall").body, "user") == "kim");
  CHECK(t.ask("GET", "/api/v1/tenants/nobody/oncall").status == 404);
}
