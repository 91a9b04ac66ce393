#include "actors/api/request_fields.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::api;

namespace {

server_request asked(std::string query, std::string body) {
  server_request request;
  request.query = std::move(query);
  request.body = std::move(body);
  return request;
}

} // namespace

TEST_CASE("a query parameter is the first of its name, decoded") {
  const auto request = asked("a%6c=1&state=all+of%20it&state=none&odd=%zz&bare", "");
  CHECK(parameter(request, "al") == "1");
  CHECK(parameter(request, "state") == "all of it");
  CHECK(parameter(request, "odd") == "%zz");
  CHECK(parameter(request, "bare").empty());
  CHECK(parameter(request, "missing").empty());
}

TEST_CASE("a body is a flat object of texts, whole numbers and truths") {
  const auto read = read_body(asked("", R"({"by":"jo","episode":3,"on":true,"settings":{"url":"x"},"nothing":null})"));
  REQUIRE(read);
  CHECK(*read == body_fields{{"by", "jo"}, {"episode", "3"}, {"on", "true"}, {"settings.url", "x"}});
  CHECK(read_body(asked("", ""))->empty());
  for (const char* bad : {"[]", "\"by\"", R"({"a":[1]})", R"({"a":1.5})", R"({"a":{"b":{}}})", R"({"a":1)"})
    CHECK_FALSE(read_body(asked("", bad)));
}

TEST_CASE("a key that nobody knows is refused by its name") {
  CHECK(read_body(asked("", R"({"by":"jo"})"), {"by", "via"}));
  const auto read = read_body(asked("", R"({"by":"jo","untill":"x"})"), {"by", "until"});
  REQUIRE_FALSE(read);
  CHECK(read.error().detail == "unknown key untill");
}

TEST_CASE("who asks is kept at most 100 bytes long, and never half a character") {
  CHECK(by_whom({}) == "token:api");
  CHECK(by_whom({{"by", "jo"}}) == "jo");
  CHECK(by_whom({{"by", std::string(99, 'x') + "\u00e9"}}) == std::string(97, 'x') + "\u2026");
}
