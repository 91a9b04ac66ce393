#include "protocol/wire/psa/autotask_replies.hpp"

#include "protocol/wire/json.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire::psa;

TEST_CASE("A zone's URL ends with a slash, whatever was sent") {
  CHECK(read_zone(fixture("autotask/zone.json")) == "https://webservices99.autotask.net/ATServicesRest/");
  CHECK(read_zone(R"({"url":"https://a.autotask.net"})") == "https://a.autotask.net/");
  for (const char* bad : {"", "{}", "[]", R"({"url":null})", R"({"url":""})", R"({"url":7})"})
    CHECK_FALSE(read_zone(bad));
}

TEST_CASE("A number is one that a ticket can have") {
  CHECK(read_item_id(R"({"itemId":48213})") == 48213);
  CHECK(read_item_id(R"({"itemId":9007199254740993})") == 9007199254740993);
  for (const char* bad : {"", "{}", R"({"itemId":null})", R"({"itemId":0})", R"({"itemId":-9007199254740991})",
                          R"({"item":{"itemId":1}})"})
    CHECK_FALSE(read_item_id(bad));
}

TEST_CASE("A search that cannot be read has found neither something nor nothing") {
  const auto two =
      read_tickets(R"({"items":[{"id":7,"status":1,"externalID":"b"},{"id":3,"status":5}],"pageDetails":{}})");
  REQUIRE(two);
  CHECK(two->at(0).id == 3);
  CHECK(two->at(1).external == "b");
  CHECK(read_tickets(R"({"items":[]})")->empty());
  for (const char* bad : {"", "{}", R"({"items":null})", R"({"items":{}})", R"({"items":[1]})", R"({"items":[{}]})",
                          R"({"items":[{"id":null}]})", R"({"items":[])", R"({"item":{"id":1}})"})
    CHECK_FALSE(read_tickets(bad));
}

TEST_CASE("A ticket is there, gone, or not readable") {
  const auto whole = read_ticket(fixture("autotask/ticket.json"));
  REQUIRE(whole);
  CHECK(whole->first == item_there::yes);
  CHECK(whole->second.status == 8);
  CHECK(whole->second.resolution.empty());
  CHECK(whole->second.external == "rd-al_0123456789abcdefghjkmnpqrs-2");
  CHECK(read_ticket(R"({"item":null})")->first == item_there::gone);
  for (const char* bad : {"", "{}", R"({"item":[]})", R"({"item":{}})", R"({"items":[]})", R"({"item":{"id":1})"})
    CHECK_FALSE(read_ticket(bad));
}

TEST_CASE("An item is written again as it was read, but for what is replaced or added, and for what is nothing") {
  const std::string body =
      R"({"item":{"id":1,"a":null,"b":[{"c":1.5,"d":"\"q\""},[true,{}]],"e":-3},"more":{"item":1}})";
  CHECK(item_with(body, {}) == R"({"id":1,"b":[{"c":1.5,"d":"\"q\""},[true,{}]],"e":-3})");
  CHECK(item_with(body, {{"b", "7"}, {"f", "\"x\""}}) == R"({"id":1,"e":-3,"b":7,"f":"x"})");
  CHECK(item_with(R"({"item":{"a":[{"name":"Shelf","value":null},null]}})", {}) == R"({"a":[{"name":"Shelf"},null]})");
  for (const char* bad : {"", "{}", R"({"item":null})", R"({"item":[]})", R"({"item":{},"item":{}})"})
    CHECK_FALSE(item_with(bad, {}));
}
