#include "actors/logic/placement.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;

namespace {

std::string node_name(std::size_t number) { return "nd_" + std::to_string(number); }

node_row node(std::size_t number, std::uint32_t capacity = 1) {
  return {incarnation_id(node_name(number)), "n" + std::to_string(number), capacity, false};
}

// Rows as the register shows them, and what becomes of them when wishes come true.
struct cluster {
  void add_nodes(std::size_t count, std::uint32_t capacity = 1) {
    for (; count > 0; --count) nodes.push_back(node(nodes.size(), capacity));
  }
  void add_shard(std::uint32_t weight, const std::string& owner = "") {
    shards.push_back({static_cast<shard_id>(shards.size()), incarnation_id(owner), 1, !owner.empty(), weight});
  }
  [[nodiscard]] shard_wishes wishes() const { return place_shards(shards, nodes); }
  // Those that are to move.
  [[nodiscard]] std::vector<shard_row*> restless() {
    std::vector<shard_row*> all;
    const auto wanted = wishes();
    for (shard_row& one : shards)
      if (const auto at = wanted.find(one.id); at != wanted.end() && (!one.taken || at->second != one.owner))
        all.push_back(&one);
    return all;
  }
  // Everything at once; returns the weight that changed hands.
  std::uint64_t move_all() {
    const auto wanted = wishes();
    std::uint64_t moved = 0;
    for (shard_row* one : restless()) {
      moved += weight_of(*one);
      one->owner = wanted.at(one->id);
      one->taken = true;
    }
    return moved;
  }
  // Any of them, again and again, until nothing is wished for; returns the weight that changed hands.
  std::uint64_t move_some_until_quiet() {
    std::uint64_t moved = 0;
    for (std::size_t rounds = 0;; ++rounds) {
      const auto going = restless();
      if (going.empty()) return moved;
      RC_ASSERT(rounds < 10 * (shards.size() + 1));
      const auto wanted = wishes();
      const std::size_t count = 1 + *rc::gen::resize(100, rc::gen::inRange<std::size_t>(0, going.size()));
      for (std::size_t i = 0; i < count; ++i) {
        moved += weight_of(*going[i]);
        going[i]->owner = wanted.at(going[i]->id);
        going[i]->taken = true;
      }
    }
  }
  [[nodiscard]] std::uint64_t load_of(const incarnation_id& id) const {
    std::uint64_t load = 0;
    for (const shard_row& one : shards)
      if (one.taken && one.owner == id) load += weight_of(one);
    return load;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t all = 0;
    for (const shard_row& one : shards) all += weight_of(one);
    return all;
  }
  [[nodiscard]] std::uint64_t capacity() const {
    std::uint64_t all = 0;
    for (const node_row& one : nodes) all += one.capacity;
    return all;
  }
  [[nodiscard]] std::uint64_t heaviest() const {
    std::uint64_t most = 0;
    for (const shard_row& one : shards) most = std::max(most, weight_of(one));
    return most;
  }

  std::vector<shard_row> shards;
  std::vector<node_row> nodes;
};

std::vector<std::size_t> counts(const cluster& of) {
  std::vector<std::size_t> all;
  all.reserve(of.nodes.size());
  for (const node_row& one : of.nodes)
    all.push_back(static_cast<std::size_t>(std::ranges::count(of.shards, one.id, &shard_row::owner)));
  return all;
}

// No shard is so heavy that its node is full with it, so that everybody's share is plain.
bool shares_are_plain(const cluster& of) {
  return std::ranges::all_of(
      of.nodes, [&](const node_row& one) { return of.heaviest() * of.capacity() <= of.total() * one.capacity; });
}
// Load and share of a node, both times all capacity: whole numbers.
std::uint64_t load_in_parts(const cluster& of, const node_row& one) { return of.load_of(one.id) * of.capacity(); }
std::uint64_t share_in_parts(const cluster& of, const node_row& one) { return of.total() * one.capacity; }
bool is_hungry(const cluster& of, const node_row& one) {
  return 4 * load_in_parts(of, one) < 3 * share_in_parts(of, one);
}
bool is_glutted(const cluster& of, const node_row& one) {
  return 4 * load_in_parts(of, one) > 6 * share_in_parts(of, one);
}

std::size_t some(std::size_t least, std::size_t most) {
  return *rc::gen::resize(100, rc::gen::inRange<std::size_t>(least, most + 1));
}

// Up to six nodes and forty shards, in any hands, some in nobody's; some weigh a lot.
enum class run_by { everybody, anybody };
cluster any_cluster(run_by whom = run_by::anybody, std::size_t heaviest = 400, std::size_t least_nodes = 1) {
  cluster made;
  const std::size_t count = some(least_nodes, 6);
  for (std::size_t i = 0; i < count; ++i) made.nodes.push_back(node(i, static_cast<std::uint32_t>(some(1, 3))));
  for (std::size_t left = some(0, 40); left > 0; --left) {
    const std::size_t owner = some(0, whom == run_by::anybody ? count : count - 1);
    const std::size_t weight = some(0, std::vector<std::size_t>{0, 0, 9, 20, heaviest}[some(0, 4)]);
    made.add_shard(static_cast<std::uint32_t>(weight), owner == count ? "" : node_name(owner));
  }
  return made;
}

// As it is when all have found their places.
cluster settled_cluster() {
  cluster made = any_cluster(run_by::everybody, 20, 3);
  for (int i = 0; i < 40; ++i) made.add_shard(static_cast<std::uint32_t>(some(0, 9)), node_name(0));
  while (!made.restless().empty()) made.move_all();
  return made;
}

} // namespace

TEST_CASE("one node has everything, and without a node nothing is wished for") {
  cluster of;
  for (int i = 0; i < 8; ++i) of.add_shard(3);
  CHECK(of.wishes().empty());
  of.add_nodes(1);
  CHECK(of.wishes().size() == 8);
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{8});
}

TEST_CASE("nodes that come one after another are given about their share, and nobody else moves") {
  cluster of;
  for (int i = 0; i < 64; ++i) of.add_shard(0);
  of.add_nodes(1);
  of.move_all();
  of.add_nodes(1);
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{40, 24});
  of.add_nodes(1);
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{24, 24, 16});
  CHECK(of.restless().empty());
}

TEST_CASE("twice the capacity is given twice as much") {
  cluster of;
  for (int i = 0; i < 60; ++i) of.add_shard(9);
  of.nodes = {node(0, 1), node(1, 2), node(2, 3)};
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{10, 20, 30});
}

TEST_CASE("one heavy shard fills a node, and the others share the rest") {
  cluster of;
  of.add_shard(999);
  for (int i = 0; i < 20; ++i) of.add_shard(9);
  of.add_nodes(3);
  of.move_all();
  CHECK(of.load_of(of.nodes[0].id) == 1000);
  CHECK(of.load_of(of.nodes[1].id) == 100);
  CHECK(of.load_of(of.nodes[2].id) == 100);
  // Also when they were together before: the heavy one stays.
  for (shard_row& one : of.shards) one.owner = of.nodes[1].id;
  while (!of.restless().empty()) of.move_all();
  CHECK(of.shards[0].owner == of.nodes[1].id);
  CHECK(of.load_of(of.nodes[1].id) <= 1100);
  CHECK(of.load_of(of.nodes[0].id) >= 70);
  CHECK(of.load_of(of.nodes[2].id) >= 70);
}

TEST_CASE("what a node that is gone had goes to those with the least, and nothing else moves") {
  cluster of;
  for (int i = 0; i < 12; ++i) of.add_shard(4);
  of.add_nodes(3);
  of.move_all();
  const incarnation_id gone = of.nodes[1].id;
  of.nodes.erase(of.nodes.begin() + 1);
  for (shard_row& one : of.shards)
    if (one.owner == gone) one.taken = false;
  for (const shard_row* one : of.restless()) CHECK(one->owner == gone);
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{6, 6});
}

TEST_CASE("a node that drains keeps nothing that others can have; where all drain, all go on") {
  cluster of;
  for (int i = 0; i < 12; ++i) of.add_shard(4);
  of.add_nodes(3);
  of.move_all();
  of.nodes[2].draining = true;
  CHECK(of.restless().size() == 4);
  of.move_all();
  CHECK(counts(of) == std::vector<std::size_t>{6, 6, 0});
  for (node_row& one : of.nodes) one.draining = true;
  CHECK(of.restless().empty());
}

TEST_CASE("a node whose tenants have grown gives some away") {
  cluster of;
  for (int i = 0; i < 30; ++i) of.add_shard(0);
  of.add_nodes(3);
  of.move_all();
  for (shard_row& one : of.shards)
    if (one.owner == of.nodes[0].id) one.weight = 3;
  of.move_all();
  CHECK(of.load_of(of.nodes[0].id) <= 30);
  CHECK(of.restless().empty());
}

TEST_CASE(
    "a node with one and a half of its share gives what no hungry one can take, and does not become hungry by it") {
  cluster of;
  of.add_nodes(4);
  // The 80 would do more, and leave its node with less than 75.
  for (const auto& [weight, owner] : {std::pair(80U, 0), {74U, 0}, {44U, 1}, {51U, 2}, {50U, 2}, {51U, 3}, {50U, 3}})
    of.add_shard(weight - 1, node_name(static_cast<std::size_t>(owner)));
  of.move_all();
  CHECK(of.load_of(of.nodes[0].id) == 80);
  CHECK(of.load_of(of.nodes[1].id) == 118);
  CHECK(of.restless().empty());
}

TEST_CASE("all nodes decide alike, in whatever order the rows come, and each shard has one wish") {
  CHECK(rc::check("decided alike", [] {
    cluster of = any_cluster();
    const auto wishes = of.wishes();
    RC_ASSERT(wishes.size() == of.shards.size());
    for (const auto& [id, who] : wishes) RC_ASSERT(std::ranges::count(of.nodes, who, &node_row::id) == 1);
    std::minstd_rand order(*rc::gen::arbitrary<std::uint32_t>());
    std::ranges::shuffle(of.shards, order);
    std::ranges::shuffle(of.nodes, order);
    RC_ASSERT(of.wishes() == wishes);
  }));
}

TEST_CASE("wishes that have come true are wished for again") {
  CHECK(rc::check("nothing moves when nothing has changed", [] {
    cluster of = any_cluster();
    of.move_all(); // those that nobody had
    of.move_all();
    while (!of.restless().empty()) of.move_all();
    const auto wishes = of.wishes();
    for (const shard_row& one : of.shards) RC_ASSERT(wishes.at(one.id) == one.owner);
  }));
}

TEST_CASE("while somebody has to be found for a shard, no other moves") {
  CHECK(rc::check("first what nobody runs", [] {
    cluster of = any_cluster();
    of.add_shard(static_cast<std::uint32_t>(some(0, 50)));
    for (const shard_row* one : of.restless()) RC_ASSERT(!one->taken);
  }));
}

TEST_CASE("what moves is at most what the hungry lack and the glutted have too much, in whatever order it is done") {
  CHECK(rc::check("moves are bounded", [] {
    cluster of = any_cluster(run_by::everybody, *rc::gen::element<std::size_t>(20, 20, 100));
    RC_PRE(!of.shards.empty() && shares_are_plain(of));
    std::uint64_t allowed = 0;
    for (const node_row& one : of.nodes) {
      const auto load = load_in_parts(of, one);
      const auto share = share_in_parts(of, one);
      if (is_hungry(of, one)) allowed += share - load;
      if (is_glutted(of, one)) allowed += load - share * 3 / 4;
    }
    RC_ASSERT(of.move_some_until_quiet() * of.capacity() <= allowed);
  }));
}

TEST_CASE("a node that joins where nobody lacked anything moves at most its share, and only to itself") {
  CHECK(rc::check("a join is cheap", [] {
    cluster of = settled_cluster();
    const bool fed = std::ranges::none_of(of.nodes, [&](const node_row& one) { return is_hungry(of, one); });
    of.add_nodes(1);
    const node_row& newcomer = of.nodes.back();
    RC_PRE(fed && shares_are_plain(of));
    RC_PRE(std::ranges::none_of(of.nodes, [&](const node_row& one) { return is_glutted(of, one); }));
    const auto before = of.shards;
    RC_ASSERT(of.move_some_until_quiet() * of.capacity() <= share_in_parts(of, newcomer));
    for (std::size_t i = 0; i < before.size(); ++i)
      RC_ASSERT(of.shards[i].owner == before[i].owner || of.shards[i].owner == newcomer.id);
  }));
}

TEST_CASE("a shard that is between two nodes is wished where it was to go") {
  CHECK(rc::check("no ping-pong", [] {
    cluster of = settled_cluster();
    of.add_nodes(some(1, 2));
    const auto going = of.restless();
    RC_PRE(!going.empty());
    const auto wishes = of.wishes();
    shard_row* one = going[some(0, going.size() - 1)];
    const incarnation_id from = one->owner;
    one->owner = {};
    one->taken = false;
    RC_ASSERT(of.wishes().at(one->id) != from);
    RC_ASSERT(going.size() > 1 || of.wishes().at(one->id) == wishes.at(one->id));
  }));
}

TEST_CASE("in the end nobody is hungry whom a shard of somebody with too much would fit") {
  CHECK(rc::check("shares are filled", [] {
    cluster of = any_cluster(run_by::anybody, 20);
    RC_PRE(!of.shards.empty());
    while (!of.restless().empty()) of.move_all();
    RC_PRE(shares_are_plain(of));
    for (const node_row& low : of.nodes) {
      if (!is_hungry(of, low)) continue;
      for (const shard_row& one : of.shards) {
        const node_row& high = *std::ranges::find(of.nodes, one.owner, &node_row::id);
        const std::uint64_t weight = weight_of(one) * of.capacity();
        const bool over = load_in_parts(of, high) > share_in_parts(of, high);
        const bool spared = 4 * (load_in_parts(of, high) - weight) >= 3 * share_in_parts(of, high);
        const bool fits = load_in_parts(of, low) + weight <= share_in_parts(of, low);
        RC_ASSERT(!(over && spared && fits));
      }
    }
  }));
}

TEST_CASE("new tenants go to the lightest shards, the heaviest first, and the others stay") {
  std::vector<tenant_row> all{{tenant_id("acme"), 40, 2},
                              {tenant_id("bolt"), 10, std::nullopt},
                              {tenant_id("cyan"), 30, std::nullopt},
                              {tenant_id("dune"), 10, std::nullopt}};
  const auto placed = place_tenants(all, 3);
  CHECK(placed ==
        std::map<tenant_id, shard_id>{{tenant_id("cyan"), 0}, {tenant_id("bolt"), 1}, {tenant_id("dune"), 1}});
}

TEST_CASE("tenants of shards that are not there any more are placed again") {
  CHECK(place_tenants({{tenant_id("acme"), 1, 7}}, 2) == std::map<tenant_id, shard_id>{{tenant_id("acme"), 0}});
  CHECK(place_tenants({{tenant_id("acme"), 1, std::nullopt}}, 0).empty());
}

TEST_CASE("no shard that was given a tenant is heavier than the lightest by more than that tenant") {
  CHECK(rc::check("tenants are spread", [] {
    std::vector<tenant_row> all;
    const auto count = *rc::gen::inRange<shard_id>(1, 6);
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i)
      all.push_back({tenant_id("t" + std::to_string(i)), *rc::gen::inRange(0U, 50U), std::nullopt});
    for (tenant_row& one : all)
      if (*rc::gen::inRange(0, 3) == 0) one.shard = *rc::gen::inRange<shard_id>(0, count);
    const auto placed = place_tenants(all, count);
    std::vector<std::uint64_t> load(count);
    std::vector<std::uint64_t> lightest_given(count, 1'000);
    for (const tenant_row& one : all) {
      RC_ASSERT(placed.contains(one.id) != one.shard.has_value());
      const shard_id where = one.shard ? *one.shard : placed.at(one.id);
      RC_ASSERT(where < count);
      load[where] += one.instances + 1;
      if (!one.shard) lightest_given[where] = std::min<std::uint64_t>(lightest_given[where], one.instances + 1);
    }
    const std::uint64_t least = *std::ranges::min_element(load);
    for (shard_id id = 0; id < count; ++id)
      if (lightest_given[id] < 1'000) RC_ASSERT(load[id] <= least + lightest_given[id]);
  }));
}
