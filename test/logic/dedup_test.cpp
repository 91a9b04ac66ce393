#include "actors/logic/dedup.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

const timing times;
const wall_time noon = from_micros(1'790'000'000'000'000);

transition seen(condition to, wall_time at = noon) {
  transition t;
  t.key = {instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, "61"}};
  t.to = to;
  t.since = at;
  t.seen = at;
  t.label = "Bandwidth-Primary";
  t.trace = "hq.x.1";
  return t;
}

dedup_result step(const std::optional<alert>& before, condition to, wall_time now,
                  severity level = severity::critical) {
  return dedup(before, seen(to, now), level, times, now);
}

alert opened(severity level = severity::critical) {
  alert a = step(std::nullopt, condition::failing, noon, level).after;
  a.told = level;
  a.targets = {{channel_id("push"), "", delivery_id("dl_1"), level}};
  return a;
}

alert acknowledged(alert a) {
  a.phase = alert_phase::acknowledged;
  a.ack = acknowledgement{"jo", "link", noon, a.episode};
  return a;
}

// Fails and recovers each minute until it counts as flapping.
alert flapping() {
  alert a = opened();
  wall_time now = noon;
  while (!a.flapping) {
    now += 1min;
    a = step(a, a.phase == alert_phase::resolved ? condition::failing : condition::ok, now).after;
  }
  return a;
}

} // namespace

TEST_CASE("the first failure opens the first episode, told to nobody yet") {
  const auto made = step(std::nullopt, condition::failing, noon);
  CHECK(made.change == alert_change::opened);
  CHECK(made.why == reason::first);
  CHECK(made.after.episode == 1);
  CHECK(made.after.version == 1);
  CHECK(made.after.phase == alert_phase::firing);
  CHECK(made.after.opened == noon);
  CHECK(made.after.trace == "hq.x.1");
  CHECK_FALSE(made.after.told);
  CHECK(made.after.targets.empty());
}

TEST_CASE("what does not concern an open alert changes nothing") {
  alert over = opened();
  over.phase = alert_phase::resolved;
  over.resolved = noon;
  struct row {
    std::string what;
    std::optional<alert> before;
    condition to;
  };
  const std::vector<row> table{{"healthy, never alerted", std::nullopt, condition::ok},
                               {"unknown, never alerted", std::nullopt, condition::unknown},
                               {"removed, never alerted", std::nullopt, condition::removed},
                               {"failing, already open", opened(), condition::failing},
                               {"failing, acknowledged", acknowledged(opened()), condition::failing},
                               {"healthy, resolved", over, condition::ok},
                               {"unknown, resolved", over, condition::unknown},
                               {"removed, resolved", over, condition::removed}};
  for (const row& one : table) {
    INFO(one.what);
    const auto made = step(one.before, one.to, noon + 1min);
    CHECK(made.change == alert_change::none);
    CHECK(made.why == reason::duplicate);
  }
}

TEST_CASE("a failure within the window continues the episode and forgets who was told and who took it") {
  const auto resolved = step(acknowledged(opened()), condition::ok, noon + 5min);
  REQUIRE(resolved.change == alert_change::resolved);
  const auto again = step(resolved.after, condition::failing, noon + 34min);
  CHECK(again.change == alert_change::reopened);
  CHECK(again.why == reason::again);
  CHECK(again.after.episode == 1);
  CHECK(again.after.version == 2);
  CHECK(again.after.opened == noon);
  CHECK(again.after.since == noon + 34min);
  CHECK_FALSE(again.after.ack);
  CHECK_FALSE(again.after.resolved);
  CHECK(again.after.targets.empty());
  CHECK(again.after.told == severity::critical);
}

TEST_CASE("a failure after the window begins the next episode, with no high-water mark") {
  const auto resolved = step(opened(), condition::ok, noon + 5min).after;
  const auto later = step(resolved, condition::failing, noon + 35min);
  CHECK(later.change == alert_change::opened);
  CHECK(later.why == reason::first);
  CHECK(later.after.episode == 2);
  CHECK(later.after.version == 2);
  CHECK(later.after.opened == noon + 35min);
  CHECK_FALSE(later.after.told);
}

TEST_CASE("severity is told again only above the highest level told in the episode") {
  struct row {
    severity was;
    std::optional<severity> told;
    severity is;
    alert_change expected;
  };
  const auto info = severity::info;
  const auto warning = severity::warning;
  const auto critical = severity::critical;
  const std::vector<row> table{
      {warning, warning, critical, alert_change::raised},      {info, info, warning, alert_change::raised},
      {warning, std::nullopt, critical, alert_change::raised}, {critical, critical, warning, alert_change::lowered},
      {warning, critical, critical, alert_change::lowered},    {critical, critical, critical, alert_change::none}};
  for (const row& one : table) {
    alert a = acknowledged(opened(one.was));
    a.told = one.told;
    a.snoozed_until = noon + 2h;
    const auto made = step(a, condition::failing, noon + 1min, one.is);
    INFO(name(one.was) << " -> " << name(one.is));
    CHECK(made.change == one.expected);
    CHECK(made.after.level == one.is);
    CHECK(made.after.told == one.told);
    CHECK(made.after.version == (one.expected == alert_change::raised ? 2 : 1));
    CHECK(made.after.ack.has_value() == (one.expected != alert_change::raised));
    CHECK(made.after.snoozed_until.has_value() == (one.expected != alert_change::raised));
  }
}

TEST_CASE("a fire that nobody has heard of rises aloud, however high its episode was told before") {
  const auto over = step(opened(), condition::ok, noon + 5min).after;
  const auto low = step(over, condition::failing, noon + 10min, severity::info).after;
  REQUIRE(low.told == severity::critical);
  CHECK(step(low, condition::failing, noon + 11min).change == alert_change::raised);
}

TEST_CASE("an unknown resource keeps its alert open and remembers since when") {
  const auto unseen = step(opened(), condition::unknown, noon + 2min);
  CHECK(unseen.change == alert_change::unseen);
  CHECK(unseen.after.phase == alert_phase::firing);
  CHECK(unseen.after.unseen_since == noon + 2min);
  CHECK(step(unseen.after, condition::unknown, noon + 3min).change == alert_change::none);
  const auto back = step(unseen.after, condition::failing, noon + 4min);
  CHECK(back.change == alert_change::unseen);
  CHECK_FALSE(back.after.unseen_since);
  CHECK(back.after.version == 1);
}

TEST_CASE("a removed resource closes its alert as removed, flapping or not") {
  CHECK(step(opened(), condition::removed, noon + 1min).change == alert_change::removed);
  const auto made = step(flapping(), condition::removed, noon + 6min);
  CHECK(made.change == alert_change::removed);
  CHECK(made.after.removed);
  CHECK(made.after.phase == alert_phase::resolved);
  CHECK_FALSE(made.after.flapping);
}

TEST_CASE("five changes in the window are flapping: told once, later ones are only recorded") {
  alert a = opened();
  std::vector<alert_change> changes;
  for (int minute = 1; minute <= 6; ++minute) {
    const auto made = step(a, minute % 2 == 1 ? condition::ok : condition::failing, noon + minute * 1min);
    changes.push_back(made.change);
    a = made.after;
  }
  CHECK(changes == std::vector{alert_change::resolved, alert_change::reopened, alert_change::resolved,
                               alert_change::flap_started, alert_change::flapped, alert_change::flapped});
  CHECK(a.phase == alert_phase::firing);
  CHECK(a.version == 3);
}

TEST_CASE("slow changes never count as flapping") {
  alert a = opened();
  for (int i = 1; i <= 20; ++i) a = step(a, i % 2 == 1 ? condition::ok : condition::failing, noon + i * 10min).after;
  CHECK_FALSE(a.flapping);
  CHECK(a.changes.size() <= 4);
}

TEST_CASE("a rise while flapping is told, however it came") {
  alert a = opened(severity::warning);
  for (int minute = 1; !a.flapping; ++minute)
    a = step(a, minute % 2 == 1 ? condition::ok : condition::failing, noon + minute * 1min, severity::warning).after;
  a = step(a, condition::ok, noon + 6min).after;
  const auto made = step(a, condition::failing, noon + 7min, severity::critical);
  CHECK(made.change == alert_change::raised);
  CHECK(made.after.current == condition::failing);
  CHECK(made.after.flapping);
}

TEST_CASE("flapping ends after fifteen quiet minutes: up resolves, down fires plainly and unacknowledged") {
  const alert down = acknowledged(flapping());
  const wall_time last = down.changes.back();
  CHECK(end_of_flapping(down, times, last + 15min - 1s).change == alert_change::none);
  const auto fires = end_of_flapping(down, times, last + 15min);
  CHECK(fires.change == alert_change::reopened);
  CHECK(fires.after.phase == alert_phase::firing);
  CHECK_FALSE(fires.after.flapping);
  CHECK_FALSE(fires.after.ack);
  CHECK(fires.after.version == down.version + 1);

  const alert up = step(down, condition::ok, last + 1min).after;
  const auto ends = end_of_flapping(up, times, last + 16min);
  CHECK(ends.change == alert_change::resolved);
  CHECK(ends.after.resolved == last + 16min);
}

TEST_CASE("flapping does not end while its resource is unknown") {
  const alert up = step(flapping(), condition::ok, noon + 6min).after;
  const alert unseen = step(up, condition::unknown, noon + 7min).after;
  CHECK(end_of_flapping(unseen, times, noon + 1h).change == alert_change::none);
  const auto back = step(unseen, condition::ok, noon + 2h);
  CHECK(back.change == alert_change::unseen);
  CHECK(end_of_flapping(back.after, times, noon + 2h).change == alert_change::resolved);
}

TEST_CASE("for any history: repeats change nothing, versions rise by fires only, the mark never falls in an episode") {
  const auto holds = rc::check([] {
    std::optional<alert> a;
    wall_time now = noon;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(0, 3), rc::gen::inRange(1, 2400)));
    for (const auto& [to, level, seconds] : steps) {
      now += std::chrono::seconds(seconds);
      const auto what = static_cast<condition>(to);
      const auto made = step(a, what, now, static_cast<severity>(level));
      const bool fires = made.change == alert_change::opened || made.change == alert_change::reopened ||
                         made.change == alert_change::raised || made.change == alert_change::flap_started;
      RC_ASSERT(made.after.changes.size() <= 16U);
      if (a) {
        RC_ASSERT(made.after.version == a->version + (fires ? 1U : 0U));
        RC_ASSERT(made.after.episode == a->episode + (made.change == alert_change::opened ? 1U : 0U));
        if (made.after.episode == a->episode) RC_ASSERT(made.after.told.has_value() >= a->told.has_value());
        if (made.after.episode == a->episode && a->told) RC_ASSERT(*made.after.told >= *a->told);
        if (what == condition::unknown) RC_ASSERT(made.after.phase == a->phase);
      }
      if (made.change == alert_change::none) continue;
      RC_ASSERT(step(made.after, what, now, static_cast<severity>(level)).change == alert_change::none);
      a = made.after;
      if (fires) a->told = std::max(a->told.value_or(a->level), a->level);
    }
  });
  CHECK(holds);
}
