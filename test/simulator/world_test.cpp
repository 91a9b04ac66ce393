#include "bin/ringdown-sim/world.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

TEST_CASE("the baseline names every resource once") {
  stage s;
  s.running.begin(at(0s));
  CHECK(s.lines_with("\"from\":null") == std::size_t{2} * (1 + 3 + 1 + 13));
  CHECK(s.truth.size() == s.lines_with("\"from\":null"));
}

TEST_CASE("a trunk goes down for a while and comes back by itself") {
  stage s;
  REQUIRE(s.control("do=trunk_down&pbx=pbx01&trunk=10001&reason=silent&for=30s").status == 200);
  const auto& one = s.running.pbxes().at(0).trunks[1];
  CHECK(state_of(one) == "failed_registration");
  CHECK(one.fail_code == "408");
  CHECK(state_of(s.running.pbxes().at(0).trunks[0]) == "registered");
  CHECK(s.running.next_due() == at(30s).steady);
  s.running.advance(at(29s));
  CHECK_FALSE(one.online);
  s.running.advance(at(30s));
  CHECK(state_of(one) == "registered");
  CHECK(s.lines_with("\"from\":\"failed_registration\",\"to\":\"registered\"") == 1);
  CHECK(s.running.pbxes().at(0).events.size() == 2);
}

TEST_CASE("a trunk that is down already makes no second transition") {
  stage s;
  (void)s.control("do=trunk_down&pbx=pbx01&trunk=62");
  (void)s.control("do=trunk_down&pbx=pbx01&trunk=62");
  CHECK(s.lines_with("\"kind\":\"state\"") == 1);
}

TEST_CASE("the states of a trunk follow what was done to it") {
  stage s;
  const auto& one = s.running.pbxes().at(0).trunks[0];
  const auto after = [&](const std::string& told) {
    REQUIRE(s.control("pbx=pbx01&trunk=10000&do=" + told).status == 200);
    return std::string(state_of(one));
  };
  CHECK(after("trunk_down") == "failed_registration");
  CHECK(after("trunk_up") == "registered");
  CHECK(after("trunk_down&reason=unregistered") == "unregistered");
  CHECK(after("trunk_disable") == "disabled");
  CHECK(after("trunk_delete") == "removed");
  CHECK(after("trunk_add") == "disabled");
  CHECK(after("trunk_up") == "registered");
}

TEST_CASE("a provider fails everywhere at once") {
  stage s(small_fleet(4));
  REQUIRE(s.control("do=trunk_down&provider=sip.larkfield.example").status == 200);
  for (const auto& pbx : s.running.pbxes().fleet()) {
    for (const auto& one : pbx.trunks) CHECK(one.online == (one.host != "sip.larkfield.example"));
  }
}

TEST_CASE("an outage has the cause that a poller has to find") {
  const auto cause = [](const std::string& told) {
    stage s;
    CHECK(s.control("pbx=pbx01&do=" + told).status == 200);
    return std::string(outage_of(s.running.pbxes().at(0)));
  };
  CHECK(cause("pbx_down") == "path_down");
  CHECK(cause("pbx_silent") == "path_down");
  CHECK(cause("pbx_hang") == "app_down");
  CHECK(cause("pbx_502") == "app_down");
  CHECK(cause("cert_expired") == "tls_invalid");
  CHECK(cause("pbx_429").empty());
  CHECK(cause("pbx_502&endpoint=Trunks").empty());
}

TEST_CASE("overlapping faults are one outage whose cause may change") {
  stage s;
  (void)s.control("do=pbx_502&pbx=pbx01&for=10s");
  (void)s.control("do=pbx_down&pbx=pbx01&for=20s");
  CHECK(s.running.pbxes().take_changed_fronts() == std::set<std::size_t>{0});
  s.running.advance(at(10s));
  CHECK(door_of(s.running.pbxes().at(0)) == door::closed);
  s.running.advance(at(20s));
  CHECK(outage_of(s.running.pbxes().at(0)).empty());
  CHECK(s.lines_with("\"resource\":\"instance\",\"key\":\"\"") == 3);
}

TEST_CASE("an update brings a new version, a reset uptime and trunks that need a while") {
  stage s;
  (void)s.control("do=trunk_down&pbx=pbx01&trunk=10002");
  (void)s.control("do=pbx_update&pbx=pbx01&for=30s&settle=20s");
  const auto& one = s.running.pbxes().at(0);
  CHECK(outage_of(one) == "app_down");
  s.running.advance(at(30s));
  CHECK(outage_of(one).empty());
  CHECK(one.version == "20.0.10.1205");
  CHECK(one.booted == noon + 30s);
  CHECK(state_of(one.trunks[0]) == "unregistered");
  CHECK_FALSE(one.sbcs[0].up);
  s.running.advance(at(50s));
  CHECK(state_of(one.trunks[0]) == "registered");
  CHECK(state_of(one.trunks[2]) == "failed_registration");
  CHECK(one.sbcs[0].up);
}

TEST_CASE("calls and services go back to what they were") {
  stage s;
  (void)s.control("do=calls&pbx=pbx01&value=15&for=5s");
  (void)s.control("do=service_down&pbx=pbx01&service=nginx&for=5s");
  CHECK(s.running.pbxes().at(0).calls == 15);
  s.running.advance(at(5s));
  CHECK(s.running.pbxes().at(0).calls == 2);
  CHECK(s.lines_with("\"resource\":\"service\"") == 2);
}

TEST_CASE("commands that match nothing are refused") {
  stage s;
  CHECK(s.control("do=trunk_down&pbx=nobody").status == 404);
  CHECK(s.control("do=trunk_down&pbx=pbx01&trunk=99999").status == 404);
  CHECK(s.control("do=trunk_down&color=red").status == 400);
  CHECK(s.control("{\"do\":[]}").status == 400);
}

TEST_CASE("a timeline that waits begins when told") {
  auto plan = small_fleet();
  plan.start = timeline_start::when_told;
  plan.events = {{1s, tell({{"do", "sbc_down"}, {"pbx", "pbx02"}})}};
  stage s(plan);
  s.running.begin(at(0s));
  CHECK_FALSE(s.running.next_due().has_value());
  (void)s.control("do=start", 10s);
  s.running.advance(at(11s));
  CHECK_FALSE(s.running.pbxes().at(1).sbcs[0].up);
}
