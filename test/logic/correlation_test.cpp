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

const wall_time start = from_micros(1'790'000'000'000'000);
constexpr auto window = 6min;

provider_trunk healthy_trunk(int at, const std::string& key = "T1") { return {pbx(at), key, true, {}, false, {}}; }
provider_trunk failing_trunk(int at, duration since, const std::string& key = "T1") {
  return {pbx(at), key, true, start + since, false, {}};
}
provider_trunk uncounted(provider_trunk one) {
  one.counted = false;
  return one;
}
provider_trunk found_failing(provider_trunk one) {
  one.first_sight = true;
  return one;
}

struct row {
  std::string what;
  std::vector<provider_trunk> trunks;
  duration seen;                 // after the start
  std::optional<duration> since; // of the outage
};
// Among twenty others.
std::vector<provider_trunk> many_healthy(std::vector<provider_trunk> trunks) {
  for (int i = 20; i < 40; ++i) trunks.push_back(healthy_trunk(i));
  return trunks;
}

const std::vector<row> outages{
    {"nothing fails", {healthy_trunk(1), healthy_trunk(2)}, 0min, {}},
    {"one of one", {failing_trunk(1, 0min)}, 0min, {}},
    {"all trunks of the only PBX", {failing_trunk(1, 0min), failing_trunk(1, 0min, "T2")}, 0min, {}},
    {"half of four at two PBXes",
     {failing_trunk(1, 1min), failing_trunk(2, 2min), healthy_trunk(3), healthy_trunk(4)},
     2min,
     1min},
    {"two of five",
     {failing_trunk(1, 1min), failing_trunk(2, 2min), healthy_trunk(3), healthy_trunk(4), healthy_trunk(5)},
     2min,
     {}},
    {"three of six trunks, but of one PBX",
     {failing_trunk(1, 0min), failing_trunk(1, 0min, "T2"), failing_trunk(1, 0min, "T3"), healthy_trunk(2),
      healthy_trunk(3), healthy_trunk(4)},
     0min,
     {}},
    {"three PBXes of twenty-three",
     many_healthy({failing_trunk(1, 0min), failing_trunk(2, 3min), failing_trunk(3, 6min)}), 6min, 0min},
    {"three PBXes, a moment too far apart",
     many_healthy({failing_trunk(1, 0min), failing_trunk(2, 3min), failing_trunk(3, 6min + 1us)}),
     7min,
     {}},
    {"the window slides",
     many_healthy(
         {failing_trunk(1, 0min), failing_trunk(2, 3min), failing_trunk(3, 6min + 1us), failing_trunk(4, 8min)}),
     8min, 3min},
    {"seen late, but close together",
     many_healthy({failing_trunk(1, 0min), failing_trunk(2, 5min), failing_trunk(3, 5min)}), 8min, 0min},
    {"long ago",
     many_healthy({failing_trunk(1, 0min), failing_trunk(2, 0min), failing_trunk(3, 0min)}),
     6min + 1us,
     {}},
    {"what cannot be judged is in neither side: as a failure",
     {failing_trunk(1, 0min), uncounted(failing_trunk(2, 0min)), healthy_trunk(3)},
     0min,
     {}},
    {"what cannot be judged is in neither side: as a healthy one",
     {failing_trunk(1, 0min), failing_trunk(2, 0min), healthy_trunk(3), healthy_trunk(4), uncounted(healthy_trunk(5))},
     0min,
     0min},
    {"what was found failing at first sight began at no known time",
     {failing_trunk(1, 0min), found_failing(failing_trunk(2, 0min)), found_failing(failing_trunk(3, 0min))},
     0min,
     {}},
};

} // namespace

TEST_CASE("three PBXes, or half of the trunks at two, that fail within six minutes are an outage") {
  for (const row& one : outages) {
    INFO(one.what);
    const auto since = outage_since(one.trunks, window, start + one.seen);
    REQUIRE(since.has_value() == one.since.has_value());
    if (one.since) CHECK(*since == start + *one.since);
  }
}

TEST_CASE("an outage goes on while trunks of two PBXes fail that belong to it") {
  CHECK(goes_on({failing_trunk(1, 0min), failing_trunk(2, 30min)}, start, window));
  CHECK(goes_on({failing_trunk(1, 0min), uncounted(failing_trunk(2, 0min))}, start, window)); // Unknown is not up
  CHECK(goes_on({failing_trunk(1, -6min), failing_trunk(2, 0min)}, start, window));
  CHECK_FALSE(goes_on({failing_trunk(1, -7min), failing_trunk(2, 0min)}, start, window));
  CHECK_FALSE(goes_on({failing_trunk(1, 0min), failing_trunk(1, 0min, "T2"), healthy_trunk(2)}, start, window));
  CHECK_FALSE(goes_on({}, start, window));
}

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
  const auto trunks = [&] { return trunks_of(carrier, provider_groups(), t.truth, t.machine().alerts()); };
  REQUIRE(trunks().size() == 3);
  // Down in the truth alone: not believed yet.
  t.set(pbx(1), "T1", resource_state::unregistered);
  CHECK(trunks()[0].counted);
  CHECK_FALSE(trunks()[0].failing);
  t.fails(pbx(1));
  CHECK(trunks()[0].failing == t.now);
  for (const resource_state state : {resource_state::unknown, resource_state::disabled, resource_state::starting}) {
    t.record(pbx(2)).state = state;
    CHECK_FALSE(trunks()[1].counted);
  }
  t.truth.at(pbx(3)).health.reach = reachability::unreachable;
  CHECK_FALSE(trunks()[2].counted);
  t.truth.at(pbx(3)).health = {reachability::reachable, cause::none, {}, bit(endpoint::trunks), "", false};
  CHECK_FALSE(trunks()[2].counted);
  t.truth.at(pbx(3)).health = {reachability::reachable, cause::none, {}, 0, "", true};
  CHECK_FALSE(trunks()[2].counted);
}

TEST_CASE("the alert of all trunks speaks for each that has none of its own") {
  outage_bench t(2);
  t.add_trunk(pbx(1), "T2");
  t.all_fail(pbx(1));
  const auto trunks = trunks_of(carrier, provider_groups(), t.truth, t.machine().alerts());
  REQUIRE(trunks.size() == 3);
  CHECK(trunks[0].failing == t.now);
  CHECK(trunks[1].failing == t.now);
  CHECK(trunks[1].told_by.type == alert_type::all_trunks_down);
  CHECK_FALSE(trunks[2].failing);
}
