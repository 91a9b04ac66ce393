#include "bin/ringdown-sim/text.hpp"

#include "bin/ringdown-sim/journal.hpp"
#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

TEST_CASE("forms are decoded") {
  const auto form = parse_form("do=trunk_down&pbx=pbx%30%31&text=a+b%3D");
  CHECK(form == arguments{{"do", "trunk_down"}, {"pbx", "pbx01"}, {"text", "a b="}});
  CHECK(parse_form("").empty());
  CHECK(percent_decode("50%", '+') == "50%");
}

TEST_CASE("multipart fields are read and broken ones skipped") {
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\n900\r\n--B\r\nnonsense\r\n--B--\r\n";
  CHECK(parse_multipart(body, "B") == arguments{{"client_id", "900"}});
}

TEST_CASE("a flat JSON object becomes text by key") {
  const auto flat = parse_json_members(R"({"do":"calls","value":12,"x":true,"y":null})", nested_members::refused);
  REQUIRE(flat.ok());
  CHECK(*flat == arguments{{"do", "calls"}, {"value", "12"}, {"x", "true"}});
}

TEST_CASE("nested JSON is refused or skipped as asked, and never too deep") {
  CHECK_FALSE(parse_json_members(R"({"a":[1]})", nested_members::refused).ok());
  CHECK_FALSE(parse_json_members("[]", nested_members::skipped).ok());
  const auto skipped = parse_json_members(R"({"a":[{"b":1}],"c":"d","e":{"c":2}})", nested_members::skipped);
  REQUIRE(skipped.ok());
  CHECK(*skipped == arguments{{"c", "d"}});
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  CHECK_FALSE(parse_json_members(deep, nested_members::skipped).ok());
}

TEST_CASE("journal lines begin with time and kind and stay valid JSON") {
  journal_line line(noon, "ntfy");
  line.add("key", "a\"b").add("n", 3).add("body", "\xff");
  CHECK(line.str() ==
        "{\"t\":\"" + rfc3339(noon) + "\",\"kind\":\"ntfy\",\"key\":\"a\\\"b\",\"n\":3,\"body\":\"\xc3\xbf\"}");
  CHECK(valid_utf8("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("PBX times have seven digits and durations are ISO") {
  CHECK(json_time(std::nullopt) == "\"\"");
  CHECK(json_time(noon).ends_with(".0000000Z\""));
  CHECK(iso_duration(26h + 3min + 4s) == "P1DT2H3M4S");
}

TEST_CASE("globs match whole names and nothing matches everything") {
  CHECK(matches("", "pbx01"));
  CHECK(matches("pbx0*", "pbx01"));
  CHECK_FALSE(matches("pbx0", "pbx01"));
}
