// What a channel's provider is asked for its ids, between the API and a provider that answers from a list.
#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

#include <memory>
#include <utility>

using namespace ringdown;

namespace {

// Answers inline, in order; what is asked beyond the list hangs up.
class scripted_port final : public net::http_port {
public:
  explicit scripted_port(std::vector<http_outcome> answers) : answers_(std::move(answers)) {}

  std::uint64_t send(const net::lane& on, http_request request, net::http_completion done) override {
    lanes.push_back(on.name);
    requests.push_back(std::move(request));
    http_outcome outcome;
    outcome.error = transport_error::reset;
    if (requests.size() <= answers_.size()) outcome = answers_[requests.size() - 1];
    done(std::move(outcome));
    return requests.size();
  }
  void cancel(std::uint64_t) override {}
  void close_lane(const std::string& name) override { closed.push_back(name); }

  std::vector<http_request> requests;
  std::vector<std::string> lanes;
  std::vector<std::string> closed;

private:
  std::vector<http_outcome> answers_;
};

http_outcome body(std::string text) {
  http_outcome outcome;
  outcome.response.emplace();
  outcome.response->status = 200;
  outcome.response->body = std::move(text);
  outcome.sent = true;
  return outcome;
}

struct bench {
  explicit bench(std::vector<http_outcome> answers) : port(std::move(answers)) {
    auto world = std::make_shared<ports>(*api.in.world);
    world->http = &port;
    world->node.providers["autotask"] = {"http://127.0.0.1:8099", ""};
    api.in.world = world;
    auto config = std::make_shared<tenant_config>();
    config->id = tenant_id("acme");
    for (const char* kind : {"autotask", "ntfy"}) {
      channel_config one;
      one.id = channel_id(kind);
      one.kind = kind;
      one.settings["username"] = "api@acme.example";
      one.secrets["secret"] = secret_text("topsecret");
      config->channels.push_back(std::move(one));
    }
    api.in.tenants.put({config, {}});
  }
  api::server_response ask(const std::string& channel) {
    return api.ask("GET", "/api/v1/tenants/acme/channels/" + channel + "/choices");
  }

  test::api_bench api;
  scripted_port port;
};

const char* const zone = R"({"url":"http://127.0.0.1:8099/ATServicesRest/"})";

} // namespace

TEST_CASE("a provider's ids are listed by the setting they belong to") {
  bench at({body(zone), body(R"({"fields":[{"name":"queueID","picklistValues":[{"value":"7","label":"Voice"}]}]})"),
            body(R"({"fields":[]})"), body(R"({"items":[{"id":174,"companyName":"Bakery"}]})")});
  const auto answer = at.ask("autotask");
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"items":[{"field":"queue","id":"7","label":"Voice"},)"
                       R"({"field":"company","id":"174","label":"Bakery"}],"next":null})");
  CHECK(at.port.requests.size() == 4);
  CHECK(at.port.requests[0].egress == egress_class::channel);
  CHECK(at.port.closed == std::vector<std::string>{"discovery/acme/autotask"});
}

TEST_CASE("a provider that cannot be asked is a problem that says where it failed, and nothing secret") {
  bench at({body(zone)});
  const auto answer = at.ask("autotask");
  CHECK(test::is_problem(answer, 424));
  CHECK(answer.body.find("tickets: no answer: ") != std::string::npos);
  CHECK(answer.body.find("topsecret") == std::string::npos);
}

TEST_CASE("only channels that have something to be asked are asked") {
  bench at({});
  CHECK(test::is_problem(at.ask("ntfy"), 422));
  CHECK(test::is_problem(at.ask("nobody"), 404));
  CHECK(test::is_problem(at.api.ask("GET", "/api/v1/tenants/nobody/channels/x/choices"), 404));
  CHECK(at.port.requests.empty());
}
