#include "actors/logic/provider_ledger.hpp"

#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace ringdown::test;

namespace {

const wall_time start = from_micros(1'790'000'000'000'000);
constexpr auto window = 6min;

provider_trunk healthy_trunk(int at, const std::string& key = "T1") { return {pbx(at), key, true, {}, false}; }
provider_trunk failing_trunk(int at, duration since, const std::string& key = "T1") {
  return {pbx(at), key, true, start + since, false};
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

provider_state state_of(const std::vector<provider_trunk>& trunks) {
  provider_state made;
  for (const provider_trunk& one : trunks) made.add(one);
  return made;
}

// What is asked of a provider, all of it.
std::string answers(const provider_state& of, wall_time now) {
  const auto since = of.outage_since(window, now);
  std::string text = since ? rfc3339(*since) : "none";
  for (const wall_time of_outage : {now - 20min, now - 3min, now}) {
    const auto at = of.members_at(of_outage, window, 2);
    text += fmt::format(" {} {}:", of.goes_on(of_outage, window), at.count);
    for (const instance_id& one : at.first) text += one.str() + ",";
  }
  return text;
}

// PBXes whose trunks are at two carriers, and what may become of them.
struct changing_tenant {
  changing_tenant() {
    for (int i = 1; i <= 4; ++i) add(pbx(i));
  }
  void add(const instance_id& at) {
    baseline& base = truth[at];
    base = {at, 0, true, {}, {}, {}, {}};
    base.health.reach = reachability::reachable;
    for (const char* key : {"T1", "T2", "T3"}) base.resources.emplace_back(trunk(key));
  }
  static resource_record trunk(const std::string& key) {
    resource_record record;
    record.ref = {resource_kind::trunk, key};
    record.provider = key == "T3" ? "sip.other.example" : carrier;
    record.state = resource_state::registered;
    return record;
  }
  void raise(const instance_id& at, alert_type type, const std::string& key) {
    alert& a = alerts[{at, type, resource_of(type, key)}];
    a.key = {at, type, resource_of(type, key)};
    a.phase = alert_phase::firing;
    a.current = condition::failing;
    a.since = now;
    a.first_sight = *rc::gen::arbitrary<bool>();
  }
  // One change at one PBX, which is doubted.
  instance_id change() {
    now += 1min * *rc::gen::inRange(0, 4);
    instance_id at = pbx(*rc::gen::inRange(1, 5));
    const std::string key = "T" + std::to_string(*rc::gen::inRange(1, 4));
    const auto known = truth.find(at);
    if (known == truth.end()) return add(at), at;
    shared_record* record = known->second.resources.empty() ? nullptr : &known->second.resources.back();
    switch (*rc::gen::inRange(0, 9)) {
      case 0: truth.erase(known); break;
      case 1: known->second.health.starting = !known->second.health.starting; break;
      case 2: raise(at, alert_type::all_trunks_down, ""); break;
      case 3:
        for (auto& [of, a] : alerts)
          if (of.instance == at && of.resource.key != key) a.phase = alert_phase::resolved;
        break;
      case 4:
        if (record != nullptr) {
          const auto state = *rc::gen::element(resource_state::unregistered, resource_state::unknown);
          record->amend([&](resource_record& row) { row.state = state; });
        }
        break;
      case 5:
        if (record != nullptr) {
          const auto host = *rc::gen::element(carrier, std::string("10.0.0.1"), std::string());
          record->amend([&](resource_record& row) { row.provider = host; });
        }
        break;
      case 6:
        if (record != nullptr) known->second.resources.erase(known->second.resources.begin());
        break;
      default: raise(at, alert_type::trunk_down, key);
    }
    return at;
  }

  wall_time now = start;
  known_truth truth;
  std::map<alert_key, alert> alerts;
};

} // namespace

TEST_CASE("three PBXes, or half of the trunks at two, that fail within six minutes are an outage") {
  for (const row& one : outages) {
    INFO(one.what);
    const auto since = state_of(one.trunks).outage_since(window, start + one.seen);
    REQUIRE(since.has_value() == one.since.has_value());
    if (one.since) CHECK(*since == start + *one.since);
  }
}

TEST_CASE("an outage goes on while trunks of two PBXes fail that belong to it") {
  CHECK(state_of({failing_trunk(1, 0min), failing_trunk(2, 30min)}).goes_on(start, window));
  CHECK(state_of({failing_trunk(1, 0min), uncounted(failing_trunk(2, 0min))})
            .goes_on(start, window)); // Unknown is not up
  CHECK(state_of({failing_trunk(1, -6min), failing_trunk(2, 0min)}).goes_on(start, window));
  CHECK_FALSE(state_of({failing_trunk(1, -7min), failing_trunk(2, 0min)}).goes_on(start, window));
  CHECK_FALSE(
      state_of({failing_trunk(1, 0min), failing_trunk(1, 0min, "T2"), healthy_trunk(2)}).goes_on(start, window));
  CHECK_FALSE(state_of({}).goes_on(start, window));
}

TEST_CASE("the PBXes of an outage are named by when they failed, and counted") {
  const auto state = state_of({failing_trunk(3, 1min), failing_trunk(2, 1min), failing_trunk(4, 0min),
                               failing_trunk(4, 2min, "T2"), failing_trunk(1, -7min), healthy_trunk(5)});
  const auto at = state.members_at(start, window, 2);
  CHECK(at.count == 3);
  CHECK(at.first == std::vector<instance_id>{pbx(4), pbx(2)});
  CHECK(state.members_at(start - 1h, window, 9).first == std::vector<instance_id>{pbx(1), pbx(4), pbx(2), pbx(3)});
  CHECK(state.members_at(start - 1h, window, 2).count == 4);
}

TEST_CASE("what is looked at again PBX by PBX is what looking at everything says") {
  CHECK(rc::check([] {
    changing_tenant t;
    const provider_groups groups;
    provider_ledger kept;
    for (int i = 0; i < 40; ++i) {
      kept.doubt(t.change());
      if (*rc::gen::inRange(0, 3) == 0) continue; // several are looked at together
      kept.look(groups, t.truth, t.alerts);
      provider_ledger fresh;
      fresh.look(groups, t.truth, t.alerts);
      RC_ASSERT(kept.size() == fresh.size());
      for (const std::string& group : {carrier, std::string("sip.other.example"), std::string("nobody.example")})
        RC_ASSERT(answers(kept.of(group), t.now) == answers(fresh.of(group), t.now));
    }
  }));
}
