#include "bin/ringdown-sim/autotask_desk.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;

namespace {

answer ask(stage& s, const std::string& method, const std::string& path, const std::string& body = {},
           const std::string& secret = "sim-x") {
  const http_headers headers{
      {"Host", "127.0.0.1:9"}, {"UserName", "u"}, {"Secret", secret}, {"ApiIntegrationCode", "c"}};
  return s.running.ask_sink(sink_kind::autotask, {method, "/ATServicesRest/V1.0/" + path, headers, body, "127.0.0.1:1"},
                            at({}));
}
std::string ticket(const std::string& more) {
  return R"({"companyID":174,"title":"t","status":1,"priority":4,"queueID":29682833,"dueDateTime":"2026-01-14T13:12:03Z")" +
         more + "}";
}
std::string search(const std::string& reference) {
  return R"({"maxRecords":20,"filter":[{"op":"eq","field":"externalID","value":")" + reference + R"("}]})";
}
bool says(const answer& given, const std::string& text) { return given.body->find(text) != std::string::npos; }

} // namespace

TEST_CASE("a ticket is found by its reference, read, changed, noted on") {
  stage s;
  CHECK(says(ask(s, "POST", "Tickets/query", search("rd-1")), R"("items":[])"));
  CHECK(*ask(s, "POST", "Tickets", ticket(R"(,"externalID":"rd-1")")).body == R"({"itemId":48001})");
  CHECK(says(ask(s, "POST", "Tickets/query", search("rd-1")), R"("id":48001)"));
  CHECK(says(ask(s, "POST", "Tickets/query", search("rd-2")), R"("items":[])"));
  CHECK(*ask(s, "PATCH", "Tickets", R"({"id":48001,"status":5})").body == R"({"itemId":48001})");
  CHECK(says(ask(s, "GET", "Tickets/48001"), R"("status":5)"));
  CHECK(says(ask(s, "GET", "Tickets/48001"), R"("title":"t")"));
  CHECK(ask(s, "POST", "Tickets/48001/Notes", R"({"description":"d","noteType":3,"publish":1})").status == 200);
  CHECK(says(ask(s, "GET", "Tickets/48001/Notes"), R"("description":"d")"));
  CHECK(ask(s, "GET", "Tickets/48002").status == 404);
  CHECK(says(s.running.ask_control({"GET", "/tickets", {}, "", ""}, at({})), R"("notes":1)"));
}

TEST_CASE("what is wrong with a request is said in a 500, a wrong login in a 401") {
  stage s;
  CHECK(ask(s, "POST", "Tickets", ticket(""), "wrong").status == 401);
  for (const auto& [body, text] :
       {std::pair<std::string, const char*>{R"({"title":"t"})", "Missing required field: companyID"},
        {ticket(R"(,"queueID":7)"), "does not exist or is invalid"},
        {ticket(R"(,"externalID":")" + std::string(51, 'x') + R"(")"), "exceeds the maximum length"},
        {"{", "is required"}}) {
    const auto given = ask(s, "POST", "Tickets", body);
    CHECK(given.status == 500);
    CHECK(says(given, text));
  }
}

TEST_CASE("what was carried out stays so, whatever becomes of the answer") {
  stage s;
  for (const char* mode : {"hang", "reset", "drop_after_accept"}) {
    (void)s.control(std::string("do=sink_fault&sink=autotask&count=1&match=dueDateTime&mode=") + mode);
    CHECK(ask(s, "POST", "Tickets", ticket(R"(,"externalID":"rd-)" + std::string(mode) + R"(")")).then != ending::keep);
    CHECK(says(ask(s, "POST", "Tickets/query", search(std::string("rd-") + mode)), R"("status":1)"));
  }
  (void)s.control("do=sink_fault&sink=autotask&count=1&mode=status&status=500&text=thread+threshold");
  CHECK(*ask(s, "POST", "Tickets", ticket(R"(,"externalID":"rd-9")")).body == R"({"errors":["thread threshold"]})");
  CHECK(says(ask(s, "POST", "Tickets/query", search("rd-9")), R"("items":[])"));
}

TEST_CASE("somebody closes a ticket, and deletes it") {
  stage s;
  (void)ask(s, "POST", "Tickets", ticket(""));
  (void)s.control("do=ticket_close&ticket=48001&resolution=reset+the+modem");
  CHECK(says(ask(s, "GET", "Tickets/48001"), R"("resolution":"reset the modem")"));
  (void)s.control("do=ticket_delete");
  CHECK(ask(s, "GET", "Tickets/48001").status == 404);
}

TEST_CASE("an arrival at the desk is written down with what it asks and for which ticket") {
  stage s;
  (void)ask(s, "POST", "Tickets", ticket(R"(,"externalID":"rd-1")"));
  (void)ask(s, "PATCH", "Tickets", R"({"id":48001,"status":5})");
  CHECK(s.effects[0].find(R"("call":"create","ticket":0,"title":"t","priority":"4","key":"rd-1","answered":200)") !=
        std::string::npos);
  CHECK(s.effects[1].find(R"("call":"patch","ticket":48001,"key":"rd-1")") != std::string::npos);
}
