#include "actors/root_actor.hpp"

#include "persistence/store.hpp"

#include <caf/exit_reason.hpp>

#include <utility>

namespace ringdown {

namespace {

constexpr std::uint64_t pulse_token = 1; // those of groups that end come after it, the child table's own lie far above
constexpr const char* accounts_name = "accounts";
constexpr const char* carrier_watch_name = "carrier_watch";
// What a removed tenant's actor sent to the store has come there by then, also what it decided before it knew.
constexpr auto gone_by_then = std::chrono::seconds(2);
constexpr std::size_t most_pulses = 16; // asked once a second at most; with more unanswered the clock is dead

} // namespace

root::root(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, family_ptr births)
    : observed_actor(config, std::move(world), std::move(probe)),
      births_(std::move(births)),
      children_(this, world_ptr(), this->probe().name,
                [this](steady_time at, std::uint64_t token) { wake_at(at, token); }),
      wake_ups_(pulse_token) {}

root::behavior_type root::make_behavior() {
  this->set_down_handler([this](caf::down_msg& message) {
    handle([&] {
      check_pillars(message);
      on_down(message);
    });
  });
  this->monitor(world().store);
  this->monitor(world().clock);
  add_accounts();
  if (world().node.across_tenants) add_carrier_watch();
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const tenant_applied& applied) { handle([&] { on(applied); }); },
      [this](const tenant_removed& removed) { handle([&] { on(removed); }); },
      [this](const shard_begun& held) { handle([&] { on(held); }); },
      [this](const shard_ended& asked) { handle([&] { on(asked); }); },
      [this](const command_for_tenant& asked) { handle([&] { on(asked); }); },
      [this](const restart_child& asked) { handle([&] { on(asked); }); },
      [this](const pulse& asked) { handle([&] { on(asked); }); },
      [this](const drain& asked) { handle([&] { on(asked); }); },
      [this](const drained& finished) { handle([&] { on(finished); }); },
  };
}

void root::leaving() {
  children_.stop_all();
  shards_.clear();
}

void root::on(const due& rang) {
  if (rang.token == pulse_token) {
    pass_pulses_on();
    return;
  }
  for (const auto& [name, token] : std::map(leaving_))
    if (token == rang.token) on(drained{name});
  if (const auto gone = removed_.extract(rang.token); gone && !*gone.mapped().closed) close_removed_of(gone.mapped());
  static_cast<void>(children_.woken(rang.token));
  check_escalation();
}

// A hung scheduler never gets here, a dead clock never rings, a store that hangs never answers.
void root::on(const pulse& asked) {
  if (pulses_.size() >= most_pulses) {
    asked.answered(pulse_answer::silent);
    return;
  }
  pulses_.push_back(asked);
  wake_at(now().steady, pulse_token);
}

void root::pass_pulses_on() {
  for (pulse& one : pulses_) {
    if (one.at_the_store) one.at_the_store();
    caf::anon_send(world().store,
                   with_store{[answered = std::move(one.answered), at = now().wall](persistence::store& store) {
                     auto written = store.probe(at);
                     answered(written ? pulse_answer::well : pulse_answer::store_ill);
                     return written;
                   }});
  }
  pulses_.clear();
}

// Without store or clock nothing can be told: better the whole process starts again than a node that stays silent.
void root::check_pillars(const caf::down_msg& message) const {
  const bool store = message.source == world().store.address();
  const bool clock = message.source == world().clock.address();
  if ((store || clock) && message.reason != caf::exit_reason::user_shutdown)
    world().fatal((store ? "the store actor ended: " : "the clock ended: ") + caf::to_string(message.reason));
}

void root::check_escalation() {
  if (children_.escalation()) world().fatal("a tenant's supervisor keeps crashing: " + *children_.escalation());
}

// Without it everybody goes on, only slower: it is tried again each minute and takes nobody down.
void root::add_accounts() {
  child_spec spec;
  spec.name = accounts_name;
  spec.kind = "accounts";
  spec.budget = logic::channel_budget;
  spec.exhausted = on_exhaustion::trip;
  spec.start = [this](std::shared_ptr<actor_probe> probe) { return births_->accounts(std::move(probe)); };
  spec.started = [this](const caf::strong_actor_ptr& accounts) {
    for (const auto& [id, of] : tenants_) tell(children_.find(name_of(id)), accounts_attached{accounts});
  };
  children_.add(std::move(spec));
}

void root::add_group(const tenant_id& id) {
  child_spec spec;
  spec.name = name_of(id);
  spec.kind = "group";
  spec.budget = logic::root_budget;
  spec.exhausted = on_exhaustion::escalate;
  spec.start = [this, id](std::shared_ptr<actor_probe> probe) {
    const placed_tenant& of = tenants_.at(id);
    return births_->group(shards_.at(of.shard), std::move(probe), of.config);
  };
  spec.started = [this](const caf::strong_actor_ptr& group) {
    tell(group, accounts_attached{children_.find(accounts_name)});
    if (const auto watch = children_.find(carrier_watch_name)) tell(group, carrier_watch_at{watch});
  };
  children_.add(std::move(spec));
}

// Nobody needs it to be heard of: however often it crashes, no tenant feels it and the node goes on.
void root::add_carrier_watch() {
  child_spec spec;
  spec.name = carrier_watch_name;
  spec.kind = "carrier_watch";
  spec.budget = logic::carrier_watch_budget;
  spec.exhausted = on_exhaustion::trip;
  spec.start = [this](std::shared_ptr<actor_probe> probe) { return births_->carrier_watch(std::move(probe)); };
  spec.started = [this](const caf::strong_actor_ptr& watch) { introduce(watch); };
  spec.lost = [this] { introduce(nullptr); };
  children_.add(std::move(spec));
}

void root::introduce(const caf::strong_actor_ptr& carrier_watch) {
  for (const auto& [id, of] : tenants_) tell(children_.find(name_of(id)), carrier_watch_at{carrier_watch});
}

void root::on(const tenant_applied& applied) {
  const tenant_id id = applied.config->id;
  tenants_[id] = {applied.config, applied.shard};
  if (children_.has(name_of(id)))
    tell(children_.find(name_of(id)), group_reconfigure{applied.config});
  else if (shards_.contains(applied.shard))
    add_group(id);
}

void root::on(const tenant_removed& removed) {
  if (const auto known = tenants_.find(removed.tenant); known != tenants_.end()) {
    look_at_removed_later({known->second.shard, std::make_shared<std::atomic<bool>>(false)});
  }
  end_group(removed.tenant, {});
  tenants_.erase(removed.tenant);
}

void root::look_at_removed_later(removed_one what) {
  removed_[++wake_ups_] = std::move(what);
  wake_at(now().steady + gone_by_then, wake_ups_);
}

// Until it has succeeded. Whoever begins the shard anew does the same.
void root::close_removed_of(const removed_one& what) {
  const auto at = shards_.find(what.shard);
  if (at == shards_.end()) return;
  caf::anon_send(
      world().store,
      with_store{[owner = at->second->owner, now = now().wall, closed = what.closed](persistence::store& store) {
                   auto said = store.close_removed(owner, now);
                   *closed = said.ok() || said.error().kind == failure_kind::conflict; // another's by now
                   return said;
                 },
                 true, [](const failure&) {}});
  look_at_removed_later(what);
}

void root::on(const shard_begun& held) {
  const shard_id shard = held.owner.shard;
  shards_[shard] = world_of(held.owner);
  for (const auto& [id, of] : tenants_)
    if (of.shard == shard) add_group(id);
}

void root::on(const shard_ended& asked) {
  if (shards_.erase(asked.shard) == 0) return;
  for (const auto& [id, of] : tenants_)
    if (of.shard == asked.shard) end_group(id, asked.patience);
}

void root::end_group(const tenant_id& id, duration patience) {
  const std::string name = name_of(id);
  const auto group = children_.find(name);
  if (!group || patience == duration{}) {
    leaving_.erase(name);
    children_.remove(name);
    return;
  }
  leaving_[name] = ++wake_ups_;
  wake_at(now().steady + patience, wake_ups_);
  tell(group, drain{[self = me(), name] { tell(self, drained{name}); }});
}

// Whoever still holds it when its shard has ended is of the shard: the last one gone says so.
ports_ptr root::world_of(const fence& owner) const {
  auto made = std::make_unique<ports>(world());
  made->owner = owner;
  return {made.release(), [](const ports* of) {
            const fence was = of->owner;
            const auto over = of->shard_over;
            delete of;
            if (over) over(was);
          }};
}

void root::on(const command_for_tenant& asked) { tell(children_.find(name_of(asked.what.tenant)), asked); }

void root::on(const restart_child& asked) {
  if (asked.name == accounts_name) {
    const auto accounts = children_.find(accounts_name);
    tell(accounts, crash_now{asked.text});
    asked.found(accounts != nullptr);
    return;
  }
  const auto group = children_.find(name_of(asked.tenant));
  if (group)
    tell(group, asked);
  else
    asked.found(false);
}

void root::on(const drain& asked) {
  drained_ = asked.done;
  children_.start_no_more();
  const auto self = me();
  for (const auto& [id, of] : tenants_)
    if (children_.find(name_of(id))) draining_.insert(name_of(id));
  for (const std::string& name : draining_)
    tell(children_.find(name), drain{[self, name] { tell(self, drained{name}); }});
  on(drained{});
}

// Who dies while it is to become quiet will not say so.
void root::on_down(const caf::down_msg& message) {
  children_.down(message);
  check_escalation();
  std::erase_if(draining_, [&](const std::string& name) { return !children_.find(name); });
  for (const auto& [name, token] : std::map(leaving_))
    if (!children_.find(name)) on(drained{name});
  on(drained{});
}

void root::on(const drained& finished) {
  if (leaving_.erase(finished.who) > 0) children_.remove(finished.who);
  draining_.erase(finished.who);
  if (draining_.empty() && drained_) std::exchange(drained_, nullptr)();
}

} // namespace ringdown
