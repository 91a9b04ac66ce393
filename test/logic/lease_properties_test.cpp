// Leases among several processes, whatever happens to them: nobody runs what somebody else may run, nobody who is well loses
// anything, and everything is run again in time.
#include "actors/logic/placement.hpp"
#include "test/support/catch.hpp"
#include "test/support/lease_world.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t nodes = 3;
constexpr shard_id shards = 9;
constexpr auto warm = 20s;                       // until all have their shares
constexpr auto run_again_within = 15s + 3s + 1s; // TTL, renew, scan
constexpr auto quiet_after = 60s;                // and everybody has his share again

void start_all(lease_world& world) {
  for (std::size_t i = 0; i < nodes; ++i) world.start(i);
}

std::vector<shard_id> all_shards() {
  std::vector<shard_id> all(shards);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// When the last of these was taken by somebody else.
lease_world::instant last_taken(const lease_world& world, const std::vector<shard_id>& which,
                                lease_world::instant since) {
  lease_world::instant last{};
  for (const shard_id id : which) {
    const auto& all = world.takings();
    const auto at = std::ranges::find_if(
        all, [&](const lease_register::taking& one) { return one.lease.shard == id && one.at >= since; });
    if (at == all.end()) return lease_world::instant::max();
    last = std::max(last, at->at);
  }
  return last;
}

bool everybody_has_his_share(lease_world& world) {
  const lease_answer rows = world.rows();
  const auto wishes = logic::place_shards(rows.shards, rows.nodes);
  return std::ranges::all_of(rows.shards,
                             [&](const shard_row& one) { return one.taken && wishes.at(one.id) == one.owner; });
}

// What, to whom, when, and for how long, in seconds.
using trouble = std::tuple<int, std::size_t, int, int>;

void befall(lease_world& world, const trouble& one) {
  const auto [what, who, begins, seconds] = one;
  const auto lasts = std::chrono::seconds(seconds);
  world.at(warm + std::chrono::seconds(begins), [&world, what = what, who = who, lasts] {
    switch (what) {
      case 0: return world.freeze(who, lasts);
      case 1: return world.part(who, lasts);
      case 2: return world.cut(who);
      case 3: world.kill(who); return world.at(world.now() + lasts, [&world, who] { world.start(who); });
      case 4: return world.stall_register(lasts / 2);
      case 5: return world.restart_register(lasts / 3);
      case 6: return world.weigh(static_cast<shard_id>(who), static_cast<std::uint32_t>(lasts / 1s));
      default: world.be_slow(true); return world.at(world.now() + lasts, [&world] { world.be_slow(false); });
    }
  });
}

rc::Gen<trouble> some_trouble() {
  return rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::inRange<std::size_t>(0, nodes), rc::gen::inRange(0, 60),
                        rc::gen::inRange(1, 41));
}

std::string words(const std::vector<std::string>& wrong) {
  std::string text;
  for (const std::string& one : wrong) text += one + "\n";
  return text;
}

} // namespace

TEST_CASE("processes that start together share the shards, and then nothing moves any more") {
  lease_world world(nodes, shards, 1);
  start_all(world);
  world.run_until(warm);
  for (std::size_t i = 0; i < nodes; ++i) CHECK(world.run_by(i).size() == 3);
  world.run_until(10min);
  CHECK(world.takings_since(warm) == 0);
  CHECK(world.suspensions() == 0);
  CHECK(words(world.wrong()).empty());
}

TEST_CASE("what a killed process ran is taken within five seconds, and by nobody twice") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    lease_world world(nodes, shards, seed);
    start_all(world);
    world.run_until(warm + seed * 50ms);
    const auto lost = world.run_by(1);
    const auto killed = world.now();
    world.kill(1);
    world.run_until(killed + 30s);
    CHECK(last_taken(world, lost, killed) - killed <= 5s);
    CHECK(world.takings_since(killed) == lost.size());
    CHECK(world.not_run().empty());
    CHECK(words(world.wrong()).empty());
  }
}

TEST_CASE("what a frozen process ran is taken when its lease has ended, and it finds that out when it thaws") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    lease_world world(nodes, shards, seed);
    start_all(world);
    world.run_until(warm + seed * 150ms);
    const auto lost = world.run_by(1);
    const auto frozen = world.now();
    world.freeze(1, 45s);
    world.run_until(frozen + 44s);
    const auto taken = last_taken(world, lost, frozen) - frozen;
    CHECK(taken >= 12s);
    CHECK(taken <= 20s);
    world.run_until(frozen + 120s);
    CHECK(world.not_run().empty());
    CHECK(world.run_by(1).size() == 3);
    CHECK(words(world.wrong()).empty());
  }
}

TEST_CASE("a register that stalls for five seconds, or starts again, moves nothing") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    lease_world world(nodes, shards, seed);
    start_all(world);
    world.run_until(warm + seed * 150ms);
    const auto before = world.now();
    world.stall_register(5s);
    world.run_until(before + 40s);
    CHECK(world.suspensions() == 0);
    world.restart_register(10s);
    world.run_until(before + 80s);
    CHECK(world.suspensions() == shards);
    CHECK(world.takings_since(before) == 0);
    CHECK(world.not_run().empty());
    CHECK(words(world.wrong()).empty());
  }
}

TEST_CASE("a session that ends, of a process that lives, moves nothing") {
  lease_world world(nodes, shards, 3);
  start_all(world);
  world.run_until(warm);
  for (int i = 0; i < 20; ++i) {
    world.cut(static_cast<std::size_t>(i) % nodes);
    world.run_until(world.now() + 5s);
  }
  CHECK(world.takings_since(warm) == 0);
  CHECK(world.not_run().empty());
  CHECK(words(world.wrong()).empty());
}

TEST_CASE("a process that drains or leaves is empty soon, without a shard that nobody runs for long") {
  lease_world world(nodes, shards, 4);
  start_all(world);
  world.run_until(warm);
  world.drain(0);
  world.run_until(warm + 20s);
  CHECK(world.run_by(0).empty());
  CHECK(world.not_run().empty());
  world.leave(1);
  world.run_until(warm + 28s);
  CHECK(world.is_empty(1));
  CHECK(world.run_by(2) == all_shards());
  CHECK(words(world.wrong()).empty());
}

TEST_CASE("writes that were under way when the lease ended are refused") {
  lease_world world(nodes, shards, 5);
  start_all(world);
  world.run_until(warm);
  world.part(1, 30s);
  world.run_until(warm + 90s);
  CHECK(world.refused_writes() > 0);
  CHECK(words(world.wrong()).empty());
}

TEST_CASE("however late answers come, a lease is believed in no longer for it") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    lease_world world(nodes, shards, seed);
    start_all(world);
    world.run_until(warm);
    world.be_slow(true);
    world.run_until(warm + 8s + seed * 50ms);
    world.part(1, 40s);
    world.run_until(warm + 60s);
    CHECK(words(world.wrong()).empty());
  }
}

TEST_CASE("whatever happens, one process runs a shard, none that is well is robbed, and all are run again in time") {
  CHECK(rc::check("leases hold", [] {
    lease_world world(nodes, shards, *rc::gen::arbitrary<std::uint32_t>());
    for (std::size_t i = 0; i < nodes; ++i) {
      const auto percent = *rc::gen::inRange(-5, 6); // the margin allows 13
      world.set_rate(i, 1.0 + percent / 100.0);
    }
    start_all(world);
    auto ends = warm;
    for (const trouble& one : *rc::gen::container<std::vector<trouble>>(some_trouble())) {
      befall(world, one);
      ends = std::max<std::chrono::seconds>(ends, warm + std::chrono::seconds(std::get<2>(one) + std::get<3>(one)));
    }
    world.run_until(ends + 1s + run_again_within);
    const auto idle = world.not_run();
    world.run_until(ends + quiet_after);
    const auto quiet = world.now();
    world.run_until(quiet + 60s);
    RC_ASSERT(words(world.wrong()) == "");
    RC_ASSERT(idle.empty());
    RC_ASSERT(world.takings_since(quiet) == 0);
    RC_ASSERT(everybody_has_his_share(world));
  }));
}
