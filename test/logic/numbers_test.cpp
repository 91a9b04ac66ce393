#include "actors/logic/numbers.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown::logic;

namespace {

struct number_case {
  const char* words;
  const char* written;
  std::vector<std::string> regions;
  number_fault fault;
  const char* e164;
};

} // namespace

TEST_CASE("only a valid number of an allowed region may be called") {
  using enum number_fault;
  // Ranges reserved for examples where a numbering plan has one.
  const std::vector<number_case> cases{
      {"as it is dialled", "+12025550123", {"US"}, none, "+12025550123"},
      {"with blanks and brackets", "+1 (202) 555-0123", {"US"}, none, "+12025550123"},
      {"without a country code, read as of the first region", "202-555-0123", {"US"}, none, "+12025550123"},
      {"Toronto shares +1 and is another country", "+14165550123", {"US"}, region_denied, ""},
      {"Jamaica too", "+18765550123", {"US"}, region_denied, ""},
      {"Toronto, where Canada is allowed", "+14165550123", {"US", "CA"}, none, "+14165550123"},
      {"London", "+442079460123", {"US"}, region_denied, ""},
      {"London, allowed", "+442079460123", {"GB"}, none, "+442079460123"},
      {"none", "", {"US"}, missing, ""},
      {"too short", "+1202555", {"US"}, invalid, ""},
      {"an area code that does not exist", "+11115550123", {"US"}, invalid, ""},
      {"words", "call me", {"US"}, invalid, ""},
      {"no region is allowed", "+12025550123", {}, region_denied, ""},
  };
  for (const number_case& one : cases) {
    INFO(one.words);
    const auto verdict = usable_number(one.written, one.regions);
    CHECK(verdict.fault == one.fault);
    CHECK(verdict.e164 == one.e164);
  }
  CHECK(usable_number("+14165550123", {"US"}).region == "CA");
}

TEST_CASE("regions are two letters each") {
  CHECK(read_regions("us, gb") == std::vector<std::string>{"US", "GB"});
  CHECK(read_regions("USA,CA") == std::vector<std::string>{"CA"});
  CHECK(read_regions("").empty());
}
