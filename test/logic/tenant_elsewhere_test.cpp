// What a tenant says of others: one sentence, that keeps nothing back (SEMANTICS S-C5).
#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using events_of = std::vector<notice_event>;
using enum notice_event;

namespace {

const std::string sentence(logic::fails_elsewhere);
const std::string other{"sip.other.example"};

bool says_so(const delivery& row) { return row.content.text.find(sentence) != std::string::npos; }

// By the last call.
events_of made_at(const outage_bench& t, const channel_id& channel) {
  events_of found;
  for (const delivery& row : t.made(channel)) found.push_back(row.event);
  return found;
}

std::string without_sentence(std::string text) {
  const auto at = text.find(" " + sentence);
  return at == std::string::npos ? text : text.erase(at, sentence.size() + 1);
}

} // namespace

TEST_CASE("what is told once it is known says that the carrier fails elsewhere too, its end does not") {
  outage_bench t(6);
  t.hear_of_others({carrier});
  CHECK(t.last.empty());
  t.fails(pbx(1));
  for (const channel_id& channel : {push, hook, desk}) {
    REQUIRE(t.made(channel).size() == 1);
    CHECK_THAT(t.made(channel).front().content.text, EndsWith(" " + sentence));
    CHECK_FALSE(t.made(channel).front().content.title.find(sentence) != std::string::npos);
  }
  t.pass(1min);
  t.recovers(pbx(1));
  REQUIRE(t.made(push).size() == 1);
  CHECK_FALSE(says_so(t.made(push).front()));
}

TEST_CASE("of a trunk of another carrier it is not said") {
  outage_bench t(6);
  t.add_trunk(pbx(1), "T2", other);
  t.hear_of_others({other});
  t.fails(pbx(1));
  CHECK_FALSE(says_so(t.made(push).front()));
  t.fails(pbx(1), "T2");
  CHECK(says_so(t.made(push).front()));
}

TEST_CASE("of all trunks of a PBX it is said only when it is true of each of their carriers") {
  const auto said = [](std::set<std::string> registrars) {
    outage_bench t(6);
    t.add_trunk(pbx(1), "T2", other);
    t.hear_of_others(std::move(registrars));
    t.all_fail(pbx(1));
    return says_so(t.made(push).front());
  };
  CHECK_FALSE(said({carrier}));
  CHECK(said({carrier, other}));
}

TEST_CASE("tickets that were opened before it was known get one note, phones and logs nothing") {
  outage_bench t(6);
  t.fails(pbx(1));
  t.pass(1min);
  t.hear_of_others({carrier});
  CHECK(made_at(t, desk) == events_of{updated});
  CHECK_THAT(t.made(desk).front().content.text, EndsWith(" " + sentence));
  CHECK(t.made(push).empty());
  CHECK(t.made(hook).empty());
  CHECK(t.last.alerts.empty());
  // It comes and goes: once is enough.
  t.hear_of_others({});
  CHECK(t.last.empty());
  t.hear_of_others({carrier, other});
  CHECK(t.last.deliveries.empty());
  // The next time it fails is another matter.
  t.pass(1h);
  t.recovers(pbx(1));
  t.pass(2h);
  t.hear_of_others({});
  t.fails(pbx(1));
  t.pass(1min);
  t.hear_of_others({carrier});
  CHECK(made_at(t, desk) == events_of{updated});
}

TEST_CASE("an outage says it, and its members say nothing beside it") {
  outage_bench t(4);
  t.fail_in_turn({1, 2, 3});
  REQUIRE(t.has_outage());
  t.pass(1min);
  t.hear_of_others({carrier});
  REQUIRE(t.made(desk).size() == 1);
  CHECK(t.made(desk).front().alert == t.outage()->id);
  CHECK(says_so(t.made(desk).front()));
  outage_bench early(4);
  early.hear_of_others({carrier});
  early.fail_in_turn({1, 2});
  REQUIRE(early.has_outage());
  CHECK(says_so(early.told(push, *early.outage()).front()));
}

TEST_CASE("when the watch is gone, what it said is not said any more") {
  outage_bench t(6);
  t.hear_of_others({carrier});
  t.hear_of_others({});
  t.fails(pbx(1));
  CHECK_FALSE(says_so(t.made(push).front()));
}

TEST_CASE("a restart makes no note of what a predecessor may have said") {
  outage_bench t(6);
  t.fails(pbx(1));
  t.pass(1min);
  t.restart();
  t.hear_of_others({carrier});
  CHECK(t.last.deliveries.empty());
  t.fails(pbx(2));
  CHECK(says_so(t.made(push).front()));
}

TEST_CASE("who has acknowledged, muted or snoozed is not told") {
  outage_bench t(6);
  t.fails(pbx(1));
  t.pass(1min);
  t.ask(command_kind::snooze, t.trunk(pbx(1)).id, t.now + 1h);
  t.hear_of_others({carrier});
  CHECK(t.last.deliveries.empty());
}

// --- whatever happens ---------------------------------------------------------------------------------------------------

namespace {

using step = std::tuple<int, int, int>; // what, where, how long after

// What people and machines were told, but for the sentence and the notes that say nothing else.
std::vector<std::tuple<channel_id, alert_id, notice_event, std::string, std::string, wall_time, delivery_state>> told(
    const outage_bench& t) {
  std::vector<std::tuple<channel_id, alert_id, notice_event, std::string, std::string, wall_time, delivery_state>> all;
  for (const delivery& row : t.rows)
    if (row.event != updated)
      all.emplace_back(row.channel, row.alert, row.event, row.content.title, without_sentence(row.content.text),
                       row.content.at, row.state);
  return all;
}

std::vector<std::tuple<alert_id, alert_phase, severity, mask_set, std::uint32_t, std::uint32_t>> states(
    const outage_bench& t) {
  std::vector<std::tuple<alert_id, alert_phase, severity, mask_set, std::uint32_t, std::uint32_t>> all;
  all.reserve(t.stored.size());
  for (const auto& [id, a] : t.stored) all.emplace_back(id, a.phase, a.level, a.masks, a.episode, a.version);
  return all;
}

void act(outage_bench& t, const step& one) {
  const auto& [what, where, seconds] = one;
  const instance_id at = pbx(where + 1);
  const bool fails = t.record(at)->state == resource_state::unregistered;
  if (what == 0 && !fails) t.fails(at);
  if (what == 1 && fails) t.recovers(at);
  if (what == 2 && !t.machine().alerts().empty())
    t.ask(command_kind::acknowledge,
          std::next(t.machine().alerts().begin(), where % static_cast<int>(t.machine().alerts().size()))->second.id);
  t.pass(std::chrono::seconds(seconds));
}

} // namespace

TEST_CASE("with the sentence or without, the same is told to the same at the same time") {
  CHECK(rc::check([] {
    const auto steps = *rc::gen::container<std::vector<step>>(
        rc::gen::tuple(rc::gen::inRange(0, 3), rc::gen::inRange(0, 4), rc::gen::inRange(1, 400)));
    const auto heard = *rc::gen::container<std::vector<int>>(steps.size(), rc::gen::inRange(0, 3));
    outage_bench alone(4);
    outage_bench knowing(4);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (heard[i] == 1) knowing.hear_of_others({carrier});
      if (heard[i] == 2) knowing.hear_of_others({});
      act(alone, steps[i]);
      act(knowing, steps[i]);
    }
    RC_ASSERT(told(alone) == told(knowing));
    RC_ASSERT(states(alone) == states(knowing));
    RC_ASSERT(alone.decisions.size() <= knowing.decisions.size());
    RC_ASSERT(knowing.ids_unique);
  }));
}
