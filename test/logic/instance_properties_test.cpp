// Properties of the instance machine over random histories of a small PBX.
#include "actors/logic/instance_machine.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <map>
#include <set>

namespace ringdown {

using namespace test;

namespace {

// Few things, all of whose states and failures are drawn.
struct step {
  observation seen;
  duration later{};
};

trunk_reading any_trunk(const std::string& key, resource_kind kind) {
  static const std::vector<resource_state> states{
      resource_state::registered,         resource_state::registered, resource_state::registered,
      resource_state::unregistered,       resource_state::unknown,    resource_state::disabled,
      resource_state::failed_registration};
  trunk_reading made = trunk(key, *rc::gen::elementOf(states));
  made.kind = kind;
  return made;
}

read_failure any_problem() {
  static const std::vector<read_failure> problems{
      problem(read_problem::server_error),         problem(read_problem::not_json),
      problem(read_problem::not_in_build),         problem(read_problem::throttled),
      problem(read_problem::unauthorized),         transport(transport_error::timeout),
      transport(transport_error::connect_refused), transport(transport_error::overloaded)};
  return *rc::gen::elementOf(problems);
}

int dice(int sides) { return *rc::gen::inRange(0, sides); }

observation any_readable() {
  poll made;
  made.trunks.clear();
  for (const auto* key : {"1", "2", "3"})
    if (dice(8) != 0) made.trunks.push_back(any_trunk(key, resource_kind::trunk));
  if (dice(3) != 0) made.trunks.push_back(any_trunk("9", resource_kind::bridge));
  made.sbcs = {sbc("a", dice(3) == 0 ? std::nullopt : std::optional(dice(3) != 0)), sbc("b", true)};
  made.services = {service("s", dice(3) != 0)};
  made.system.calls_active = dice(17);
  if (dice(10) == 0) made.system.version = "20.0.2";
  return made.read();
}

observation any_observation() {
  const int kind = dice(12);
  if (kind == 0) return login_failed(any_problem());
  if (kind == 1) return all_failed(any_problem());
  if (kind == 2) return login_paused();
  observation seen = any_readable();
  if (dice(6) == 0) {
    seen.trunks.value.reset();
    seen.trunks.why = any_problem();
  }
  return dice(6) == 0 ? blind_services(seen) : seen;
}

std::vector<step> any_history(int longest) {
  static const std::vector<duration> gaps{5s, 10s, 10s, 60s, 60s, 400s};
  std::vector<step> all;
  const int length = *rc::gen::inRange(1, longest);
  all.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) all.push_back({any_observation(), *rc::gen::elementOf(gaps)});
  return all;
}

baseline any_start() { return dice(2) == 0 ? unknown_instance() : healthy_instance(); }

// Whether this poll shows the thing as fine: only then may its alert end.
bool shows_fine(const observation& seen, const resource_ref& ref) {
  if (ref.kind == resource_kind::sbc && seen.sbcs.ok())
    return std::ranges::any_of(*seen.sbcs.value,
                               [&](const auto& one) { return one.key == ref.key && one.connected == true; });
  if (ref.kind == resource_kind::service && seen.services.ok())
    return std::ranges::any_of(*seen.services.value,
                               [&](const auto& one) { return one.key == ref.key && one.running == true; });
  const auto fine = [](resource_state state) {
    return state == resource_state::registered || state == resource_state::disabled;
  };
  return seen.trunks.ok() && std::ranges::any_of(*seen.trunks.value, [&](const auto& one) {
           return one.kind == ref.kind && one.key == ref.key && fine(one.state);
         });
}
bool shows_failing(const observation& seen, const resource_ref& ref) {
  if (ref.kind == resource_kind::sbc && seen.sbcs.ok())
    return std::ranges::any_of(*seen.sbcs.value,
                               [&](const auto& one) { return one.key == ref.key && one.connected == false; });
  if (ref.kind == resource_kind::service && seen.services.ok())
    return std::ranges::any_of(*seen.services.value,
                               [&](const auto& one) { return one.key == ref.key && one.running == false; });
  const auto bad = [](resource_state state) {
    return state == resource_state::unregistered || state == resource_state::failed_registration;
  };
  return seen.trunks.ok() && std::ranges::any_of(*seen.trunks.value, [&](const auto& one) {
           return one.kind == ref.kind && one.key == ref.key && bad(one.state);
         });
}
std::set<std::string> open_in(const watched_instance& pbx) {
  std::set<std::string> all;
  // What a wider alert speaks for is left out: which came first is a matter of timing.
  const bool trunks_covered = pbx.is_open(alert_type::all_trunks_down);
  const bool parts_covered = pbx.is_open(alert_type::instance_unreachable);
  for (const alert_key& key : pbx.stored.open) {
    const bool covered = (trunks_covered && key.type == alert_type::trunk_down) ||
                         (parts_covered && key.type == alert_type::instance_degraded);
    if (!covered) all.insert(std::string(name(key.type)) + " " + to_text(key.resource));
  }
  return all;
}
bool is_single(resource_kind kind) { return kind != resource_kind::instance && kind != resource_kind::calls; }

} // namespace

TEST_CASE("properties: the same poll again and again says nothing after it was confirmed") {
  CHECK(rc::check([] {
    watched_instance pbx(any_start());
    for (const step& one : any_history(12)) pbx.see(one.seen, one.later);
    const observation last = any_observation();
    // Long enough for every confirmation, grace, pause and threshold.
    for (int i = 0; i < 40; ++i) pbx.see(last);
    for (int i = 0; i < 10; ++i) RC_ASSERT(logic::is_empty(pbx.see(last)));
  }));
}

TEST_CASE("properties: nothing alerts unless seen failing, nothing resolves unless seen fine") {
  CHECK(rc::check([] {
    watched_instance pbx(any_start());
    std::map<resource_ref, bool> ever_failing;
    for (const step& one : any_history(40)) {
      for (const auto& ref :
           {trunk_1, trunk_2, resource_ref{resource_kind::trunk, "3"}, resource_ref{resource_kind::bridge, "9"},
            resource_ref{resource_kind::sbc, "a"}, resource_ref{resource_kind::service, "s"}})
        if (shows_failing(one.seen, ref)) ever_failing[ref] = true;
      for (const transition& made : pbx.see(one.seen, one.later).transitions) {
        if (!is_single(made.key.resource.kind)) continue;
        if (made.to == condition::ok) RC_ASSERT(shows_fine(one.seen, made.key.resource));
        if (made.to == condition::failing) RC_ASSERT(ever_failing[made.key.resource]);
        if (made.to == condition::unknown) RC_ASSERT(!shows_failing(one.seen, made.key.resource));
      }
    }
  }));
}

TEST_CASE("properties: transitions of one alert alternate, also across restarts") {
  CHECK(rc::check([] {
    watched_instance pbx(any_start());
    std::map<alert_key, transition> last;
    std::map<alert_key, bool> unseen;
    std::uint64_t sequence = 0;
    for (const step& one : any_history(60)) {
      if (dice(10) == 0) {
        pbx.restart();
        sequence = 0;
      }
      const auto news = pbx.see(one.seen, one.later);
      if (!logic::is_empty(news)) RC_ASSERT(news.sequence == ++sequence);
      RC_ASSERT(std::ranges::is_sorted(news.transitions, {}, &transition::key));
      for (const transition& made : news.transitions) {
        const auto before = last.find(made.key);
        const bool was_failing = before != last.end() && before->second.to == condition::failing;
        RC_ASSERT((made.from == condition::failing) == was_failing);
        // After a restart the level told is the tenant's to know: only then the same may be stated again.
        const bool seen_again = std::exchange(unseen[made.key], made.to == condition::unknown);
        if (made.to == condition::unknown) {
          RC_ASSERT(was_failing && !seen_again);
          continue;
        }
        if (was_failing && made.to == condition::failing && sequence > 3 && !seen_again)
          RC_ASSERT(made.level != before->second.level || made.key.type == alert_type::sim_calls ||
                    made.key.type == alert_type::instance_degraded);
        RC_ASSERT(was_failing || made.to == condition::failing);
        RC_ASSERT(made.since <= made.seen);
        last.insert_or_assign(made.key, made);
      }
    }
  }));
}

TEST_CASE("properties: the order of items in a list changes no verdict") {
  CHECK(rc::check([] {
    const baseline start = any_start();
    watched_instance straight(start);
    watched_instance turned(start);
    for (const step& one : any_history(30)) {
      observation other = one.seen;
      if (other.trunks.ok()) std::ranges::reverse(*other.trunks.value);
      if (other.sbcs.ok()) std::ranges::reverse(*other.sbcs.value);
      const auto left = straight.see(one.seen, one.later);
      const auto right = turned.see(other, one.later);
      RC_ASSERT(said(left.transitions) == said(right.transitions));
      RC_ASSERT(left.changed == right.changed);
      RC_ASSERT(left.removed == right.removed);
      RC_ASSERT(left.health == right.health);
    }
  }));
}

TEST_CASE("properties: a restart anywhere neither repeats nor loses an alert") {
  CHECK(rc::check([] {
    const baseline start = any_start();
    watched_instance steady(start);
    watched_instance restarted(start);
    for (const step& one : any_history(20)) {
      steady.see(one.seen, one.later);
      restarted.see(one.seen, one.later);
    }
    restarted.restart();
    // A confirmed failing that was held back for a wider alert is not told from memory: it must be seen again.
    observation last = any_readable();
    for (trunk_reading& one : *last.trunks.value)
      if (one.state == resource_state::unknown) one.state = resource_state::unregistered;
    RC_PRE(std::ranges::any_of(*last.trunks.value,
                               [](const trunk_reading& one) { return one.kind == resource_kind::trunk; }));
    std::vector<transition> again;
    for (int i = 0; i < 60; ++i) {
      steady.see(last);
      const auto news = restarted.see(last);
      again.insert(again.end(), news.transitions.begin(), news.transitions.end());
    }
    RC_ASSERT(open_in(steady) == open_in(restarted));
    std::map<alert_key, int> fires;
    for (const transition& made : again)
      if (made.to == condition::failing && made.from != condition::failing) RC_ASSERT(++fires[made.key] == 1);
  }));
}

} // namespace ringdown
