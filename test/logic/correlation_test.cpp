#include "actors/logic/correlation.hpp"

#include "protocol/types/observation.hpp"
#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace ringdown::test;

namespace {

// Every trunk of a PBX.
std::vector<provider_trunk> trunks_at(const outage_bench& t, const instance_id& at) {
  std::vector<provider_trunk> found;
  for_each_trunk(t.truth.at(at), t.machine().alerts(),
                 [&](const resource_record&, const provider_trunk& one) { found.push_back(one); });
  return found;
}

} // namespace

TEST_CASE("providers are told apart by host or by the tenant's table, never by the name of a trunk") {
  const provider_groups groups({{"bandwidth", "Bandwidth", {"sip.bandwidth.example", "203.0.113.7"}}});
  CHECK(groups.group_of("SIP.Bandwidth.example.") == "bandwidth");
  CHECK(groups.group_of("203.0.113.7") == "bandwidth");
  CHECK(groups.group_of("Other.example") == "other.example");
  CHECK(groups.group_of("").empty());
  for (const char* host : {"192.168.1.10", "10.0.0.5", "172.16.0.1", "172.31.9.9", "100.64.0.1", "127.0.0.1",
                           "169.254.1.1", "gateway", "voip.local", "sbc.lan", "fd00::5", "fe80::1"})
    CHECK(groups.group_of(host).empty()); // another machine at each customer
  for (const char* host : {"172.32.0.1", "100.128.0.1", "198.51.100.9", "2001:db8::1", "10.example", "local.example"})
    CHECK(groups.group_of(host) == host);
  CHECK(provider_groups({{"mine", "Mine", {"192.168.1.10"}}}).group_of("192.168.1.10") == "mine");
  CHECK(groups.name_of("bandwidth") == "Bandwidth");
  CHECK(groups.name_of("other.example") == "other.example");
}

TEST_CASE("a trunk counts when it is read and judged, and fails when an alert says so") {
  outage_bench t(3);
  const auto trunk = [&](int at) {
    const auto found = trunks_at(t, pbx(at));
    REQUIRE(found.size() == 1);
    return found.front();
  };
  // Down in the truth alone: not believed yet.
  t.set(pbx(1), "T1", resource_state::unregistered);
  CHECK(trunk(1).counted);
  CHECK_FALSE(trunk(1).failing);
  t.fails(pbx(1));
  CHECK(trunk(1).failing == t.now);
  for (const resource_state state : {resource_state::unknown, resource_state::disabled, resource_state::starting}) {
    t.set(pbx(2), "T1", state);
    CHECK_FALSE(trunk(2).counted);
  }
  t.truth.at(pbx(3)).health.reach = reachability::unreachable;
  CHECK_FALSE(trunk(3).counted);
  t.truth.at(pbx(3)).health = {reachability::reachable, cause::none, {}, bit(endpoint::trunks), "", false};
  CHECK_FALSE(trunk(3).counted);
  t.truth.at(pbx(3)).health = {reachability::reachable, cause::none, {}, 0, "", true};
  CHECK_FALSE(trunk(3).counted);
}

TEST_CASE("the alert of all trunks speaks for each that has none of its own") {
  outage_bench t(2);
  t.add_trunk(pbx(1), "T2");
  t.all_fail(pbx(1));
  const auto trunks = trunks_at(t, pbx(1));
  REQUIRE(trunks.size() == 2);
  CHECK(trunks[0].failing == t.now);
  CHECK(trunks[1].failing == t.now);
  CHECK_FALSE(trunks_at(t, pbx(2)).front().failing);
}
