#include "protocol/wire/pbx/xapi.hpp"
#include "protocol/wire/pbx/answer.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire::pbx;

namespace {

pbx_target target() {
  pbx_target one;
  one.url = "https://pbx.harbour.example:5001";
  one.address = "192.0.2.9";
  return one;
}

const secret_text token("tok");

std::vector<trunk_reading> trunks_in(std::string_view file) {
  const auto read = read_trunks(answer(200, fixture(file)), noon());
  REQUIRE(read.ok());
  return *read.value;
}

read_problem trunk_problem(std::string body) {
  const auto read = read_trunks(answer(200, std::move(body)), noon());
  REQUIRE_FALSE(read.ok());
  return read.why.problem;
}

std::shared_ptr<const http_outcome> page(std::string body) {
  return std::make_shared<const http_outcome>(answer(200, std::move(body)));
}

std::string linked_page(int id, const std::string& link) {
  return fmt::format(
      R"({{"@odata.nextLink":"{}","value":[{{"Id":{},"IsOnline":true,"Gateway":{{"Type":"Provider"}}}}]}})", link, id);
}

} // namespace

TEST_CASE("Each endpoint is asked for exactly the fields that are used") {
  const http_request request = request_for(endpoint::trunks, target(), token);
  CHECK(request.method == http_method::get);
  CHECK(request.url ==
        "https://pbx.harbour.example:5001/xapi/v1/Trunks?$select=Id,Number,IsOnline,Direction,EnableInboundCalls,"
        "EnableOutboundCalls,ConfigurationIssue,Gateway,TrunkRegTimes");
  CHECK(header(request.headers, "authorization") == "Bearer tok");
  CHECK(request.connect_to == "192.0.2.9");
  CHECK(request.egress == egress_class::pbx);
  CHECK(request.body.empty());
  for (const endpoint what : {endpoint::trunks, endpoint::sbcs, endpoint::system_status, endpoint::services})
    for (const field_set fields : {field_set::current, field_set::older}) {
      const std::string url = request_for(what, target(), token, fields).url;
      CHECK(parse_url(url));
      CHECK(url.find("?$select=") != std::string::npos);
      CHECK(url.find("$top") == std::string::npos);
      for (const char* secret : {"Auth", "Password", "License", "Provision"})
        CHECK(url.find(secret) == std::string::npos);
    }
  CHECK(request_for(endpoint::trunks, target(), token, field_set::older).url.find("TrunkRegTimes") ==
        std::string::npos);
  CHECK(request_for(endpoint::sbcs, target(), token, field_set::older).url.ends_with("HasConnection"));
}

TEST_CASE("Trunk states follow what the PBX says") {
  struct row {
    const char* key;
    resource_kind kind;
    resource_state state;
    cause why;
    const char* detail;
    const char* label;
  };
  const row expected[] = {
      {"71", resource_kind::trunk, resource_state::registered, cause::none, "", "Seaview SIP"},
      {"72", resource_kind::trunk, resource_state::online, cause::none, "", "Quayside Peer"},
      {"73", resource_kind::trunk, resource_state::failed_registration, cause::credentials_rejected, "403",
       "Lighthouse Voice"},
      {"74", resource_kind::trunk, resource_state::failed_registration, cause::provider_silent, "408",
       "Anchor Telecom"},
      {"75", resource_kind::trunk, resource_state::unregistered, cause::none, "", "Breakwater"},
      {"76", resource_kind::trunk, resource_state::disabled, cause::none, "", "Old Pier"},
      {"77", resource_kind::bridge, resource_state::online, cause::none, "", "Warehouse bridge"},
      {"78", resource_kind::bridge, resource_state::failed_registration, cause::none, "503", "Depot bridge"},
  };
  const auto trunks = trunks_in("trunks.json");
  REQUIRE(trunks.size() == std::size(expected));
  for (std::size_t at = 0; at < trunks.size(); ++at) {
    INFO(expected[at].label);
    CHECK(trunks[at].key == expected[at].key);
    CHECK(trunks[at].kind == expected[at].kind);
    CHECK(trunks[at].state == expected[at].state);
    CHECK(trunks[at].why == expected[at].why);
    CHECK(trunks[at].detail == expected[at].detail);
    CHECK(trunks[at].label == expected[at].label);
  }
  CHECK(trunks[0].number == "10010");
  CHECK(trunks[0].host == "sip.seaview.example");
  CHECK(trunks[3].direction == trunk_direction::inbound);
  CHECK(trunks[4].direction == trunk_direction::outbound);
}

TEST_CASE("A remark of being disabled disables a trunk that is down without a recorded failure, and nothing else") {
  const auto trunks = trunks_in("trunks_issue.json");
  CHECK(trunks[0].state == resource_state::disabled);
  CHECK(trunks[0].detail == "TrunkIsDisabled");
  CHECK(trunks[1].state == resource_state::failed_registration);
  CHECK(trunks[2].state == resource_state::registered);
  CHECK(trunks[3].state == resource_state::unregistered);
  CHECK(trunks[3].detail == "NoOutboundRule");
}

TEST_CASE("No other remark with that word in it disables a trunk") {
  for (const char* remark : {"OutboundCallsDisabled", "trunkisdisabled", "Disabled"}) {
    const std::string body = fmt::format(
        R"({{"value":[{{"Id":1,"IsOnline":false,"ConfigurationIssue":"{}","Gateway":{{"Type":"Provider"}},"TrunkRegTimes":[]}}]}})",
        remark);
    const auto read = read_trunks(answer(200, body), noon());
    REQUIRE(read.ok());
    CHECK(read.value->front().state == resource_state::unregistered);
    CHECK(read.value->front().detail.find("isabled") != std::string::npos);
  }
}

TEST_CASE("The kind of a trunk is known only from a type of the API") {
  const auto kind = [](const std::string& type) {
    const auto read = read_trunks(
        answer(200, fmt::format(R"({{"value":[{{"Id":1,"IsOnline":true,"Gateway":{{"Type":{}}}}}]}})", type)), noon());
    REQUIRE(read.ok());
    return read.value->front();
  };
  for (const char* known : {"Analog", "Provider", "BRI", "T1", "E1"}) {
    CHECK(kind(fmt::format("\"{}\"", known)).kind_known);
    CHECK(kind(fmt::format("\"{}\"", known)).kind == resource_kind::trunk);
  }
  for (const char* known : {"BridgeMaster", "BridgeSlave", "BridgeSlaveOverTunnel"}) {
    CHECK(kind(fmt::format("\"{}\"", known)).kind_known);
    CHECK(kind(fmt::format("\"{}\"", known)).kind == resource_kind::bridge);
  }
  for (const char* vague : {"null", "\"\"", "\"Unknown\"", "\"Gateway\"", "7"}) CHECK_FALSE(kind(vague).kind_known);
}

TEST_CASE("The newest row of telemetry says how long the machine runs") {
  const auto up_in = [](const std::string& rows) {
    return read_uptime(answer(200, R"({"value":[)" + rows + "]}"), noon());
  };
  const auto one = up_in(R"({"Time":"2026-10-02T06:59:00Z","TickCount":90000})");
  REQUIRE(one.ok());
  CHECK(*one.value == uptime_reading{noon() - std::chrono::minutes(1), std::chrono::seconds(90)});
  // A build that ignores $top sends weeks of rows, in any order.
  const auto many = up_in(R"({"Time":"2026-10-02T06:58:00Z","TickCount":1},{"Time":"2026-10-02T09:00:00+02:00",)"
                          R"("TickCount":2000},{"Time":null,"TickCount":7},{"Time":"2026-10-02T08:00:00Z"})");
  REQUIRE(many.ok());
  CHECK(*many.value == uptime_reading{noon(), std::chrono::seconds(2)});
  for (const char* none : {"", R"({"TickCount":5})", R"({"Time":"2026-10-02T06:59:00Z","TickCount":-5})",
                           R"({"Time":"2026-10-02T06:59:00Z","TickCount":9223372036854775807})"})
    CHECK_FALSE(up_in(none).ok());
  CHECK(read_uptime(answer(404, ""), noon()).why.problem == read_problem::not_in_build);
  const http_request request = uptime_request(target(), token);
  CHECK(request.method == http_method::get);
  CHECK(parse_url(request.url));
  CHECK(request.url.find("SystemStatus/Pbx.SystemTelemetry()?$select=Time,TickCount") != std::string::npos);
}

TEST_CASE("The front page is asked without a word of ours, and any answer but an error of the server is one") {
  const http_request request = front_page(target());
  CHECK(request.method == http_method::get);
  CHECK(request.url == "https://pbx.harbour.example:5001/");
  CHECK(request.connect_to == "192.0.2.9");
  CHECK(request.headers.empty());
  CHECK(request.body.empty());
  for (const int status : {200, 204, 302, 401, 403, 404, 429})
    CHECK_FALSE(front_page_failure(answer(status, "<html>"), noon()));
  CHECK_FALSE(front_page_failure(lost_answer(transport_error::too_large), noon()));
  REQUIRE(front_page_failure(answer(502, ""), noon()));
  CHECK(front_page_failure(no_answer(transport_error::connect_refused), noon())->transport ==
        transport_error::connect_refused);
}

TEST_CASE("An older build does not say why a trunk is down, and a null says nothing") {
  const auto older = trunks_in("trunks_older.json");
  CHECK(older[0].state == resource_state::registered);
  CHECK(older[1].state == resource_state::down_unspecified);
  const auto nulls = trunks_in("trunks_nulls.json");
  CHECK(nulls[0].state == resource_state::unknown);
  CHECK(nulls[0].label == "Trunk 95");
  CHECK(nulls[0].direction == trunk_direction::unknown);
  CHECK(trunks_in("trunks_empty.json").empty());
}

TEST_CASE("Registration times decide between failed and unregistered, also when they cannot be read") {
  struct row {
    const char* ok;
    const char* failed;
    const char* code;
    resource_state state;
  };
  const row rows[] = {
      {"", "", "", resource_state::unregistered},
      {"2026-10-02T06:00:00Z", "", "", resource_state::unregistered},
      {"", "2026-10-02T06:00:00Z", "", resource_state::failed_registration},
      {"2026-10-02T06:00:00Z", "2026-10-02T06:00:00Z", "", resource_state::failed_registration},
      {"2026-10-02T08:30:00+02:00", "2026-10-02T06:31:00.1234567Z", "", resource_state::failed_registration},
      {"2026-10-02T08:30:00+02:00", "2026-10-02T06:29:00Z", "", resource_state::unregistered},
      {"yesterday", "today", "", resource_state::down_unspecified},
      {"yesterday", "today", "503", resource_state::failed_registration},
  };
  for (const row& one : rows) {
    const std::string body = fmt::format(
        R"({{"value":[{{"Id":1,"IsOnline":false,"Gateway":{{"Type":"Provider"}},"TrunkRegTimes":[{{"Name":"ok_time","Value":"{}"}},)"
        R"({{"Value":"{}","Name":"failed_time"}},{{"Name":"fail_code","Value":"{}"}}]}}]}})",
        one.ok, one.failed, one.code);
    const auto read = read_trunks(answer(200, body), noon());
    REQUIRE(read.ok());
    CHECK(read.value->front().state == one.state);
  }
}

TEST_CASE("A list that is not whole is no list") {
  CHECK(trunk_problem("{}") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":null})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":{}})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[null]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[[]]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[],"value":[]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[{"IsOnline":true}]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[{"Id":1},{"Id":"1"}]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"value":[{"Id":-1}]})") == read_problem::malformed);
  CHECK(trunk_problem(R"({"error":{"code":"","message":"no"}})") == read_problem::malformed);
  CHECK(trunk_problem("") == read_problem::malformed);
  CHECK(trunk_problem("[]") == read_problem::malformed);
  const std::string whole = fixture("trunks.json");
  for (const std::size_t length : {std::size_t{10}, whole.size() / 2, whole.size() - 3})
    CHECK(trunk_problem(whole.substr(0, length)) == read_problem::malformed);
}

TEST_CASE("Too much of anything is refused by name") {
  std::string many = R"({"value":[)";
  for (std::size_t id = 0; id <= most_items; ++id) many += fmt::format("{}{{\"Id\":{}}}", id == 0 ? "" : ",", id);
  CHECK(trunk_problem(many + "]}") == read_problem::too_large);
  CHECK(trunk_problem(R"({"value":[{"Tags":)" + std::string(200'000, '[')) == read_problem::too_deep);
  CHECK(trunk_problem(R"({"value":[)" + std::string(body_limit, ' ') + "]}") == read_problem::too_large);
  CHECK(trunk_problem(fixture("gateway_502.html")) == read_problem::not_json);
}

TEST_CASE("Long and odd names are shown short and clean") {
  const std::string body =
      R"({"value":[{"Id":1,"Gateway":{"Name":"a\r\nb\u0000)" + std::string(5000, 'x') + R"(","Type":"Provider"}}]})";
  const auto read = read_trunks(answer(200, body), noon());
  REQUIRE(read.ok());
  CHECK(read.value->front().label.size() == 200);
  CHECK(read.value->front().label.starts_with("a  b x"));
}

TEST_CASE("An SBC is connected when everything that tells says so") {
  const auto sbcs = read_sbcs(answer(200, fixture("sbcs.json")), noon());
  REQUIRE(sbcs.ok());
  CHECK(*sbcs.value == std::vector<sbc_reading>{{"12000", "Branch Kiel", true},
                                                {"12001", "Branch Rostock", false},
                                                {"12002", "12002", true}});
  const auto older = read_sbcs(answer(200, fixture("sbcs_older.json")), noon());
  REQUIRE(older.ok());
  CHECK(*older.value == std::vector<sbc_reading>{{"12000", "Branch Kiel", true},
                                                 {"12001", "Branch Rostock", false},
                                                 {"12003", "Branch Husum", true}});

  const std::pair<const char*, std::optional<bool>> cases[] = {
      {R"("HasConnection":true,"Connection":{"Up":false})", false},
      {R"("HasConnection":false,"Connection":{"Up":true})", false},
      {R"("HasConnection":true,"Connection":{"Up":null})", std::nullopt},
      {R"("HasConnection":true,"Connection":{})", std::nullopt},
      {R"("HasConnection":true,"Connection":"yes")", std::nullopt},
      {R"("HasConnection":"true")", std::nullopt},
      {R"("Connection":{"Up":true})", std::nullopt},
      {R"("Connection":{"Up":false})", false},
      {R"("DisplayName":null)", std::nullopt}};
  for (const auto& [fields, expected] : cases) {
    const auto read = read_sbcs(answer(200, fmt::format(R"({{"value":[{{"Name":"s",{}}}]}})", fields)), noon());
    REQUIRE(read.ok());
    INFO(fields);
    CHECK(read.value->front().connected == expected);
  }
}

TEST_CASE("A service runs, does not, or is between") {
  const auto read = read_services(answer(200, fixture("services.json")), noon());
  REQUIRE(read.ok());
  const std::vector<service_reading>& services = *read.value;
  CHECK(services[0].running == true);
  CHECK(services[1].running == false);
  CHECK(services[1].label == "3CXMedia01");
  CHECK(services[2].running == std::nullopt);
  CHECK(services[2].status == "StartPending");
  CHECK(services[3].running == false);
  CHECK(services[4].running == false);
}

TEST_CASE("The system status gives calls only where both sides make sense") {
  const auto read = read_system(answer(200, fixture("system_status.json")), noon());
  REQUIRE(read.ok());
  CHECK(*read.value == system_reading{"20.0.9.774", 11, 16, true});
  const auto odd = read_system(
      answer(200, R"({"Version":null,"CallsActive":"7","MaxSimCalls":0,"HasNotRunningServices":"no"})"), noon());
  REQUIRE(odd.ok());
  CHECK(*odd.value == system_reading{"", 7, std::nullopt, std::nullopt});
  CHECK(read_system(answer(200, "{}"), noon()).why.problem == read_problem::malformed);
}

TEST_CASE("Every status has one meaning") {
  const std::pair<int, read_problem> statuses[] = {
      {204, read_problem::malformed},    {301, read_problem::not_json},     {302, read_problem::not_json},
      {400, read_problem::bad_request},  {401, read_problem::unauthorized}, {403, read_problem::forbidden},
      {404, read_problem::not_in_build}, {405, read_problem::bad_request},  {429, read_problem::throttled},
      {500, read_problem::server_error}, {502, read_problem::server_error}, {503, read_problem::server_error}};
  for (const auto& [status, problem] : statuses) {
    const auto why = classify(answer(status, fixture("error_400.json")), noon());
    REQUIRE(why);
    CHECK(why->problem == problem);
    CHECK(why->status == status);
  }
  for (int status = 100; status <= 599; ++status)
    CHECK(classify(answer(status, "{}"), noon()).has_value() == (status != 200));
  const auto waiting = classify(answer(503, "", {{"retry-after", "30"}}), noon());
  CHECK(waiting->problem == read_problem::server_error);
  CHECK(waiting->retry_after == duration(std::chrono::seconds(30)));
}

TEST_CASE("No answer keeps its transport error") {
  const auto timeout = classify(lost_answer(transport_error::timeout), noon());
  CHECK(timeout->problem == read_problem::transport);
  CHECK(timeout->transport == transport_error::timeout);
  CHECK(classify(lost_answer(transport_error::too_large), noon())->problem == read_problem::too_large);
}

TEST_CASE("A next page is followed on the same origin only, and counted") {
  const std::string base = "https://pbx.harbour.example:5001/xapi/v1/Trunks?$skip=";
  const auto follow = [](const std::string& link) {
    const std::shared_ptr<const http_outcome> pages[] = {page(linked_page(1, link))};
    return next_page(pages, target(), token);
  };
  REQUIRE(follow(base + "1"));
  CHECK(follow(base + "1")->url == base + "1");
  CHECK(header(follow(base + "1")->headers, "authorization") == "Bearer tok");
  CHECK(follow("Trunks?$skip=1")->url == base + "1");
  for (const char* elsewhere :
       {"https://evil.example:5001/xapi/v1/Trunks", "http://pbx.harbour.example:5001/xapi/v1/Trunks",
        "https://pbx.harbour.example/xapi/v1/Trunks", "https://pbx.harbour.example:5001/admin",
        "https://pbx.harbour.example:5001@evil.example/xapi/v1/Trunks", "//evil.example/x", "file:///etc",
        "/xapi/../admin", "/xapi/%2e%2e/admin", "/xapi/..\\admin"})
    CHECK_FALSE(follow(elsewhere));
  const std::vector<std::shared_ptr<const http_outcome>> many(most_pages, page(linked_page(1, base + "1")));
  CHECK_FALSE(next_page(many, target(), token));
}

TEST_CASE("Pages make one list, and a list whose end was not read is malformed") {
  const auto first = page(linked_page(1, "Trunks?$skip=1"));
  const auto last = page(R"({"value":[{"Id":2}]})");
  const std::shared_ptr<const http_outcome> both[] = {first, last};
  REQUIRE(read_trunks(both, noon()).ok());
  CHECK(read_trunks(both, noon()).value->size() == 2);
  CHECK_FALSE(next_page(both, target(), token));
  CHECK(read_trunks(*first, noon()).why.problem == read_problem::malformed);
  const std::shared_ptr<const http_outcome> twice[] = {first, page(R"({"value":[{"Id":1}]})")};
  CHECK(read_trunks(twice, noon()).why.problem == read_problem::malformed);
  const std::shared_ptr<const http_outcome> broken[] = {first, std::make_shared<const http_outcome>(answer(502, ""))};
  CHECK(read_trunks(broken, noon()).why.problem == read_problem::server_error);
  CHECK_FALSE(read_trunks(answer_pages(), noon()).ok());
}
