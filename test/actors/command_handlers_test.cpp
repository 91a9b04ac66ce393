#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

#include <utility>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using persistence::noon;

namespace {

// One open alert of a tenant, and the link that acknowledges it.
struct night : api_bench {
  night() {
    add_tenant("acme", {"hq"});
    work.commit_alert(persistence::make_alert("al_1"));
    link = "/a/" + api::make_link_token({tenant_id("acme"), alert_id("al_1"), 1, "jo"}, in.sign_links);
  }
  // Asks, and lets the five seconds pass after the command has gone on its way.
  api::server_response ask_in_vain(const std::string& target, bool stored) {
    std::promise<void> gone;
    tree.on_command = [&](const command&, const still_tree::stored& done) {
      if (stored) done({});
      gone.set_value();
    };
    auto answer = send("POST", target);
    gone.get_future().get();
    in.answers.expire(begin_of_time + 5s);
    return answer.get();
  }
  std::string link;
};

const std::string ack = "/api/v1/alerts/al_1/ack";

} // namespace

TEST_CASE("a command that is not known to be stored is never called stored") {
  night t;
  const auto answer = t.ask_in_vain(ack, false);
  CHECK(is_problem(answer, 503));
  CHECK_THAT(answer.body, Contains("not stored yet"));
  const auto page = t.ask_in_vain(t.link, false);
  CHECK(page.status == 503);
  CHECK_THAT(page.body, Contains("Not acknowledged") && !Contains("Thank you"));
}

TEST_CASE("a stored command that nobody has decided yet is said to be just that") {
  night t;
  const auto answer = t.ask_in_vain(ack, true);
  CHECK(answer.status == 202);
  CHECK(text_in(answer.body, "answer") == "accepted");
  const auto page = t.ask_in_vain(t.link, true);
  CHECK(page.status == 202);
  CHECK_THAT(page.body, Contains("is stored") && !Contains("Thank you"));
}

TEST_CASE("a store that is away is 503, not the state of the alert") {
  night t;
  t.tree.on_command = [](const command&, const still_tree::stored& done) {
    done(failure{failure_kind::unavailable, "store is unavailable"});
  };
  const auto answer = t.ask("POST", ack);
  CHECK(is_problem(answer, 503));
  CHECK(text_in(answer.body, "detail") == "store is unavailable");
  CHECK(t.ask("POST", t.link).status == 503);
  CHECK(is_problem(t.ask("POST", "/api/v1/silence", R"({"for":"1h","reason":"x"})"), 503));
}

TEST_CASE("a refused command is a problem that holds the verdict too") {
  night t;
  t.decide_with(command_answer::refused, "until when?");
  const auto answer = t.ask("POST", "/api/v1/alerts/al_1/snooze", R"({"for":"1h"})");
  CHECK(is_problem(answer, 409));
  CHECK(text_in(answer.body, "answer") == "refused");
  CHECK(text_in(answer.body, "text") == "until when?");
  CHECK(text_in(answer.body, "detail") == "until when?");
  t.decide_with(command_answer::stale, "that was an earlier outage");
  CHECK(t.ask("POST", ack).status == 200);
}

TEST_CASE("the page thanks for an acknowledgement, the first or a later one, and for nothing else") {
  night t;
  const auto page = [&](command_answer answer, const std::string& text) {
    t.decide_with(answer, text);
    return t.ask("POST", t.link);
  };
  CHECK_THAT(page(command_answer::done, "").body, Contains("Acknowledged. Thank you."));
  CHECK_THAT(page(command_answer::already, "acknowledged by sam").body,
             Contains("Thank you. It was acknowledged by sam."));
  for (const auto answer : {command_answer::stale, command_answer::refused, command_answer::unknown_subject}) {
    const auto told = page(answer, "it has recovered already");
    CHECK(told.status == 409);
    CHECK_THAT(told.body, Contains("it has recovered already") && !Contains("hank you"));
  }
  CHECK(t.tree.asked.front().episode == 1);
  CHECK(t.tree.asked.front().by == "jo");
}

TEST_CASE("an episode that is no number acknowledges nothing") {
  night t;
  t.decide_with(command_answer::done, "");
  for (const char* bad : {R"("abc")", "-1", "99999999999", R"("")", R"("1x")", "true", R"({"a":1})", "1.5"}) {
    INFO(bad);
    const auto answer = t.ask("POST", ack, std::string(R"({"episode":)") + bad + "}");
    CHECK(is_problem(answer, 422));
  }
  CHECK_THAT(t.ask("POST", ack, R"({"episode":"abc"})").body, Contains("episode"));
  CHECK(t.tree.asked.empty());
  CHECK(t.ask("POST", ack, R"({"episode":7})").status == 200);
  CHECK(t.ask("POST", ack).status == 200);
  REQUIRE(t.tree.asked.size() == 2);
  CHECK(t.tree.asked[0].episode == 7);
  CHECK(t.tree.asked[1].episode == 0);
}

TEST_CASE("a key that a route does not know is refused, not passed over") {
  night t;
  t.decide_with(command_answer::done, "");
  for (const char* target : {"/api/v1/alerts/al_1/ack", "/api/v1/alerts/al_1/snooze", "/api/v1/alerts/al_1/renotify",
                             "/api/v1/mutes", "/api/v1/silence", "/api/v1/deliveries/dl_1/resend",
                             "/api/v1/tenants/acme/channels/push/test", "/api/v1/actors/restart"}) {
    INFO(target);
    const auto answer = t.ask("POST", target, R"({"for":"1h","reason":"x","tennant":"acme"})");
    CHECK(is_problem(answer, 422));
    CHECK_THAT(answer.body, Contains("unknown key"));
  }
  CHECK(t.tree.asked.empty());
}

TEST_CASE("a silence lasts at most a day") {
  night t;
  t.decide_with(command_answer::done, "quiet");
  const auto silence = [&](const std::string& body) { return t.ask("POST", "/api/v1/silence", body); };
  const auto longer = silence(R"({"tenant":"acme","for":"24h1s","reason":"x"})");
  CHECK(is_problem(longer, 422));
  CHECK_THAT(text_in(longer.body, "detail"), Contains("for: ") && Contains("24h"));
  CHECK(is_problem(silence(R"({"until":"2100-01-01T00:00:00Z","reason":"x"})"), 422));
  CHECK(is_problem(silence(R"({"for":"1h"})"), 422));
  CHECK(t.tree.asked.empty());
  CHECK(silence(R"({"tenant":"acme","for":"24h","reason":"x"})").status == 200);
  REQUIRE(t.tree.asked.size() == 1);
  CHECK(t.tree.asked[0].kind == command_kind::silence);
  CHECK(t.tree.asked[0].until == noon + 24h);
}

TEST_CASE("a silence is lifted for one tenant or for all") {
  night t;
  t.add_tenant("globex");
  t.decide_with(command_answer::done, "no longer silenced");
  const auto lift = [&](const std::string& body) { return t.ask("POST", "/api/v1/silence", body); };
  CHECK(lift(R"({"off":true,"tenant":"globex","by":"jo"})").status == 200);
  REQUIRE(t.tree.asked.size() == 1);
  CHECK(t.tree.asked[0].kind == command_kind::lift_silence);
  CHECK(t.tree.asked[0].by == "jo");
  const auto all = lift(R"({"off":true})");
  CHECK(text_in(all.body, "text") == "2 of 2 tenants no longer silenced");
  CHECK(t.tree.asked.size() == 3);
  t.decide_with(command_answer::already, "it was not silenced");
  CHECK(text_in(lift(R"({"off":true})").body, "answer") == "already");
  CHECK(is_problem(lift(R"({"off":true,"for":"1h"})"), 422));
  CHECK(is_problem(lift(R"({"off":"perhaps"})"), 422));
}

TEST_CASE("a mute is lifted by its type") {
  night t;
  t.decide_with(command_answer::done, "trunk_down is no longer muted");
  const auto mute = [&](const std::string& body) { return t.ask("POST", "/api/v1/mutes", body); };
  CHECK(mute(R"({"off":true,"tenant":"acme","type":"trunk_down","by":"jo"})").status == 200);
  REQUIRE(t.tree.asked.size() == 1);
  CHECK(t.tree.asked[0].kind == command_kind::lift_silence);
  CHECK(t.tree.asked[0].subject == "trunk_down");
  CHECK(mute(R"({"off":false,"for":"1h","tenant":"acme","type":"trunk_down"})").status == 200);
  CHECK(t.tree.asked[1].kind == command_kind::mute_type);
  // Without a sound type it would lift the silence of everything.
  CHECK(is_problem(mute(R"({"off":true,"tenant":"acme"})"), 422));
  CHECK(is_problem(mute(R"({"off":true,"tenant":"acme","type":"trunk_donw"})"), 422));
  CHECK(is_problem(mute(R"({"off":true,"tenant":"acme","type":"trunk_down","for":"1h"})"), 422));
  CHECK(is_problem(mute(R"({"off":true,"tenant":"nix","type":"trunk_down"})"), 404));
  CHECK(t.tree.asked.size() == 2);
}

TEST_CASE("a test names the delivery it made, a delivery under way is not sent again") {
  night t;
  t.decide_with(command_answer::done, "a test is on its way", delivery_id("dl_9"));
  CHECK(text_in(t.ask("POST", "/api/v1/tenants/acme/channels/push/test").body, "delivery") == "dl_9");
  CHECK(t.ask("POST", "/api/v1/tenants/acme/channels/none/test").status == 404);
  t.work.commit_rows({persistence::make_row("dl_1", persistence::make_alert("al_1"))});
  const auto answer = t.ask("POST", "/api/v1/deliveries/dl_1/resend");
  CHECK(is_problem(answer, 409));
  CHECK(text_in(answer.body, "answer") == "refused");
}

TEST_CASE("a test says what an alarm over that channel would meet") {
  night t;
  tenant_config config;
  config.id = tenant_id("acme");
  config.instances.emplace_back();
  config.instances.back().id = instance_id("hq");
  for (const char* kind : {"autotask", "ntfy"}) {
    config.channels.emplace_back();
    config.channels.back().id = channel_id(kind);
    config.channels.back().kind = kind;
  }
  t.in.tenants.put({std::make_shared<const tenant_config>(config), {}});
  t.decide_with(command_answer::done, "a test is on its way");
  CHECK(text_in(t.ask("POST", "/api/v1/tenants/acme/channels/ntfy/test").body, "text") == "a test is on its way");
  CHECK_THAT(text_in(t.ask("POST", "/api/v1/tenants/acme/channels/autotask/test").body, "text"),
             Contains("a test is on its way") && Contains("warning: company: ") && Contains("of hq: "));
}

TEST_CASE("a call shows how far it has come") {
  night t;
  auto row = persistence::make_row("dl_1", persistence::make_alert("al_1"));
  row.target = "+12025550101";
  t.work.commit_rows({row});
  CHECK(text_in(t.ask("GET", "/api/v1/deliveries/dl_1").body, "call_stage").empty());
  persistence::write_batch batch = t.work.batch();
  call_record call;
  call.call = row.id;
  call.channel = row.channel;
  call.lead = row.alert;
  call.number = row.target;
  call.stage = call_stage::ringing;
  call.made = call.changed = noon;
  batch.calls.push_back(call);
  t.work.commit(batch);
  const std::string body = t.ask("GET", "/api/v1/deliveries/dl_1").body;
  CHECK(text_in(body, "call_stage") == "ringing");
  CHECK_THAT(body, Contains(R"("call_result":null)"));
}
