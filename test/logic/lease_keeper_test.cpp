#include "actors/logic/lease_keeper.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

const incarnation_id me("nd_a");
const incarnation_id other("nd_b");
constexpr boot_time start = 100h;
const std::vector<held_lease> none;

// One process, and answers as the test makes them up. `now` is what its clock says.
struct bench {
  explicit bench(const lease_rules& rules = {}) : keeper(node_row{me, "a", 1, false}, rules) { hear(keeper.tick(now)); }

  void hear(lease_effects said) {
    last = std::move(said);
    if (last.ask) asked = *last.ask;
  }
  void tick_at(boot_time when) {
    now = when;
    hear(keeper.tick(now));
  }
  // The answer to what was asked last: these are ours, these are the other's, and the rest is free.
  void answer(std::vector<held_lease> mine, const std::vector<held_lease>& others = {}) {
    hear(keeper.answered(rows(asked.number, std::move(mine), others), now));
  }
  lease_answer rows(std::uint64_t number, std::vector<held_lease> mine, const std::vector<held_lease>& others) const {
    lease_answer said;
    said.number = number;
    for (shard_id id = 0; id < shards; ++id) said.shards.push_back({id, {}, 0, false, 0});
    for (const held_lease& one : mine) said.shards[one.shard] = {one.shard, me, one.epoch, true, 0};
    for (const held_lease& one : others) said.shards[one.shard] = {one.shard, other, one.epoch, true, 0};
    said.held = std::move(mine);
    said.nodes = nodes;
    return said;
  }
  // Asks until it holds these, and nobody else is there.
  void hold(const std::vector<held_lease>& all) {
    answer({});
    answer(all);
    REQUIRE(last.start == all);
  }
  void ask_again() {
    do tick_at(keeper.next());
    while (!last.ask);
  }
  // The next question of this kind.
  void ask_for(lease_ask what) {
    do ask_again();
    while (asked.what != what);
  }

  boot_time now = start;
  shard_id shards = 2;
  std::vector<node_row> nodes{{me, "a", 1, false}};
  lease_keeper keeper;
  lease_effects last;
  lease_question asked;
};

} // namespace

TEST_CASE("a process that starts says who it is, takes what is free and starts it under its epoch") {
  bench b;
  REQUIRE(b.last.ask);
  CHECK(b.asked.what == lease_ask::renew);
  CHECK(b.asked.asker == node_row{me, "a", 1, false});
  CHECK(b.asked.acquire.empty());

  b.answer({});
  CHECK(b.last.start == none);
  CHECK(b.asked.acquire == std::vector<shard_id>{0, 1});

  b.answer({{0, 7}, {1, 1}});
  CHECK(b.last.start == std::vector<held_lease>{{0, 7}, {1, 1}});
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::running);
  CHECK(b.keeper.lease_of(0) == held_lease{0, 7});
}

TEST_CASE("what somebody else was faster to take is not started") {
  bench b;
  b.answer({});
  b.answer({{1, 1}}, {{0, 7}});
  CHECK(b.last.start == std::vector<held_lease>{{1, 1}});
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::stopped);
  CHECK_FALSE(b.keeper.lease_of(0));
}

TEST_CASE(
    "a lease is believed in until its question was sent, plus its time, less the margin, however late the answer "
    "came") {
  bench b;
  b.answer({});
  const boot_time sent = b.now;
  b.tick_at(sent + 6s);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.keeper.runs_until(0) == sent + 13s);
  b.tick_at(sent + 13s - 1ns);
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::running);
  CHECK(b.keeper.standing_of(0, sent + 13s) == shard_standing::polling_only);
}

TEST_CASE("it renews every three seconds and looks at the rows every second") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  std::vector<std::pair<boot_time, lease_ask>> heard;
  while (b.now < start + 6s) {
    b.ask_again();
    heard.emplace_back(b.now - start, b.asked.what);
    b.answer({{0, 1}, {1, 1}});
  }
  const auto look = lease_ask::look;
  const auto renew = lease_ask::renew;
  CHECK(heard == std::vector<std::pair<boot_time, lease_ask>>{
                     {1s, look}, {2s, look}, {3s, renew}, {4s, look}, {5s, look}, {6s, renew}});
}

TEST_CASE("what a dead process leaves is looked for when it becomes free, and not a second later") {
  bench b;
  b.answer({}, {{1, 1}});
  b.answer({{0, 1}}, {{1, 1}});
  b.ask_again();
  auto said = b.rows(b.asked.number, {{0, 1}}, {{1, 1}});
  said.free_in = 300ms;
  b.hear(b.keeper.answered(said, b.now));
  const boot_time heard = b.now;
  b.ask_again();
  CHECK(b.now > heard + 300ms);
  CHECK(b.now < heard + 310ms);
  b.answer({{0, 1}}); // shard 1 is free
  REQUIRE(b.last.ask);
  CHECK(b.asked.acquire == std::vector<shard_id>{1});
}

TEST_CASE("a look lengthens nothing, a renewal what it says is still ours") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.ask_for(lease_ask::look);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.keeper.runs_until(0) == start + 13s);
  while (b.asked.what != lease_ask::renew) {
    b.ask_again();
    if (b.last.ask && b.asked.what == lease_ask::look) b.answer({{0, 1}, {1, 1}});
  }
  const boot_time sent = b.now;
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.keeper.runs_until(0) == sent + 13s);
}

TEST_CASE("what is not among ours any more is ended at once") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.ask_for(lease_ask::look);
  b.nodes.push_back({other, "b", 1, false});
  b.answer({{1, 1}}, {{0, 2}});
  CHECK(b.last.drop == std::vector<held_lease>{{0, 1}});
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::stopped);
  CHECK(b.keeper.standing_of(1, b.now) == shard_standing::running);
}

TEST_CASE("what was lost and has not ended yet is not taken again until it has") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.ask_for(lease_ask::look);
  b.answer({{1, 1}}, {{0, 2}});
  b.ask_again();
  b.answer({{1, 1}});
  CHECK_FALSE(b.last.ask);
  b.hear(b.keeper.stopped(0, b.now));
  b.ask_again();
  b.answer({{1, 1}});
  REQUIRE(b.last.ask);
  CHECK(b.asked.acquire == std::vector<shard_id>{0});
}

TEST_CASE(
    "without an answer everything is suspended at the deadline, and goes on at the same epoch when nobody took it") {
  lease_rules patient;
  patient.patience = 1h;
  bench b(patient);
  b.hold({{0, 1}, {1, 1}});
  b.tick_at(start + 1s);
  REQUIRE(b.last.ask);
  b.tick_at(start + 13s - 1ns);
  CHECK(b.last.suspend == none);
  CHECK(b.keeper.next() == start + 13s);
  b.tick_at(start + 13s);
  CHECK(b.last.suspend == std::vector<held_lease>{{0, 1}, {1, 1}});
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::polling_only);
  CHECK(b.keeper.lease_of(0) == held_lease{0, 1});

  b.tick_at(start + 40s);
  CHECK(b.last.suspend == none);
  b.answer({{0, 1}, {1, 1}}); // of the look that was asked long ago
  CHECK(b.last.resume == none);
  REQUIRE(b.last.ask);
  CHECK(b.asked.what == lease_ask::renew);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.resume == std::vector<held_lease>{{0, 1}, {1, 1}});
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::running);
  CHECK(b.last.start == none);
}

TEST_CASE("a renewal whose answer comes after what it granted has ended revives nothing") {
  lease_rules patient;
  patient.patience = 1h;
  bench b(patient);
  b.hold({{0, 1}, {1, 1}});
  b.tick_at(start + 3s);
  REQUIRE(b.last.ask);
  REQUIRE(b.asked.what == lease_ask::renew);
  b.tick_at(start + 16s);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.resume == none);
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::polling_only);
}

TEST_CASE("a process that was frozen does not need to be told that its lease has ended") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  CHECK(b.keeper.standing_of(0, start + 45s) == shard_standing::polling_only);
  // Nor that its session was closed meanwhile.
  CHECK(b.keeper.standing_of(0, start + 1499ms) == shard_standing::running);
  CHECK(b.keeper.standing_of(0, start + 1500ms) == shard_standing::polling_only);
  b.tick_at(start + 1600ms);
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::running);
  b.hear(b.keeper.cut(start + 4s));
  CHECK(b.last.suspend == std::vector<held_lease>{{0, 1}, {1, 1}});
}

TEST_CASE("a question that is not answered is given up with its session, and its answer is not listened to") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.tick_at(start + 1s);
  const auto unanswered = b.asked.number;
  while (!b.last.reconnect) b.tick_at(b.keeper.next());
  CHECK(b.now == start + 8s);
  REQUIRE(b.last.ask);
  CHECK(b.asked.number != unanswered);
  CHECK(b.asked.what == lease_ask::renew);
  const auto ignored = b.keeper.answered(b.rows(unanswered, {}, {{0, 2}, {1, 2}}), b.now);
  CHECK(ignored.drop == none);
  CHECK(b.keeper.standing_of(0, b.now) == shard_standing::running);
}

TEST_CASE("a process that loses its session believes in its leases for a moment, until it is answered again") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.tick_at(start + 200ms);
  b.now = start + 250ms;
  b.hear(b.keeper.cut(b.now));
  CHECK(b.keeper.runs_until(0) == start + 200ms + 1500ms);
  REQUIRE(b.last.ask); // over a new one, at once
  CHECK(b.asked.what == lease_ask::renew);
  b.tick_at(start + 300ms);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.keeper.runs_until(0) == start + 250ms + 13s);
  CHECK(b.last.suspend == none);
  CHECK(b.last.resume == none);
}

TEST_CASE("a register that cannot be reached is not asked without pause") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.hear(b.keeper.cut(b.now));
  REQUIRE(b.last.ask);
  b.hear(b.keeper.cut(b.now));
  CHECK_FALSE(b.last.ask);
  CHECK(b.keeper.next() == start + 500ms);
  b.tick_at(start + 500ms);
  CHECK(b.last.ask);
  CHECK(b.last.suspend == none);
  CHECK(b.keeper.next() == start + 1500ms);
  b.tick_at(start + 1500ms);
  CHECK(b.last.suspend == std::vector<held_lease>{{0, 1}, {1, 1}});
}

TEST_CASE("what was taken by a question whose answer was lost is found by the next renewal") {
  bench b;
  b.answer({});
  REQUIRE(b.asked.acquire.size() == 2);
  b.hear(b.keeper.cut(b.now));
  b.tick_at(start + 100ms);
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.start == std::vector<held_lease>{{0, 1}, {1, 1}});
  CHECK(b.keeper.runs_until(0) == start + 13s);
}

TEST_CASE("what a look shows to be ours, and nobody knows until when, is renewed before it is started") {
  bench b;
  b.answer({}, {{0, 1}, {1, 1}});
  b.tick_at(start + 1s);
  REQUIRE(b.asked.what == lease_ask::look);
  b.answer({{0, 2}}, {{1, 1}});
  CHECK(b.last.start == none);
  REQUIRE(b.last.ask);
  CHECK(b.asked.what == lease_ask::renew);
  b.answer({{0, 2}}, {{1, 1}});
  CHECK(b.last.start == std::vector<held_lease>{{0, 2}});
}

TEST_CASE("a new process is given its share: handed over, ended, released, and only then free") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.nodes.push_back({other, "b", 1, false});
  b.ask_for(lease_ask::look);
  b.answer({{0, 1}, {1, 1}});
  REQUIRE(b.last.hand_over.size() == 1);
  const held_lease going = b.last.hand_over.front();
  CHECK(b.keeper.standing_of(going.shard, b.now) == shard_standing::running);
  CHECK_FALSE(b.last.ask);

  b.hear(b.keeper.stopped(going.shard, b.now));
  CHECK(b.keeper.standing_of(going.shard, b.now) == shard_standing::stopped);
  REQUIRE(b.last.ask);
  CHECK(b.asked.release == std::vector<held_lease>{going});
  CHECK(b.asked.acquire.empty());

  const held_lease kept{1 - going.shard, 1};
  b.answer({kept});
  CHECK(b.last.drop == none);
  b.ask_again();
  CHECK(b.asked.release.empty());
  CHECK(b.asked.acquire.empty()); // the other's to take
}

TEST_CASE("a release whose answer was lost is said again, and what it released is not started") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.nodes.push_back({other, "b", 1, false});
  b.ask_for(lease_ask::look);
  b.answer({{0, 1}, {1, 1}});
  REQUIRE(b.last.hand_over.size() == 1);
  const held_lease going = b.last.hand_over.front();
  b.hear(b.keeper.stopped(going.shard, b.now));
  b.hear(b.keeper.cut(b.now));
  CHECK(b.asked.release == std::vector<held_lease>{going});
  b.answer({{0, 1}, {1, 1}}); // it was not done the first time, nor now
  CHECK(b.last.start == none);
  CHECK(b.last.hand_over == none);
  CHECK(b.asked.release == std::vector<held_lease>{going});
}

TEST_CASE("only so many are handed over together") {
  bench b;
  b.shards = 30;
  std::vector<held_lease> all;
  for (shard_id id = 0; id < b.shards; ++id) all.push_back({id, 1});
  b.answer({});
  CHECK(b.asked.acquire.size() == 16);
  b.answer({all.begin(), all.begin() + 16});
  CHECK_FALSE(b.last.ask); // others may just be coming
  b.tick_at(start + 1s);
  CHECK(b.asked.acquire.size() == 14);
  b.answer(all);
  b.nodes.push_back({other, "b", 1, false});
  b.ask_for(lease_ask::look);
  b.answer(all);
  CHECK(b.last.hand_over.size() == 4);
  const held_lease first = b.last.hand_over.front();
  b.ask_for(lease_ask::renew);
  b.answer(all);
  CHECK(b.last.hand_over == none);

  b.hear(b.keeper.stopped(first.shard, b.now));
  std::erase(all, first);
  b.answer(all);
  b.ask_again();
  b.answer(all, {{first.shard, 2}});
  CHECK(b.last.hand_over.size() == 1);
}

TEST_CASE("who drains says so and hands over what others can take; alone it goes on") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.hear(b.keeper.drain(b.now));
  REQUIRE(b.last.ask);
  CHECK(b.asked.what == lease_ask::renew);
  CHECK(b.asked.asker.draining);
  b.nodes.front().draining = true;
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.hand_over == none);

  b.nodes.push_back({other, "b", 1, false});
  b.ask_again();
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.hand_over == std::vector<held_lease>{{0, 1}, {1, 1}});

  b.hear(b.keeper.stay(b.now));
  REQUIRE(b.last.ask);
  CHECK_FALSE(b.asked.asker.draining);
}

TEST_CASE("who leaves hands everything over at once, takes nothing, and is done when it is released") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.hear(b.keeper.leave(b.now));
  CHECK(b.last.hand_over == std::vector<held_lease>{{0, 1}, {1, 1}});
  CHECK(b.asked.asker.draining);
  b.hear(b.keeper.stopped(0, b.now));
  b.hear(b.keeper.stopped(1, b.now));
  CHECK_FALSE(b.keeper.holds_nothing());
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.asked.release == std::vector<held_lease>{{0, 1}, {1, 1}});
  b.answer({});
  CHECK(b.keeper.holds_nothing());
  b.ask_again();
  CHECK(b.asked.acquire.empty());
  b.answer({});
  CHECK(b.last.start == none);
}

TEST_CASE("what comes to a process that leaves, by a question asked before, is given back unused") {
  bench b;
  b.answer({});
  REQUIRE(b.asked.acquire.size() == 2);
  b.hear(b.keeper.leave(b.now));
  b.answer({{0, 1}, {1, 1}});
  CHECK(b.last.start == none);
  CHECK(b.asked.release == std::vector<held_lease>{{0, 1}, {1, 1}});
}

TEST_CASE("what could not be started is released") {
  bench b;
  b.hold({{0, 1}, {1, 1}});
  b.hear(b.keeper.stopped(1, b.now));
  CHECK(b.keeper.standing_of(1, b.now) == shard_standing::stopped);
  REQUIRE(b.last.ask);
  CHECK(b.asked.release == std::vector<held_lease>{{1, 1}});
}
