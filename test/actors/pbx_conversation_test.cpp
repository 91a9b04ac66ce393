#include "actors/pbx_conversation.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;

instance_config pbx() {
  instance_config config;
  config.id = instance_id("hq");
  config.url = "https://pbx.example";
  config.client_id = "900";
  config.secret = secret_text("s3cret");
  return config;
}

std::shared_ptr<const http_outcome> answer(int status, std::string body) {
  http_outcome outcome;
  outcome.response = http_response{status, {{"Content-Type", "application/json"}}, std::move(body), {}};
  outcome.sent = true;
  return std::make_shared<const http_outcome>(std::move(outcome));
}

std::shared_ptr<const http_outcome> broken(transport_error error, bool sent = false) {
  http_outcome outcome;
  outcome.error = error;
  outcome.sent = sent;
  return std::make_shared<const http_outcome>(std::move(outcome));
}

const std::string token = R"({"token_type":"Bearer","expires_in":3600,"access_token":"abc","refresh_token":null})";

std::string endpoint_of(const http_request& request) {
  for (const char* one : {"connect/token", "Trunks", "Sbcs", "Telemetry", "SystemStatus", "Services"})
    if (request.url.find(one) != std::string::npos) return one;
  return request.url;
}

std::string good_body(const std::string& which) {
  return which == "SystemStatus"
             ? R"({"Version":"20.0.10.1","CallsActive":1,"MaxSimCalls":8,"HasNotRunningServices":false})"
             : R"({"value":[]})";
}

// Drives one poll; `reply` makes the answer to each endpoint. What was asked, in order, and what was seen.
struct poll {
  std::vector<std::string> asked;
  observation seen;
};
template <class Reply>
poll run(pbx_conversation& talk, moment now, Reply&& reply, std::optional<endpoint> awaited = {}) {
  poll made;
  auto request = talk.start(now, awaited);
  while (request && made.asked.size() < 40) {
    made.asked.push_back(endpoint_of(*request));
    request = talk.on(reply(made.asked.back(), made.asked.size()), now);
  }
  made.seen = talk.finished(now);
  return made;
}

auto all_good(const std::string& which, std::size_t) {
  return which == "connect/token" ? answer(200, token) : answer(200, good_body(which));
}

moment at(std::chrono::seconds after) {
  return {wall_time{std::chrono::hours(500000)} + after, steady_time{std::chrono::hours(10)} + after};
}

pbx_conversation fresh() { return {pbx(), std::chrono::seconds(5), std::chrono::seconds(10)}; }

using words = std::vector<std::string>;
const std::string front = "https://pbx.example/";

} // namespace

TEST_CASE("a poll takes one token and reads four endpoints, the next one keeps the token") {
  auto talk = fresh();
  CHECK(run(talk, at(std::chrono::seconds(0)), all_good).asked ==
        words{"connect/token", "Trunks", "Sbcs", "SystemStatus", "Services"});
  const poll second = run(talk, at(std::chrono::seconds(60)), all_good);
  CHECK(second.asked == words{"Trunks", "Sbcs", "SystemStatus", "Services"});
  CHECK(second.seen.trunks.ok());
  CHECK(second.seen.services.ok());
  CHECK(second.seen.system.value->version == "20.0.10.1");
}

TEST_CASE("a token is renewed before it ends") {
  auto talk = fresh();
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), all_good));
  CHECK(run(talk, at(std::chrono::seconds(3595)), all_good).asked.front() == "connect/token");
}

TEST_CASE("a 401 renews the token once and asks once more, a second one ends the poll") {
  auto talk = fresh();
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), all_good));
  const poll renewed = run(talk, at(std::chrono::seconds(60)), [](const std::string& which, std::size_t n) {
    return n == 1 ? answer(401, "{}") : all_good(which, n);
  });
  CHECK(renewed.asked == words{"Trunks", "connect/token", "Trunks", "Sbcs", "SystemStatus", "Services"});
  CHECK(renewed.seen.trunks.ok());
  const poll refused = run(talk, at(std::chrono::seconds(120)), [](const std::string& which, std::size_t) {
    return which == "connect/token" ? answer(200, token) : answer(401, "{}");
  });
  CHECK(refused.asked == words{"Trunks", "connect/token", "Trunks"});
  CHECK(refused.seen.services.why.problem == read_problem::unauthorized);
}

TEST_CASE("after two refused logins no third one is tried until the pause is over") {
  auto talk = fresh();
  const auto refuse = [](const std::string&, std::size_t) { return answer(400, R"({"error":"invalid_client"})"); };
  CHECK(run(talk, at(std::chrono::seconds(0)), refuse).asked.size() == 1);
  CHECK(talk.take_budget_change());
  CHECK(run(talk, at(std::chrono::seconds(10)), refuse).asked.size() == 1);
  CHECK(talk.budget().failures == 2);
  const poll paused = run(talk, at(std::chrono::seconds(20)), refuse);
  CHECK(paused.asked == words{front});
  CHECK(paused.seen.login_paused);
  CHECK(run(talk, at(std::chrono::minutes(31)), refuse).asked == words{"connect/token"});
  CHECK(run(talk, at(std::chrono::minutes(32)), refuse).asked == words{front});
}

TEST_CASE("while logins are paused one question without credentials tells whether anybody is there") {
  const auto paused = [](const std::shared_ptr<const http_outcome>& said) {
    auto talk = fresh();
    talk.set_budget({2, at(std::chrono::minutes(30)).wall});
    auto request = talk.start(at(std::chrono::seconds(0)));
    REQUIRE(request);
    CHECK(request->url == "https://pbx.example/");
    CHECK(request->headers.empty());
    CHECK(request->body.empty());
    CHECK_FALSE(talk.on(said, at(std::chrono::seconds(0))));
    return talk.finished(at(std::chrono::seconds(0)));
  };
  CHECK_FALSE(paused(answer(200, "<html>")).unanswered);
  CHECK_FALSE(paused(answer(401, "")).unanswered);
  CHECK(paused(answer(502, "")).unanswered->problem == read_problem::server_error);
  CHECK(paused(broken(transport_error::connect_refused)).unanswered->transport == transport_error::connect_refused);
  CHECK(paused(broken(transport_error::connect_refused)).login_paused);
}

TEST_CASE("a budget kept by the store holds after a restart, other credentials get their own") {
  auto talk = fresh();
  talk.set_budget({2, at(std::chrono::minutes(30)).wall});
  CHECK(run(talk, at(std::chrono::seconds(0)), all_good).asked == words{front});
  CHECK_FALSE(talk.configure(pbx()));
  CHECK(run(talk, at(std::chrono::seconds(0)), all_good).asked == words{front});
  auto other = pbx();
  other.secret = secret_text("another");
  CHECK(talk.configure(other));
  CHECK(talk.take_budget_change());
  CHECK(run(talk, at(std::chrono::seconds(1)), all_good).asked.size() == 5);
}

TEST_CASE("a login the PBX never judged costs no try") {
  auto talk = fresh();
  const auto refuse = [](const std::string&, std::size_t) { return answer(400, R"({"error":"invalid_client"})"); };
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), refuse));
  static_cast<void>(run(talk, at(std::chrono::seconds(10)),
                        [](const std::string&, std::size_t) { return broken(transport_error::connect_timeout); }));
  CHECK(talk.budget().failures == 1);
  for (const int status : {404, 429, 500, 503}) {
    static_cast<void>(
        run(talk, at(std::chrono::seconds(15)), [&](const std::string&, std::size_t) { return answer(status, ""); }));
    CHECK(talk.budget().failures == 1);
  }
  static_cast<void>(run(talk, at(std::chrono::seconds(20)), all_good));
  CHECK(talk.budget().failures == 0);
}

TEST_CASE("a login refused in whatever words counts, and one whose judgement is not known stays counted") {
  const auto refuse_with = [](int status) {
    return [status](const std::string&, std::size_t) { return answer(status, R"({"reason":"no"})"); };
  };
  for (const int status : {400, 401, 403, 422}) {
    auto talk = fresh();
    static_cast<void>(run(talk, at(std::chrono::seconds(0)), refuse_with(status)));
    static_cast<void>(run(talk, at(std::chrono::seconds(60)), refuse_with(status)));
    CHECK(run(talk, at(std::chrono::seconds(120)), refuse_with(status)).asked == words{front});
  }
  auto talk = fresh();
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), refuse_with(400)));
  static_cast<void>(run(talk, at(std::chrono::seconds(60)),
                        [](const std::string&, std::size_t) { return broken(transport_error::timeout, true); }));
  CHECK(talk.budget().failures == 2);
}

TEST_CASE("other credentials or another address end the poll under way, and nothing of it is kept") {
  struct row {
    const char* what;
    void (*change)(instance_config&);
  };
  const row changes[] = {{"secret", [](instance_config& c) { c.secret = secret_text("another"); }},
                         {"client", [](instance_config& c) { c.client_id = "901"; }},
                         {"url", [](instance_config& c) { c.url = "https://other.example"; }},
                         {"address", [](instance_config& c) { c.address = "192.0.2.7"; }}};
  const moment now = at(std::chrono::seconds(0));
  for (const row& one : changes) {
    INFO(one.what);
    auto to = pbx();
    one.change(to);
    // Its token is on its way.
    auto talk = fresh();
    REQUIRE(talk.start(now));
    REQUIRE(talk.configure(to));
    CHECK_FALSE(talk.on(answer(200, token), now));
    CHECK(run(talk, now, all_good).asked.front() == "connect/token");
    // Its refusal is.
    auto refused = fresh();
    REQUIRE(refused.start(now));
    REQUIRE(refused.configure(to));
    CHECK_FALSE(refused.on(answer(400, R"({"error":"invalid_client"})"), now));
    CHECK(refused.budget().failures == 0);
    // Its list is.
    auto reading = fresh();
    REQUIRE(reading.start(now));
    REQUIRE(reading.on(answer(200, token), now));
    REQUIRE(reading.configure(to));
    CHECK_FALSE(reading.on(answer(200, good_body("Trunks")), now));
    CHECK_FALSE(reading.finished(now).trunks.ok());
    CHECK(run(reading, now, all_good).asked.front() == "connect/token");
  }
}

TEST_CASE("a host that cannot be reached is asked once, and everything is lost") {
  auto talk = fresh();
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), all_good));
  for (const auto error : {transport_error::dns, transport_error::connect_refused, transport_error::tls_expired,
                           transport_error::timeout}) {
    const poll lost =
        run(talk, at(std::chrono::seconds(60)), [&](const std::string&, std::size_t) { return broken(error); });
    CHECK(lost.asked.size() == 1);
    for (const auto* why : {&lost.seen.trunks.why, &lost.seen.sbcs.why, &lost.seen.system.why, &lost.seen.services.why})
      CHECK(why->transport == error);
  }
}

TEST_CASE("one endpoint that is cut short hides nobody else's news") {
  auto talk = fresh();
  const poll cut = run(talk, at(std::chrono::seconds(0)), [](const std::string& which, std::size_t n) {
    return which == "Trunks" ? broken(transport_error::reset) : all_good(which, n);
  });
  CHECK(cut.asked.size() == 5);
  CHECK_FALSE(cut.seen.trunks.ok());
  CHECK(cut.seen.sbcs.ok());
  CHECK(cut.seen.services.ok());
}

TEST_CASE("an endpoint that hangs is asked last from then on, each once per poll") {
  auto talk = fresh();
  const auto trunks_hang = [](const std::string& which, std::size_t n) {
    return which == "Trunks" ? broken(transport_error::timeout) : all_good(which, n);
  };
  CHECK(run(talk, at(std::chrono::seconds(0)), trunks_hang).asked == words{"connect/token", "Trunks"});
  const poll second = run(talk, at(std::chrono::seconds(60)), trunks_hang);
  CHECK(second.asked ==
        words{"Sbcs", "SystemStatus", "Services", "Trunks", "Telemetry"}); // the first poll read nothing
  CHECK(second.seen.sbcs.ok());
  CHECK(second.seen.services.ok());
  CHECK(second.seen.trunks.why.transport == transport_error::timeout);
}

TEST_CASE("the answer that is waited for comes last, but not behind one that hung") {
  auto talk = fresh();
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), all_good));
  CHECK(run(talk, at(std::chrono::seconds(10)), all_good, endpoint::trunks).asked ==
        words{"Sbcs", "SystemStatus", "Services", "Trunks"});
  static_cast<void>(run(talk, at(std::chrono::seconds(60)), [](const std::string& which, std::size_t n) {
    return which == "Services" ? broken(transport_error::timeout) : all_good(which, n);
  }));
  CHECK(run(talk, at(std::chrono::seconds(70)), all_good, endpoint::trunks).asked ==
        words{"Sbcs", "SystemStatus", "Trunks", "Services"});
}

TEST_CASE("an older build that refuses a field is asked for the older ones, and remembered") {
  auto talk = fresh();
  const auto older = [](const std::string& which, std::size_t n) {
    return which == "Trunks" && n == 2 ? answer(400, R"({"error":{"code":"","message":"no such property"}})")
                                       : all_good(which, n);
  };
  CHECK(run(talk, at(std::chrono::seconds(0)), older).asked ==
        words{"connect/token", "Trunks", "Trunks", "Sbcs", "SystemStatus", "Services"});
  CHECK(run(talk, at(std::chrono::seconds(60)), all_good).asked.size() == 4);
}

TEST_CASE("a build is asked for the newer fields again when its version changes, or the older ones did not help") {
  const auto urls = [](pbx_conversation& talk, moment now, int trunks_status, const std::string& version) {
    std::vector<std::string> asked;
    auto request = talk.start(now);
    while (request && asked.size() < 40) {
      const std::string which = endpoint_of(*request);
      if (which == "Trunks") asked.push_back(request->url);
      const bool newer = request->url.find("TrunkRegTimes") != std::string::npos;
      auto said = all_good(which, 0);
      if (which == "Trunks" && (newer || trunks_status == 500)) said = answer(newer ? 400 : trunks_status, "{}");
      if (which == "SystemStatus") said = answer(200, R"({"Version":")" + version + "\"}");
      request = talk.on(said, now);
    }
    static_cast<void>(talk.finished(now));
    return asked.size();
  };
  auto talk = fresh();
  CHECK(urls(talk, at(std::chrono::seconds(0)), 500, "20.0.5") == 2);
  CHECK(urls(talk, at(std::chrono::seconds(60)), 200, "20.0.5") == 2);
  CHECK(urls(talk, at(std::chrono::seconds(120)), 200, "20.0.5") == 1);
  CHECK(urls(talk, at(std::chrono::seconds(180)), 200, "20.0.8") == 1);
  CHECK(urls(talk, at(std::chrono::seconds(240)), 200, "20.0.8") == 2);
}

TEST_CASE("after a contact that failed, and only then, the uptime is asked until it is younger than the failure") {
  const auto with_row = [](std::chrono::seconds measured) {
    return [measured](const std::string& which, std::size_t n) {
      const std::string row = R"({"value":[{"Time":")" + rfc3339(at(measured).wall) + R"(","TickCount":86400000}]})";
      return which == "Telemetry" ? answer(200, row) : all_good(which, n);
    };
  };
  const auto lost = [](const std::string&, std::size_t) { return broken(transport_error::connect_refused); };
  const auto asks = [](const poll& made) { return std::ranges::count(made.asked, "Telemetry"); };
  auto talk = fresh();
  CHECK(asks(run(talk, at(std::chrono::seconds(0)), with_row(std::chrono::seconds(0)))) == 0);
  static_cast<void>(run(talk, at(std::chrono::seconds(60)), lost));
  const poll stale = run(talk, at(std::chrono::seconds(65)), with_row(std::chrono::seconds(30)));
  CHECK(asks(stale) == 1);
  CHECK_FALSE(stale.seen.uptime);
  const poll young = run(talk, at(std::chrono::seconds(120)), with_row(std::chrono::seconds(90)));
  CHECK(asks(young) == 1);
  CHECK(young.seen.uptime == duration(std::chrono::hours(24) + std::chrono::seconds(30)));
  CHECK(asks(run(talk, at(std::chrono::seconds(180)), with_row(std::chrono::seconds(150)))) == 0);

  // Not in this build: not asked again. Never fresh, or from a wrong clock: given up.
  static_cast<void>(run(talk, at(std::chrono::seconds(240)), lost));
  const auto lacks = [](const std::string& which, std::size_t n) {
    return which == "Telemetry" ? answer(404, "{}") : all_good(which, n);
  };
  CHECK(asks(run(talk, at(std::chrono::seconds(245)), lacks)) == 1);
  CHECK(asks(run(talk, at(std::chrono::seconds(300)), lacks)) == 0);
  static_cast<void>(run(talk, at(std::chrono::seconds(360)), lost));
  for (int i = 0; i < 3; ++i)
    CHECK(asks(run(talk, at(std::chrono::seconds(365 + 60 * i)), with_row(std::chrono::seconds(5)))) == 1);
  CHECK(asks(run(talk, at(std::chrono::seconds(600)), with_row(std::chrono::seconds(5)))) == 0);
  static_cast<void>(run(talk, at(std::chrono::seconds(660)), lost));
  const poll wrong = run(talk, at(std::chrono::seconds(665)), with_row(std::chrono::hours(3)));
  CHECK(asks(wrong) == 1);
  CHECK_FALSE(wrong.seen.uptime);
}
