#include "actors/logic/placement.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace ringdown::logic {

namespace {

using heaviest_first = std::vector<const shard_row*>;

bool is_heavier(const shard_row* a, const shard_row* b) {
  return std::tuple(weight_of(*b), a->id) < std::tuple(weight_of(*a), b->id);
}

// A node and what it carries. Its share is `share` / `parts`, because shares are seldom whole.
struct seat {
  incarnation_id id;
  std::uint64_t capacity = 1;
  std::uint64_t load = 0;
  std::uint64_t share = 0;
  std::uint64_t parts = 1;
  bool full = false; // one shard alone is its share
  heaviest_first shards;

  void put(const shard_row* one) {
    shards.insert(std::ranges::upper_bound(shards, one, is_heavier), one);
    load += weight_of(*one);
  }
  void take(const shard_row* one) {
    std::erase(shards, one);
    load -= weight_of(*one);
  }
  // At most so many quarters of its share.
  [[nodiscard]] bool within(std::uint64_t carried, std::uint64_t quarters) const {
    return 4 * carried * parts <= quarters * share;
  }
  [[nodiscard]] bool is_hungry() const { return 4 * load * parts < 3 * share; }
  [[nodiscard]] bool is_over() const { return !within(load, 4); }
  [[nodiscard]] bool is_glutted() const { return !within(load, 6); }
  [[nodiscard]] bool fits(std::uint64_t weight) const { return within(load + weight, 4); }
  [[nodiscard]] bool can_spare(std::uint64_t weight) const { return 4 * (load - weight) * parts >= 3 * share; }
};

// In millionths, which is exact enough to compare by, and the same everywhere.
constexpr std::uint64_t whole = 1'000'000;

bool is_emptier(const seat& a, const seat& b) {
  const auto filled = [](const seat& of) { return of.load * of.parts * whole / of.share; };
  return std::tuple(filled(a), a.id) < std::tuple(filled(b), b.id);
}

class table {
public:
  table(const std::vector<shard_row>& shards, const std::vector<node_row>& nodes) {
    sit_down(nodes);
    for (const shard_row& one : shards) {
      seat* of = one.taken ? find(one.owner) : nullptr;
      if (of == nullptr)
        homeless_.push_back(&one);
      else
        of->put(&one);
    }
    std::ranges::sort(homeless_, is_heavier);
    share_out();
  }

  void settle() {
    if (seats_.empty()) return;
    if (!homeless_.empty()) return house();
    if (all_drain_) return;
    const auto feed = [&](const seat& from, const shard_row& what) { return may_feed(from, what); };
    const auto relieve = [&](const seat& from, const shard_row& what) { return may_relieve(from, what); };
    if (move_one(feed))
      while (move_one(feed)) continue;
    else
      while (move_one(relieve)) continue;
  }

  [[nodiscard]] shard_wishes wishes() const {
    shard_wishes all;
    for (const seat& of : seats_)
      for (const shard_row* one : of.shards) all.emplace(one->id, of.id);
    return all;
  }

private:
  void sit_down(const std::vector<node_row>& nodes) {
    all_drain_ = std::ranges::all_of(nodes, &node_row::draining);
    for (const node_row& one : nodes) {
      if (one.draining && !all_drain_) continue;
      seat made;
      made.id = one.id;
      made.capacity = std::max<std::uint64_t>(one.capacity, 1);
      seats_.push_back(std::move(made));
    }
    std::ranges::sort(seats_, {}, &seat::id);
  }

  [[nodiscard]] seat* find(const incarnation_id& id) {
    const auto at = std::ranges::lower_bound(seats_, id, {}, &seat::id);
    return at == seats_.end() || at->id != id ? nullptr : &*at;
  }

  // Whoever is full leaves less for the others, of whom more may be full then.
  void share_out() {
    std::uint64_t weight = 0;
    std::uint64_t capacity = 0;
    for (const shard_row* one : homeless_) weight += weight_of(*one);
    for (const seat& of : seats_) {
      weight += of.load;
      capacity += of.capacity;
    }
    for (bool again = true; again;) {
      again = false;
      for (seat& of : seats_) {
        if (of.full || of.shards.empty()) continue;
        const std::uint64_t heaviest = weight_of(*of.shards.front());
        if (heaviest * capacity <= of.capacity * weight) continue;
        of.full = again = true;
        of.share = heaviest;
        weight -= heaviest;
        capacity -= of.capacity;
      }
    }
    for (seat& of : seats_) {
      if (of.full) continue;
      of.share = std::max<std::uint64_t>(of.capacity * weight, 1);
      of.parts = capacity;
    }
  }

  // The emptiest where it fits; where it fits nowhere, where it is least too much.
  [[nodiscard]] seat& home_of(const shard_row& one) {
    seat* best = nullptr;
    for (seat& of : seats_)
      if (of.fits(weight_of(one)) && (best == nullptr || is_emptier(of, *best))) best = &of;
    if (best != nullptr) return *best;
    return *std::ranges::min_element(seats_, {}, [&](const seat& of) {
      return std::tuple((of.load + weight_of(one)) * whole / of.capacity, of.id);
    });
  }

  void house() {
    for (const shard_row* one : homeless_) home_of(*one).put(one);
    homeless_.clear();
  }

  [[nodiscard]] bool may_feed(const seat& from, const shard_row& what) {
    const std::uint64_t weight = weight_of(what);
    const seat& to = home_of(what);
    return from.is_over() && from.can_spare(weight) && to.is_hungry() && to.fits(weight);
  }

  // Nobody becomes full by it: that would change everybody's share.
  [[nodiscard]] bool may_relieve(const seat& from, const shard_row& what) {
    const std::uint64_t weight = weight_of(what);
    const seat& to = home_of(what);
    return from.is_glutted() && from.can_spare(weight) && to.within(to.load + weight, 5) && to.within(weight, 4);
  }

  // The fullest gives first, its heaviest first; who is full keeps the shard that makes it so.
  [[nodiscard]] bool move_one(const auto& may) {
    std::vector<seat*> givers;
    givers.reserve(seats_.size());
    for (seat& of : seats_) givers.push_back(&of);
    std::ranges::sort(givers, [](const seat* a, const seat* b) { return is_emptier(*b, *a); });
    for (seat* from : givers)
      for (std::size_t i = from->full ? 1 : 0; i < from->shards.size(); ++i) {
        const shard_row* what = from->shards[i];
        if (!may(*from, *what)) continue;
        seat& to = home_of(*what);
        from->take(what);
        to.put(what);
        return true;
      }
    return false;
  }

  bool all_drain_ = false;
  std::vector<seat> seats_; // by id
  heaviest_first homeless_;
};

} // namespace

std::uint64_t weight_of(const shard_row& shard) { return std::uint64_t{shard.weight} + 1; }

shard_wishes place_shards(const std::vector<shard_row>& shards, const std::vector<node_row>& nodes) {
  table of(shards, nodes);
  of.settle();
  return of.wishes();
}

std::map<tenant_id, shard_id> place_tenants(std::vector<tenant_row> tenants, shard_id count) {
  std::vector<std::pair<std::uint64_t, shard_id>> shards;
  for (shard_id id = 0; id < count; ++id) shards.emplace_back(0, id);
  const auto weight = [](const tenant_row& one) { return std::uint64_t{one.instances} + 1; };
  for (const tenant_row& one : tenants)
    if (one.shard && *one.shard < count) shards[*one.shard].first += weight(one);
  std::erase_if(tenants, [&](const tenant_row& one) { return one.shard && *one.shard < count; });
  std::ranges::sort(tenants, [&](const tenant_row& a, const tenant_row& b) {
    return std::tuple(weight(b), a.id) < std::tuple(weight(a), b.id);
  });
  std::map<tenant_id, shard_id> made;
  if (count == 0) return made;
  for (const tenant_row& one : tenants) {
    auto& lightest = *std::ranges::min_element(shards);
    lightest.first += weight(one);
    made.emplace(one.id, lightest.second);
  }
  return made;
}

} // namespace ringdown::logic
