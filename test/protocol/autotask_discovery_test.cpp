#include "test/protocol/autotask_bench.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

struct discovered {
  std::vector<http_request> requests;
  std::vector<std::string> rows; // "queue 29682833 Voice"
  std::string fault;
};

discovered discover(const std::vector<http_outcome>& answers) {
  const channel_config channel = autotask_channel();
  const discovery_job job{channel, "", ""};
  discovered seen;
  discovery_step step = psa::discover_autotask(job, {}, nullptr);
  for (const http_outcome& one : answers) {
    REQUIRE(step.request);
    seen.requests.push_back(*step.request);
    step = psa::discover_autotask(job, step.next, &one);
    for (const field_choice& found : step.found) seen.rows.push_back(found.field + " " + found.id + " " + found.label);
  }
  CHECK_FALSE(step.request);
  seen.fault = step.fault;
  return seen;
}

} // namespace

TEST_CASE("The ids a channel needs are listed, the inactive ones left out") {
  const auto seen =
      discover({zone_answer(), answer(200, fixture("autotask/ticket_fields.json")),
                answer(200, fixture("autotask/note_fields.json")), answer(200, fixture("autotask/company_list.json"))});
  CHECK(seen.fault.empty());
  CHECK(seen.rows == std::vector<std::string>{"queue 29682833 Voice", "priority 4 Critical", "priority 1 High",
                                              "note_type 3 Task notes", "note_publish 1 All Autotask users",
                                              "company 174 Fishers & Söhne", "company 175 Quay Bakery"});
  REQUIRE(seen.requests.size() == 4);
  CHECK(seen.requests[1].url == std::string(zone_url) + "V1.0/Tickets/entityInformation/fields");
  CHECK(header(seen.requests[1].headers, "Secret") == "topsecret-0123456789");
  CHECK(is_golden(seen.requests[3].body, "companies.json"));
}

TEST_CASE("Companies come in pages, and that there are more than are listed is said") {
  const auto page = [](int from) {
    std::string items;
    for (int id = from; id < from + 500; ++id)
      items += (items.empty() ? "" : ",") + (R"({"id":)" + std::to_string(id) + R"(,"companyName":"C"})");
    return found(items);
  };
  const auto fields = answer(200, R"({"fields":[]})");
  const auto two = discover({zone_answer(), fields, fields, page(1), found(R"({"id":501,"companyName":"Last"})")});
  CHECK(two.rows.size() == 501);
  CHECK(two.rows.back() == "company 501 Last");
  CHECK(two.requests[4].body.ends_with(R"({"op":"gt","field":"id","value":500}]})"));
  const auto many = discover({zone_answer(), fields, fields, page(1), page(501), page(1001), page(1501)});
  CHECK(many.rows.size() == 2001);
  CHECK(many.rows.back() == "company  (there are more than these)");
}

TEST_CASE("A discovery that fails says where and why, and nothing secret") {
  CHECK(discover({answer(500, "")}).fault == "zone: HTTP 500: without a text");
  CHECK(discover({answer(200, R"({"url":"https://evil.example/"})")}).fault ==
        "zone: the answer names a host that is not Autotask's");
  CHECK(discover({zone_answer(), answer(401, "topsecret")}).fault ==
        "tickets: HTTP 401: the API user, its secret or the integration code is not accepted");
  CHECK(discover({zone_answer(), answer(200, "<html>")}).fault == "tickets: the answer cannot be read");
  CHECK(discover({zone_answer(), no_answer(transport_error::dns)}).fault ==
        "tickets: no answer: " + std::string(name(transport_error::dns)));
}
