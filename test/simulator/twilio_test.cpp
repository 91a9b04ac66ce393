#include "bin/ringdown-sim/twilio.hpp"

#include "protocol/wire/crypto.hpp"
#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

#include <ranges>

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

namespace {

const std::string status_url = "http://127.0.0.1:9/callbacks/twilio/t1/t1-voice/dl_7/status";
const std::string script_url = "http://127.0.0.1:9/callbacks/twilio/t1/t1-voice/dl_7/script?x=1";
const std::string keys_document =
    R"(<Response><Gather action="/keys" actionOnEmptyResult="true" timeout="9"><Say>Press 1</Say></Gather></Response>)";

scenario one_phone(arguments behaviour) {
  auto out = small_fleet(1);
  behaviour.emplace("do", "phone");
  out.phones.push_back(tell(std::move(behaviour)));
  return out;
}

form_pairs usual_form() {
  return {{"To", "+493023125001"},
          {"From", "+493023125900"},
          {"Url", script_url},
          {"StatusCallback", status_url},
          {"StatusCallbackEvent", "initiated"},
          {"StatusCallbackEvent", "ringing"},
          {"StatusCallbackEvent", "answered"},
          {"StatusCallbackEvent", "completed"},
          {"MachineDetection", "Enable"},
          {"Timeout", "25"}};
}

form_pairs with(form_pairs form, const std::string& key, const std::string& value) {
  std::erase_if(form, [&](const auto& f) { return f.first == key; });
  if (!value.empty()) form.emplace_back(key, value);
  return form;
}

// A simulation, a client of its API, and a daemon that answers what is set here.
struct exchange {
  stage s;
  duration clock{};
  std::string script = keys_document;
  std::vector<errand> seen;
  std::string account = twilio_plan().account;

  exchange() : s(one_phone({})) {}
  explicit exchange(const scenario& plan) : s(plan) {}
  exchange(const std::string& key, const std::string& value) : s(one_phone({{key, value}})) {}

  answer api(const std::string& method, const std::string& rest, const std::string& body = {},
             const std::string& password = "sim-twilio-token") {
    const auto key = "Basic " + wire::base64_encode(account + ":" + password);
    return s.running.ask_twilio(
        {method, "/2010-04-01/Accounts/" + account + "/Calls" + rest, {{"Authorization", key}}, body, "127.0.0.1:1"},
        at(clock));
  }
  answer place(const form_pairs& form = usual_form()) { return api("POST", ".json", form_text(form)); }
  std::string sid() const { return member(effect("call_placed"), "sid"); }

  static std::string member(const std::string& json, const std::string& key) {
    return parse_json_members(json, nested_members::skipped).value()[key];
  }
  // The last line of that kind.
  std::string effect(const std::string& kind) const {
    for (const auto& one : std::views::reverse(s.effects)) {
      if (member(one, "kind") == kind) return one;
    }
    return "{}";
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> out;
    for (const auto& one : s.effects) {
      if (const auto kind = member(one, "kind"); kind != "callback_answer") out.push_back(kind);
    }
    return out;
  }

  // Lets time pass in small steps; every request is answered at once.
  void pass(duration span, int answered = 200) {
    for (const auto end = clock + span; clock < end; clock += 10ms) {
      s.running.advance(at(clock));
      for (auto& one : s.running.take_errands()) {
        s.running.heard(one.id, {answered, one.url == status_url ? "" : script, ""}, at(clock));
        seen.push_back(std::move(one));
      }
    }
  }
  std::vector<arguments> to(const std::string& url) const {
    std::vector<arguments> out;
    for (const auto& one : seen) {
      if (one.url == url) out.push_back(parse_form(one.body));
    }
    return out;
  }
  std::vector<std::string> reported() const {
    std::vector<std::string> out;
    for (const auto& one : to(status_url)) out.push_back(one.at("SequenceNumber") + " " + one.at("CallStatus"));
    return out;
  }
};

using words = std::vector<std::string>;

} // namespace

TEST_CASE("a signature is the one known to be genuine") {
  const form_pairs fields{{"To", "+18005551212"},
                          {"CallSid", "CA1234567890ABCDE"},
                          {"Digits", "1234"},
                          {"Caller", "+12349013030"},
                          {"From", "+12349013030"}};
  CHECK(twilio_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2#rc=2", fields) ==
        "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
}

TEST_CASE("a call is answered, hears the script and ends") {
  exchange x;
  const auto placed = x.place();
  CHECK(placed.status == 201);
  CHECK(exchange::member(*placed.body, "status") == "queued");
  x.script = "<Response><Say>One alert</Say><Say>Bye</Say><Hangup/></Response>";
  x.pass(2s);
  CHECK(x.kinds() == words{"call_placed", "call_ringing", "call_answered", "call_said", "call_said", "call_ended"});
  CHECK(exchange::member(x.s.effects[0], "delivery") == "dl_7");
  CHECK(x.reported() == words{"0 initiated", "1 ringing", "2 in-progress", "3 completed"});
  CHECK(x.to(status_url)[2].at("AnsweredBy") == "human");
  CHECK(x.to(status_url)[3].at("CallDuration") == "1");
  REQUIRE(x.to(script_url).size() == 1);
  CHECK(x.to(script_url)[0].at("CallStatus") == "in-progress");
  for (const auto& one : x.seen) {
    CHECK(header(one.headers, "x-twilio-signature") ==
          twilio_signature("sim-twilio-token", one.url, parse_pairs(one.body)));
  }
}

TEST_CASE("a digit is pressed once, an empty result is told, circles end") {
  exchange x("press", "1");
  (void)x.place();
  x.pass(20s);
  const auto keys = x.to("http://127.0.0.1:9/keys");
  REQUIRE(keys.size() == 9);
  CHECK(keys[0].at("Digits") == "1");
  for (std::size_t i = 1; i < keys.size(); ++i) CHECK(keys[i].at("Digits").empty());
  CHECK(exchange::member(x.effect("call_digits"), "digit") == "1");
  CHECK(x.effect("call_error").find("more documents") != std::string::npos);
  CHECK(x.kinds().back() == "call_ended");
}

TEST_CASE("without actionOnEmptyResult silence falls through to the next verb") {
  exchange x;
  x.script = "<Response><Gather action=\"/keys\"><Say>Press</Say></Gather><Say>Nobody pressed</Say></Response>";
  (void)x.place();
  x.pass(3s);
  CHECK(x.to("http://127.0.0.1:9/keys").empty());
  CHECK(exchange::member(x.effect("call_said"), "text") == "Nobody pressed");
  CHECK(exchange::member(x.effect("call_ended"), "status") == "completed");
}

TEST_CASE("an account with a pace lets out one call in so long, another account does not wait for it") {
  auto plan = one_phone({{"does", "busy"}});
  plan.twilio.pace = 1s;
  exchange x(plan);
  for (int n = 0; n < 3; ++n) CHECK(x.place().status == 201);
  x.account.replace(x.account.size() - 4, 4, "0001");
  CHECK(x.place().status == 201);
  const auto rung_after = [&](duration span) {
    x.pass(span);
    return std::ranges::count(x.kinds(), "call_ringing");
  };
  CHECK(rung_after(900ms) == 2);
  CHECK(rung_after(1s) == 3);
  CHECK(rung_after(1s) == 4);
}

TEST_CASE("a phone that is not answered ends as it behaves") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"no_answer", "no-answer"}, {"busy", "busy"}, {"rejected", "busy"}};
  for (const auto& [does, status] : table) {
    CAPTURE(does);
    exchange x("does", does);
    (void)x.place();
    x.pass(3s);
    CHECK(exchange::member(x.effect("call_ended"), "status") == status);
    CHECK(x.reported() == words{"0 initiated", "1 ringing", "2 " + status});
    CHECK(x.to(script_url).empty());
  }
}

TEST_CASE("a machine is told as one, and only when it was asked for") {
  exchange x("as", "machine");
  (void)x.place();
  x.pass(500ms);
  CHECK(x.to(script_url)[0].at("AnsweredBy") == "machine_start");
  CHECK(exchange::member(*x.api("GET", "/" + x.sid() + ".json").body, "answered_by") == "machine_start");
  exchange y("as", "machine");
  (void)y.place(with(usual_form(), "MachineDetection", ""));
  y.pass(500ms);
  CHECK_FALSE(y.to(script_url)[0].contains("AnsweredBy"));
}

TEST_CASE("an inline document is said, and nothing is fetched") {
  exchange x;
  auto form = with(with(usual_form(), "Url", ""), "StatusCallback", "");
  form.emplace_back("Twiml", "<Response><Say>Trunk down</Say></Response>");
  CHECK(x.place(form).status == 201);
  x.pass(2s);
  CHECK(x.seen.empty());
  CHECK(exchange::member(x.effect("call_said"), "text") == "Trunk down");
  CHECK(exchange::member(x.effect("call_ended"), "status") == "completed");
}

TEST_CASE("a document that does not come ends the call") {
  exchange x;
  (void)x.place();
  x.pass(2s, 503);
  CHECK(x.effect("call_error").find("503") != std::string::npos);
  CHECK(exchange::member(x.effect("call_ended"), "status") == "completed");
}

TEST_CASE("what is wrong with an order is said with Twilio's code") {
  exchange x;
  const auto refused = [&](const form_pairs& form) {
    const auto given = x.place(form);
    CHECK(given.status == 400);
    return exchange::member(*given.body, "code");
  };
  CHECK(refused(with(usual_form(), "To", "")) == "21201");
  CHECK(refused(with(usual_form(), "To", "030 12345")) == "21211");
  CHECK(refused(with(usual_form(), "From", "")) == "21213");
  CHECK(refused(with(usual_form(), "From", "x")) == "21212");
  CHECK(refused(with(usual_form(), "From", "+12125550100")) == "21210");
  CHECK(refused(with(usual_form(), "Url", "")) == "21205");
  CHECK(refused(with(usual_form(), "Url", "https://a_b.example/x")) == "21205");
  CHECK(refused(with(usual_form(), "StatusCallback", "ftp://a")) == "21205");
  CHECK(refused(with(with(usual_form(), "Url", ""), "Twiml", std::string(4001, 'x'))) == "20001");
  CHECK(refused(with(usual_form(), "Timeout", "601")) == "20001");
  CHECK(refused(with(usual_form(), "MachineDetection", "yes")) == "20001");
  CHECK(refused(with(usual_form(), "Method", "GET")) == "20001");
  CHECK(refused(with(usual_form(), "StatusCallbackEvent", "sung")) == "20001");
  const auto stranger = x.api("POST", ".json", form_text(usual_form()), "wrong");
  CHECK(stranger.status == 401);
  CHECK(exchange::member(*stranger.body, "code") == "20003");
  CHECK(x.api("GET", "/CA00.json").status == 404);
  CHECK(x.effect("call_placed") == "{}");
  x.account += "x";
  CHECK(x.place().status == 401);
  x.account = twilio_plan().account;
  x.account.replace(x.account.size() - 4, 4, "00a1"); // a sub-account
  CHECK(x.place().status == 201);
}

TEST_CASE("a call is taken back before it is answered and hung up after") {
  exchange x;
  (void)x.place();
  x.pass(100ms);
  CHECK(x.api("POST", "/" + x.sid() + ".json", "Status=sung").status == 400);
  CHECK(x.api("POST", "/" + x.sid() + ".json", "Status=canceled").status == 200);
  x.pass(1s);
  CHECK(x.reported() == words{"0 initiated", "1 ringing", "2 canceled"});

  (void)x.place();
  x.pass(500ms);
  const auto late = x.api("POST", "/" + x.sid() + ".json", "Status=canceled");
  CHECK(late.status == 400);
  CHECK(exchange::member(*late.body, "code") == "21220");
  CHECK(exchange::member(*x.api("POST", "/" + x.sid() + ".json", "Status=completed").body, "status") == "completed");
  CHECK(x.api("POST", "/" + x.sid() + ".json", "Status=completed").status == 400);
}

TEST_CASE("the callee may hang up first") {
  exchange x("hang_up", "250ms");
  (void)x.place();
  x.pass(1s);
  CHECK(exchange::member(x.effect("call_ended"), "status") == "completed");
  CHECK(x.to("http://127.0.0.1:9/keys").empty());
}

TEST_CASE("calls are listed by number and start") {
  exchange x;
  (void)x.place();
  const auto listed = [&](const std::string& query) {
    return x.api("GET", ".json?" + query).body->find(x.sid()) != std::string::npos;
  };
  CHECK(listed("To=%2B493023125001"));
  CHECK(x.api("GET", ".json?").body->find("\"date_created\":\"" + rfc2822(noon) + "\"") != std::string::npos);
  CHECK_FALSE(listed("To=%2B493023125002"));
  CHECK(listed("StartTime%3E=" + rfc3339(noon - 1s)));
  CHECK(listed("StartTime%3E=" + rfc3339(noon).substr(0, 10)));
  CHECK_FALSE(listed("StartTime%3E=" + rfc3339(noon + 1s)));
  CHECK(listed("To=%2B493023125001&StartTime%3C=" + rfc3339(noon + 1s)));
  CHECK(exchange::member(*x.api("GET", "/" + x.sid() + ".json").body, "date_created") == rfc2822(noon));
}

TEST_CASE("the API fails as told, before and after a call was placed") {
  exchange x;
  const auto told = [&](const std::string& mode) {
    (void)x.s.control("do=sink_fault&sink=twilio&count=1&mode=" + mode);
    return x.place();
  };
  const auto limited = told("status&status=429&retry_after=2");
  CHECK(limited.status == 429);
  CHECK(exchange::member(*limited.body, "code") == "20429");
  CHECK(header(limited.headers, "retry-after") == "2");
  CHECK(told("hang").then == ending::hang);
  CHECK(x.s.effects.empty());
  CHECK(told("status_after_accept").status == 500);
  CHECK(told("hang_after_accept").then == ending::hang);
  CHECK(told("drop_after_accept").then == ending::drop);
  CHECK(x.kinds() == words{"call_placed", "call_placed", "call_placed"});
  (void)x.s.control("do=sink_fault&sink=twilio&on=list&mode=status&status=503");
  CHECK(x.place().status == 201);
  CHECK(x.api("GET", ".json").status == 503);
}

TEST_CASE("a call that was placed can kill the client before it hears of it") {
  exchange x;
  (void)x.s.control("do=on_effect&sink=twilio&match=%2B493023125001&action=kill&pid_file=/p");
  (void)x.place();
  CHECK(x.s.signals == words{"kill /p"});
}

TEST_CASE("status callbacks go wrong as told") {
  const std::vector<std::pair<std::string, words>> table{
      {"dropped", {}},
      {"late&delay=5s", {"0 initiated", "1 ringing", "2 busy"}},
      {"reversed", {"2 busy", "1 ringing", "0 initiated"}},
      {"doubled", {"0 initiated", "0 initiated", "1 ringing", "1 ringing", "2 busy", "2 busy"}}};
  for (const auto& [mode, expected] : table) {
    CAPTURE(mode);
    exchange x("does", "busy");
    (void)x.s.control("do=sink_fault&sink=twilio&on=status&mode=" + mode);
    (void)x.place();
    x.pass(4s);
    if (mode.starts_with("late")) CHECK(x.reported().empty());
    x.pass(4s);
    CHECK(x.reported() == expected);
  }
}

TEST_CASE("a forged callback has a wrong signature and comes before the true one") {
  exchange x;
  (void)x.s.control("do=sink_fault&sink=twilio&on=status&mode=forged&count=1");
  (void)x.place();
  x.pass(20ms);
  REQUIRE(x.seen.size() == 2);
  const auto genuine = twilio_signature("sim-twilio-token", status_url, parse_pairs(x.seen[0].body));
  CHECK(header(x.seen[0].headers, "x-twilio-signature") != genuine);
  CHECK(header(x.seen[1].headers, "x-twilio-signature") == genuine);
  CHECK(x.s.effects[1].find("\"forged\":true") != std::string::npos);
}

TEST_CASE("requests go where they are told, signed for their URL") {
  exchange x;
  (void)x.s.control("do=callbacks_to&address=127.0.0.1:4711");
  (void)x.place();
  x.pass(20ms);
  CHECK(x.seen.at(0).connect_to == "127.0.0.1:4711");
}
