#include "actors/pbx_conversation.hpp"

#include "test/support/catch.hpp"

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

std::shared_ptr<const http_outcome> broken(transport_error error) {
  http_outcome outcome;
  outcome.error = error;
  return std::make_shared<const http_outcome>(std::move(outcome));
}

const std::string token = R"({"token_type":"Bearer","expires_in":3600,"access_token":"abc","refresh_token":null})";

std::string endpoint_of(const http_request& request) {
  for (const char* one : {"connect/token", "Trunks", "Sbcs", "SystemStatus", "Services"})
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
poll run(pbx_conversation& talk, moment now, Reply&& reply) {
  poll made;
  auto request = talk.start(now);
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
  CHECK(paused.asked.empty());
  CHECK(paused.seen.login_paused);
  CHECK(run(talk, at(std::chrono::minutes(31)), refuse).asked.size() == 1);
  CHECK(run(talk, at(std::chrono::minutes(32)), refuse).asked.empty());
}

TEST_CASE("a budget kept by the store holds after a restart, other credentials get their own") {
  auto talk = fresh();
  talk.set_budget({2, at(std::chrono::minutes(30)).wall});
  CHECK(run(talk, at(std::chrono::seconds(0)), all_good).asked.empty());
  auto other = pbx();
  other.secret = secret_text("another");
  talk.configure(other);
  CHECK(run(talk, at(std::chrono::seconds(1)), all_good).asked.size() == 5);
}

TEST_CASE("a login the PBX never judged costs no try") {
  auto talk = fresh();
  const auto refuse = [](const std::string&, std::size_t) { return answer(400, R"({"error":"invalid_client"})"); };
  static_cast<void>(run(talk, at(std::chrono::seconds(0)), refuse));
  static_cast<void>(run(talk, at(std::chrono::seconds(10)),
                        [](const std::string&, std::size_t) { return broken(transport_error::connect_timeout); }));
  CHECK(talk.budget().failures == 1);
  static_cast<void>(run(talk, at(std::chrono::seconds(20)), all_good));
  CHECK(talk.budget().failures == 0);
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
  CHECK(second.asked == words{"Sbcs", "SystemStatus", "Services", "Trunks"});
  CHECK(second.seen.sbcs.ok());
  CHECK(second.seen.services.ok());
  CHECK(second.seen.trunks.why.transport == transport_error::timeout);
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
