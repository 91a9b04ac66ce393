#include "test/simulation/world.hpp"

#include "test/simulation/cluster_trouble.hpp"
#include "test/simulation/take_up.hpp"
#include "test/simulation/trouble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr shard_id shards_of_a_cluster = 3;

} // namespace

world::world(std::uint64_t seed, workshop& from, trace& heard, const scene& in)
    : trace_(heard),
      order_(seed * 2 + 1),
      trouble_(order_.apart()),
      journal_([this](const entry& one) { trace_.say(to_line(one)); }),
      place_(from.make()),
      fleet_(in.pbxes ? *in.pbxes : fleet_plan_of(in.nodes, trouble_), time_, journal_, trouble_.next()),
      tenants_(tenants_of(fleet_, in.times ? *in.times : timing_of(trouble_), in, trouble_)),
      born_(tenants_),
      called_back_(!in.furnish && trouble_.chance(75)),
      far_ends_(far_ends_of(tenants_, time_, journal_, trouble_)) {
  const surroundings around{trace_, order_, time_, journal_, fleet_, far_ends_, mails_, *place_, deaths_, called_back_};
  if (in.nodes > 1)
    nodes_ = std::make_unique<cluster>(around, tenants_, in.nodes, shards_of_a_cluster);
  else
    only_ = std::make_unique<seat>(around, seat::host{disk_, [this] { return time_.seen(); }, 0, {}, {}, nullptr});
  open_doors();
}

world::~world() = default;

// --- lives of the process ----------------------------------------------------------------------------------------------

void world::begin_life() {
  auto store = only_->wake();
  ++lives_;
  const wall_time present = wall();
  const auto owner = store->take_shard(0, incarnation_id(fmt::format("nd_{}", lives_)), present);
  const auto left = owner ? take_up(*store, *owner, tenants_, present) : std::nullopt;
  if (!left) {
    only_->die("it cannot start");
    time_.after(5s, [this] { begin_life(); }); // as systemd does
    return;
  }
  if (lives_ == 1) keep_phones(*store, *owner, tenants_, present);
  only_->grow(*owner, std::move(store), *left, fmt::format("life{}", lives_), tenants_, tenants_);
}

// Whoever calls the program back reaches the one that lives then; of one that is frozen it hears nothing.
void world::open_doors() {
  for (const auto& [lane, end] : far_ends_)
    if (auto* one = dynamic_cast<telephone*>(end.who.get()))
      one->open([this](const net::server_request& asked, const net::respond& answer) {
        seat* there = some_seat();
        return there != nullptr && (there->is_stopped() || there->call(asked, answer));
      });
}

void world::end_life() {
  write(life_ended{only_->fate().how()});
  only_->clear_away();
  const bool by_itself = only_->fate().how().starts_with("exit");
  time_.after(by_itself ? instant(5s) : order_.between(1s, 8s), [this] { begin_life(); });
}

seat* world::seat_of(const tenant_id& tenant) {
  if (nodes_) return nodes_->seat_of(tenant);
  return only_->has_life() ? only_.get() : nullptr;
}

seat* world::some_seat() {
  if (nodes_) return nodes_->some_seat();
  return only_->has_life() ? only_.get() : nullptr;
}

std::vector<seat*> world::lively() {
  std::vector<seat*> all;
  if (only_ && only_->has_life()) all.push_back(only_.get());
  if (nodes_)
    for (const auto& one : nodes_->seats())
      if (one->has_life() && !one->is_stopped()) all.push_back(one.get());
  return all;
}

// --- time and turns ----------------------------------------------------------------------------------------------------

void world::run() {
  run(nodes_ ? plan_cluster_trouble : plan_trouble, trouble_lasts + calm_lasts, [] { return false; });
}

void world::run(const std::function<void(world&)>& plan, instant end, const std::function<bool()>& enough) {
  for (const auto& one : tenants_) write(configured{one, "as at first"});
  if (nodes_)
    nodes_->begin();
  else
    begin_life();
  plan(*this);
  while (time_.now() < end && !enough()) {
    if (nodes_) nodes_->catch_up();
    take_turns();
    if (!bury_the_dead() && !time_.do_one()) wait_for_something(end);
  }
}

void world::take_turns() {
  auto all = lively();
  if (all.size() > 1)
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(order_.below(all.size())), all.end());
  for (seat* one : all) one->run_ready();
}

bool world::bury_the_dead() {
  for (seat* one : lively()) {
    if (!one->is_dead()) continue;
    if (nodes_)
      nodes_->bury(*one);
    else
      end_life();
    return true;
  }
  return false;
}

void world::wait_for_something(instant until) {
  instant next = std::min(until, time_.next().value_or(until));
  if (nodes_) next = std::max(time_.now(), std::min(next, nodes_->next()));
  const auto all = lively();
  for (const seat* one : all) next = std::min(next, one->next().value_or(next));
  time_.advance_to(next);
  for (seat* one : all) one->catch_up();
}

// --- what is done to it ------------------------------------------------------------------------------------------------

process* world::alive() {
  const auto all = lively();
  if (all.empty()) return nullptr;
  return &all[all.size() == 1 ? 0 : trouble_.below(all.size())]->fate();
}

void world::crash_actor(const tenant_id& tenant, const std::string& name) {
  seat* there = seat_of(tenant);
  if (there != nullptr && (name.starts_with("channel/") || !deaths_.is_spent()))
    there->tree().restart(tenant, name, "planted: asked to crash", [](bool) {});
}

void world::disk_away(bool away) {
  if (disk_.away == away) return;
  disk_.away = away;
  if (nodes_) nodes_->disk_away(away);
  write(spell{"store", away});
}

void world::disk_slow(bool slow) {
  if (disk_.slow == slow) return;
  disk_.slow = slow;
  if (nodes_)
    nodes_->disk_slow(slow);
  else
    only_->hold_store_until({});
  write(spell{"slow store", slow});
}

void world::disk_stalls(instant span) {
  if (nodes_)
    nodes_->disk_stalls(time_.now() + span);
  else
    only_->hold_store_until(time_.now() + span);
  write(spell{"store stalls", true});
}

void world::mail_is(mood how) {
  if (mails_.is() == how) return;
  mails_.be(how);
  for (const auto& tenant : tenants_)
    for (const channel_config& one : tenant->channels)
      if (one.kind == "email") write(spell{"provider " + one.id.str(), how != mood::sound});
}

std::vector<telephone*> world::telephones() const {
  std::vector<telephone*> all;
  for (const auto& [lane, end] : far_ends_)
    if (auto* one = dynamic_cast<telephone*>(end.who.get())) all.push_back(one);
  return all;
}

// Of several nodes: the clock of one.
void world::jump(instant by) {
  if (nodes_) return nodes_->step(trouble_.below(nodes_->size()), by);
  time_.jump(by);
  most_wrong_ = std::max(most_wrong_, time_.wrong_by());
  write(clock_jumped{by});
}

void world::apply(std::shared_ptr<const tenant_config>& one, std::shared_ptr<const tenant_config> to,
                  const std::string& what) {
  one = std::move(to);
  write(configured{one, what});
  seat* there = seat_of(one->id);
  if (there != nullptr) there->apply(one);
  if (nodes_)
    for (const auto& other : nodes_->seats())
      if (other.get() != there && other->has_life()) other->learn(one);
}

void world::configure(const tenant_id& whose, const std::string& what,
                      const std::function<void(tenant_config&)>& change) {
  for (auto& one : tenants_) {
    if (one->id != whose) continue;
    tenant_config made = *one;
    change(made);
    apply(one, std::make_shared<const tenant_config>(std::move(made)), what);
  }
}

void world::ask(command what) {
  what.id = fmt::format("cm_{}", ++commands_);
  const auto again = [this, what](std::chrono::seconds wait) { time_.after(wait, [this, what] { ask(what); }); };
  seat* there = some_seat();
  if (there == nullptr || there->is_stopped()) return again(3s);
  what.at = nodes_ ? wall_of(what.tenant) : there->wall(); // nodes agree on the time
  there->ask(what, [again] { again(3s); });
  // The database gives word; if that is lost, nodes look by themselves.
  if (nodes_ && order_.chance(80)) time_.after(order_.between(0ms, 50ms), [this] { nodes_->there_is_news(); });
}

void world::calm() {
  disk_away(false);
  disk_slow(false);
  if (only_) only_->disarm();
  if (nodes_)
    for (const auto& one : nodes_->seats()) one->disarm();
  mail_is(mood::sound);
  for (telephone* one : telephones()) one->callbacks_are("ok", {});
  for (auto& [lane, end] : far_ends_) {
    end.poisonous = false;
    if (end.who->is() != mood::sound) write(spell{"provider " + end.channel.str(), false});
    end.who->be(mood::sound);
  }
  for (std::size_t i = 0; i < tenants_.size(); ++i)
    if (tenants_[i] != born_[i]) apply(tenants_[i], born_[i], "as at first");
  for (const char* verb : {"pbx_up", "cert_ok", "unblock"}) fleet_.does(verb, {});
  // A wall clock that is set back makes what waits by it wait longer; the calm begins when that is over.
  if (nodes_) return nodes_->calm();
  if (time_.wrong_by() < most_wrong_) jump(most_wrong_ - time_.wrong_by());
}

} // namespace ringdown::simulation
