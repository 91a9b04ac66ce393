#include "bin/ringdown-sim/scenario.hpp"

#include "bin/ringdown-sim/fleet.hpp"
#include "bin/ringdown-sim/tenant_files.hpp"
#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

#include <set>

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

namespace {
std::string complaint(std::string_view text) {
  const auto made = parse_scenario(text, "s.toml");
  return made.ok() ? std::string() : made.error().detail;
}
} // namespace

TEST_CASE("a scenario says fleet, exceptions and timeline") {
  const auto made = parse_scenario(R"(
[fleet]
tenants = 6
pbxes = 40
trunks_per_pbx = 5
token_life = "90s"
providers = [{ name = "A", host = "a.example" }]
[[pbx]]
id = "pbx07"
trunk = [{ number = "12000", type = "BridgeMaster", registration = "Nothing" }]
[[event]]
at = "20s"
do = "trunk_down"
pbx = "pbx07"
repeat = 3
every = "5s"
[[event]]
at = "22s"
do = "calls"
value = 14
)",
                                   "s.toml");
  REQUIRE(made.ok());
  CHECK(made->fleet.token_life == 90s);
  REQUIRE(made->events.size() == 4);
  CHECK(made->events[1].what.verb == "calls");
  CHECK(made->events[3].at == 30s);
  const auto fleet = build_fleet(*made, noon);
  REQUIRE(fleet.ok());
  REQUIRE(fleet->size() == 40);
  CHECK((*fleet)[6].address == "127.1.0.7");
  CHECK((*fleet)[6].trunks.at(0).number == "12000");
  CHECK((*fleet)[0].trunks.size() == 5);
  CHECK((*fleet)[0].tenant == "t1");
  CHECK((*fleet)[39].tenant == "t6");
}

TEST_CASE("mistakes in a scenario are refused with their line") {
  CHECK(complaint("[fleet]\npbxs = 4\n") == "s.toml: line 2: [fleet] unknown key \"pbxs\"");
  CHECK(complaint("[fleet]\npbxes = \"4\"\n").find("line 2: [fleet] pbxes must be a whole number") !=
        std::string::npos);
  CHECK(complaint("[flet]\n").find("unknown key \"flet\"") != std::string::npos);
  CHECK(complaint("[[event]]\nat = \"1s\"\ndo = \"trunk_dow\"\n").find("trunk_dow") != std::string::npos);
  CHECK(complaint("[[event]]\nat = 5\ndo = \"start\"\n").find("line 2") != std::string::npos);
  CHECK(complaint("[[event]]\ndo = \"start\"\nrepeat = 2\n").find("every") != std::string::npos);
  CHECK(complaint("[fleet\n").find("line 1") != std::string::npos);
}

TEST_CASE("a fleet refuses doubled and homeless PBXes") {
  auto plan = small_fleet();
  plan.pbxes.resize(2);
  plan.pbxes[0].id = plan.pbxes[1].id = "pbx01";
  CHECK_FALSE(build_fleet(plan, noon).ok());
  plan.pbxes.resize(1);
  plan.pbxes[0].tenant = "t9";
  CHECK_FALSE(build_fleet(plan, noon).ok());
}

TEST_CASE("ten thousand PBXes have ten thousand loopback addresses") {
  auto plan = small_fleet(10'000);
  plan.fleet.trunks_per_pbx = 0;
  std::set<std::string> seen;
  const auto fleet = build_fleet(plan, noon);
  REQUIRE(fleet.ok());
  for (const auto& one : *fleet) {
    CHECK(one.address.starts_with("127.1."));
    seen.insert(one.address);
  }
  CHECK(seen.size() == 10'000);
}

TEST_CASE("a tenant's file names its own PBXes and no secret") {
  auto plan = small_fleet(2);
  plan.fleet.tenants = 2;
  const auto fleet = build_fleet(plan, noon).value();
  const auto text = tenant_toml("t1", fleet, {"/d", "/ca.pem", "http://127.0.0.1:1", "http://127.0.0.1:2", "/w", 8443});
  CHECK(text.find("https://pbx01.pbx.test:8443") != std::string::npos);
  CHECK(text.find("pbx02") == std::string::npos);
  CHECK(text.find(fleet[0].tokens.secret()) == std::string::npos);
  CHECK(text.find("{ file = \"/d/secrets/pbx01.secret\" }") != std::string::npos);
}

TEST_CASE("a scenario that names Twilio has phones and a channel in its tenants' files") {
  const auto made = parse_scenario(R"(
[twilio]
token = "t"
ring = "3s"
pace = "1s"
[[phone]]
number = "+4930*"
does = "busy"
)",
                                   "s.toml");
  REQUIRE(made.ok());
  CHECK(made->twilio.in_tenant_files);
  CHECK(made->twilio.ring == 3s);
  CHECK(made->twilio.pace == 1s);
  REQUIRE(made->phones.size() == 1);
  CHECK(made->phones[0]["does"] == "busy");
  CHECK_FALSE(parse_scenario("", "s.toml")->twilio.in_tenant_files);
  CHECK(complaint("[[phone]]\ndoes = \"sings\"\n").find("line 1") != std::string::npos);
  CHECK(complaint("[twilio]\nsecret = \"x\"\n").find("secret") != std::string::npos);

  tenant_file_plan plan{"/d", "/ca.pem", "http://127.0.0.1:1", "http://127.0.0.1:2", "/w", 8443};
  CHECK(tenant_toml("t2", {}, plan).find("voice") == std::string::npos);
  plan.twilio = {"http://127.0.0.1:3", "AC1", "token-value", "+493023125900"};
  const auto text = tenant_toml("t2", {}, plan);
  CHECK(text.find("phone = \"+493023125001\"\nvoice_consent = \"") != std::string::npos);
  CHECK(text.find("kind = \"twilio\"") != std::string::npos);
  CHECK(text.find("auth_token = { file = \"/d/secrets/twilio.secret\" }") != std::string::npos);
  CHECK(text.find("token-value") == std::string::npos);
}
