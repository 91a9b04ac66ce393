#include "test/simulation/cluster.hpp"

#include "actors/logic/placement.hpp"
#include "test/simulation/take_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant patience = 25s; // with a write that is to be the last before a fault
constexpr instant begins_again_after = 500ms;
constexpr instant register_looks_after = 400ms;
constexpr instant looks_for_news_after = 1s;
constexpr instant register_hurts_for = 5s; // whoever lost a session has another then

seating seating_of(const tenants& who, std::size_t nodes, shard_id shards) {
  std::vector<logic::tenant_row> rows;
  for (const auto& one : who)
    rows.push_back({one->id, static_cast<std::uint32_t>(one->instances.size()), std::nullopt});
  return {nodes, shards, logic::place_tenants(std::move(rows), shards)};
}

// It ends with it.
bool is_of_a_process(node_fault what) { return what == node_fault::frozen || what == node_fault::draining; }

} // namespace

// The way of one seat to the database.
class cluster::gate final : public store_gate {
public:
  gate(cluster& of, std::size_t node, shard_id shard) : of_(of), node_(node), shard_(shard) {}

  [[nodiscard]] bool may_write() override { return of_.leases_.may_run(node_, shard_); }
  void enter() override {
    if (std::exchange(of_.shown_, shard_) != shard_) of_.around_.place.put_owner(of_.fences_[shard_]);
  }
  [[nodiscard]] bool delays(fenced_write what) override {
    const auto& waits = of_.nodes_[node_].waits;
    return waits && waits->what == what;
  }
  void arrives_late(std::function<void(persistence::store&)> what) override {
    of_.under_way_.push_back({node_, shard_, std::move(what)});
    const auto then = std::move(of_.nodes_[node_].waits->then);
    of_.nodes_[node_].waits.reset();
    then();
  }

private:
  cluster& of_;
  std::size_t node_;
  shard_id shard_;
};

cluster::cluster(const surroundings& around, const tenants& who, std::size_t nodes, shard_id shards)
    : around_(around),
      who_(who),
      seated_(seating_of(who, nodes, shards)),
      leases_(nodes, shards, around_.order.next()),
      nodes_(nodes),
      taker_(around_.place.open()),
      wire_(std::make_shared<process>()),
      late_(around_.place.open(), wire_,
            simulated_store::site{sound_, around_.told, [this] { return around_.time.now(); }}) {
  for (member& of : nodes_) {
    of.ahead = around_.order.between(1h, 1000h);
    of.rate = 0.95 + around_.order.unit() / 10;
    of.wrong_by = around_.order.between(-10min, 10min);
    most_wrong_ = std::max(most_wrong_, of.wrong_by);
  }
  std::map<shard_id, std::uint32_t> weights;
  for (const auto& one : who) weights[seated_.placed.at(one->id)] += static_cast<std::uint32_t>(one->instances.size());
  for (const auto& [shard, weight] : weights) leases_.weigh(shard, weight);
  add_seats();
  lend_hands();
}

cluster::~cluster() = default;

void cluster::add_seats() {
  for (std::size_t number = 0; number < seated_.nodes; ++number)
    for (shard_id shard = 0; shard < seated_.shards; ++shard) {
      gates_.push_back(std::make_unique<gate>(*this, number, shard));
      seat::host host{nodes_[number].disk,
                      [this, number] {
                        moment seen = around_.time.seen();
                        seen.wall += std::chrono::duration_cast<duration>(nodes_[number].wrong_by);
                        return seen;
                      },
                      seated_.at(number, shard),
                      [this, number, shard] { return leases_.may_run(number, shard); },
                      [this, number] { return leases_.is_frozen(number); },
                      gates_.back().get(),
                      true};
      seats_.push_back(std::make_unique<seat>(around_, std::move(host)));
    }
}

void cluster::lend_hands() {
  test::lease_world::hands ours;
  ours.start = [this](std::size_t node, const held_lease& lease) { begin(node, lease); };
  ours.drop = [this](std::size_t node, const held_lease& lease) { drop(node, lease); };
  ours.hand_over = [this](std::size_t node, const held_lease& lease) { hand_over(node, lease); };
  ours.stopped = [this](std::size_t node, const held_lease& lease) { stopped(node, lease); };
  ours.taken = [this](const test::lease_register::taking& what) { took(what); };
  ours.clock = [this](std::size_t node) { return lease_clock(node); };
  leases_.lend(std::move(ours));
}

void cluster::begin() {
  for (std::size_t number = 0; number < nodes_.size(); ++number) {
    tell(clock_jumped{nodes_[number].wrong_by, number}); // so far it was right
    start(number);
  }
  look_again();
}

void cluster::look_again() {
  there_is_news();
  around_.time.after(looks_for_news_after, [this] { look_again(); });
}

void cluster::there_is_news() {
  for (const auto& one : seats_) one->look_for_news();
}

// As a balancer chooses.
seat* cluster::some_seat() {
  std::vector<seat*> all;
  for (const auto& one : seats_)
    if (one->has_life() && !one->is_dead()) all.push_back(one.get());
  return all.empty() ? nullptr : all[around_.order.below(all.size())];
}

void cluster::catch_up() {
  const bool something_is_due = leases_.next() <= around_.time.now();
  leases_.run_until(around_.time.now());
  if (something_is_due) look_for_doubts();
}

void cluster::look_for_doubts() {
  for (const auto& one : seats_) {
    const bool doubted = one->has_life() && !leases_.may_run(seated_.node_of(one->id()), seated_.shard_of(one->id()));
    if (std::exchange(doubted_[one->id()], doubted) != doubted) tell(lease_doubted{one->id(), doubted});
  }
}

// Of this machine, set by nobody, and no other's: its rate may differ, too.
boot_time cluster::lease_clock(std::size_t number) const {
  const member& of = nodes_[number];
  const instant runs = around_.time.boot();
  return of.ahead + instant(static_cast<std::int64_t>(static_cast<double>(runs.count()) * of.rate));
}

tenants cluster::whose(shard_id shard) const {
  tenants all;
  for (const auto& one : who_)
    if (seated_.placed.at(one->id) == shard) all.push_back(one);
  return all;
}

seat* cluster::seat_of(const tenant_id& tenant) {
  const shard_id shard = seated_.placed.at(tenant);
  const auto owner = fences_.find(shard);
  for (std::size_t number = 0; number < nodes_.size(); ++number)
    if (seat& one = at(number, shard); one.has_life() && !one.is_dead() && one.owner() == owner->second) return &one;
  return nullptr;
}

wall_time cluster::wall_of(const tenant_id& tenant) const {
  const auto owner = fences_.find(seated_.placed.at(tenant));
  const auto number = owner == fences_.end() ? nodes_by_id_.end() : nodes_by_id_.find(owner->second.owner);
  const instant wrong = number == nodes_by_id_.end() ? instant{} : nodes_[number->second].wrong_by;
  return around_.time.seen().wall + std::chrono::duration_cast<duration>(wrong);
}

// --- leases and lives --------------------------------------------------------------------------------------------------

void cluster::took(const test::lease_register::taking& what) {
  const shard_id shard = what.lease.shard;
  const std::size_t taker = nodes_by_id_.at(what.to);
  if (std::exchange(shown_, shard) != shard) around_.place.put_owner(fences_[shard]);
  const auto stored = taker_->take_shard(0, what.to, around_.time.seen().wall);
  if (!stored) throw std::runtime_error("a shard cannot be taken: " + stored.error().detail);
  fences_[shard] = *stored;
  tell(shard_taken{what.lease, *stored, taker});
  // What its last owner had sent, and had not been answered.
  const auto arrived = std::stable_partition(under_way_.begin(), under_way_.end(), [&](const late_write& one) {
    return one.shard != shard || one.node == taker;
  });
  const std::vector<late_write> late(std::make_move_iterator(arrived), std::make_move_iterator(under_way_.end()));
  under_way_.erase(arrived, under_way_.end());
  for (const late_write& one : late) one.what(late_);
}

// A store that fails is tried again, while the shard is to be run.
void cluster::begin(std::size_t number, const held_lease& lease) {
  seat& here = at(number, lease.shard);
  wanted_[here.id()] = lease;
  if (here.has_life()) end_life(here, "begins anew");
  const fence owner{leases_.id_of(number), lease.epoch};
  auto store = here.wake();
  const auto left = leases_.is_frozen(number) ? std::nullopt : take_up(*store, owner, whose(lease.shard), here.wall());
  if (!left) {
    here.die("it cannot start");
    around_.time.after(begins_again_after, [this, number, lease, id = here.id()] {
      const auto wanted = wanted_.find(id);
      if (wanted != wanted_.end() && wanted->second == lease && !at(number, lease.shard).has_life())
        begin(number, lease);
    });
    return;
  }
  if (!std::exchange(had_owner_[lease.shard], true)) keep_phones(*store, owner, whose(lease.shard), here.wall());
  tell(life_began{owner, here.id()});
  here.grow(owner, std::move(store), *left, fmt::format("life{}", ++lives_), whose(lease.shard), who_);
}

void cluster::drop(std::size_t number, const held_lease& lease) {
  seat& here = at(number, lease.shard);
  wanted_.erase(here.id());
  tell(shard_lost{here.id()});
  if (here.has_life()) end_life(here, "another has the shard");
}

void cluster::hand_over(std::size_t number, const held_lease& lease) {
  seat& here = at(number, lease.shard);
  wanted_.erase(here.id());
  if (here.has_life()) here.begin_no_more();
}

void cluster::stopped(std::size_t number, const held_lease& lease) {
  seat& here = at(number, lease.shard);
  if (here.has_life() && here.owner().epoch == lease.epoch) end_life(here, "handed over");
}

void cluster::end_life(seat& of, const std::string& how) {
  of.die(how);
  tell(life_ended{of.fate().how(), of.id()});
  of.clear_away();
}

void cluster::start(std::size_t number) {
  member& of = nodes_[number];
  ++of.life;
  leases_.start(number);
  nodes_by_id_[leases_.id_of(number)] = number;
  if (!std::exchange(of.up, true) && of.life > 1) tell(node_ails{number, node_fault::down, false});
}

void cluster::bury(const seat& dead) { end(seated_.node_of(dead.id()), "its process died"); }

void cluster::kill(std::size_t number) {
  if (nodes_[number].up) end(number, "killed");
}

void cluster::end(std::size_t number, const std::string& how) {
  member& of = nodes_[number];
  tell(node_ails{number, node_fault::down, true});
  bool by_itself = false;
  for (shard_id shard = 0; shard < seated_.shards; ++shard) {
    seat& one = at(number, shard);
    wanted_.erase(one.id());
    if (!one.has_life()) continue;
    by_itself = by_itself || (one.is_dead() && one.fate().how().starts_with("exit"));
    end_life(one, how);
  }
  leases_.kill(number);
  for (auto& [what, many] : of.faults)
    if (is_of_a_process(what) && std::exchange(many, 0) > 0) tell(node_ails{number, what, false});
  of.up = false;
  of.waits.reset();
  ++of.life;
  std::erase_if(under_way_, [&](const late_write& one) { return one.node == number; });
  around_.time.after(by_itself ? instant(5s) : around_.order.between(1s, 8s), [this, number] { start(number); });
}

// --- what happens to it ------------------------------------------------------------------------------------------------

// Told of at its beginning and at its end, of several that overlap once.
void cluster::ails(std::size_t number, node_fault what, instant lasts, std::function<void()> over) {
  if (nodes_[number].faults[what]++ == 0) tell(node_ails{number, what, true});
  around_.time.after(lasts, [this, number, what, life = nodes_[number].life, over = std::move(over)] {
    if (is_of_a_process(what) && nodes_[number].life != life) return;
    if (--nodes_[number].faults[what] > 0) return;
    if (over) over();
    tell(node_ails{number, what, false});
  });
}

void cluster::freeze(std::size_t number, instant lasts) {
  if (!nodes_[number].up || leases_.is_frozen(number)) return;
  leases_.freeze(number, lasts);
  ails(number, node_fault::frozen, lasts,
       [this, number] { std::erase_if(under_way_, [&](const late_write& one) { return one.node == number; }); });
}

void cluster::cut(std::size_t number, cut_off what, instant lasts) {
  if (what != cut_off::from_register) {
    nodes_[number].disk.cut = true;
    ails(number, node_fault::without_store, lasts, [this, number] {
      nodes_[number].disk.cut = false;
      std::erase_if(under_way_, [&](const late_write& one) { return one.node == number; });
    });
  }
  if (what == cut_off::from_store || leases_.is_parted(number)) return;
  leases_.part(number, lasts);
  ails(number, node_fault::without_register, lasts);
}

void cluster::lie_in_wait(std::size_t number, fenced_write what, std::function<void()> then) {
  member& of = nodes_[number];
  if (!of.up || of.waits) return;
  of.waits = ambush{what, std::move(then)};
  around_.time.after(patience, [this, number, life = of.life] {
    member& now = nodes_[number];
    if (!now.waits || now.life != life) return;
    const auto late = std::move(now.waits->then);
    now.waits.reset();
    late();
  });
}

void cluster::freeze_at(std::size_t number, fenced_write what, instant lasts) {
  lie_in_wait(number, what, [this, number, lasts] { freeze(number, lasts); });
}

void cluster::cut_at(std::size_t number, fenced_write what, instant lasts) {
  lie_in_wait(number, what, [this, number, lasts] { cut(number, cut_off::from_both, lasts); });
}

void cluster::step(std::size_t number, instant by) {
  nodes_[number].wrong_by += by;
  most_wrong_ = std::max(most_wrong_, nodes_[number].wrong_by);
  tell(clock_jumped{by, number});
}

void cluster::lose_session(std::size_t number) {
  leases_.cut(number);
  ails(0, node_fault::register_ails, register_hurts_for);
}

void cluster::drain(std::size_t number, instant lasts) {
  if (!nodes_[number].up) return;
  leases_.drain(number);
  ails(number, node_fault::draining, lasts, [this, number] { leases_.stay(number); });
}

void cluster::restart_register(instant lasts) {
  leases_.restart_register(lasts);
  ails(0, node_fault::register_ails, lasts);
}

void cluster::answer_slowly(instant lasts) {
  leases_.be_slow(true);
  ails(0, node_fault::register_ails, lasts, [this] { leases_.be_slow(false); });
}

void cluster::disk_away(bool away) {
  for (member& of : nodes_) of.disk.away = away;
  away_ = away;
  if (away) keep_register_away();
}

// It is the same database.
void cluster::keep_register_away() {
  if (!away_) return;
  leases_.stall_register(register_looks_after + 1ms);
  around_.time.after(register_looks_after, [this] { keep_register_away(); });
}

void cluster::disk_slow(bool slow) {
  for (member& of : nodes_) of.disk.slow = slow;
  if (!slow) disk_stalls({});
}

void cluster::disk_stalls(instant until) {
  for (const auto& one : seats_) one->hold_store_until(until);
}

void cluster::calm() {
  for (std::size_t number = 0; number < nodes_.size(); ++number)
    if (const instant behind = most_wrong_ - nodes_[number].wrong_by; behind > instant{}) step(number, behind);
}

} // namespace ringdown::simulation
