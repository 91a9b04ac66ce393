#include "actors/child_table.hpp"

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace ringdown {

namespace {

// A tripped child is tried again each minute (ARCHITECTURE "Actors").
constexpr auto trip_pause = std::chrono::seconds(60);

// Ahead of everything in the mailbox: an ordinary exit message waits behind all others.
void stop_now(const caf::strong_actor_ptr& who) {
  who->get()->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                      caf::make_message(caf::exit_msg{who->get()->address(), caf::exit_reason::user_shutdown}),
                      nullptr);
}

} // namespace

child_table::child_table(caf::scheduled_actor* owner, ports_ptr world, std::string owner_name,
                         std::function<void(steady_time, std::uint64_t)> wake)
    : owner_(owner),
      world_(std::move(world)),
      owner_name_(std::move(owner_name)),
      wake_(std::move(wake)) {}

void child_table::add(child_spec spec) {
  std::string name = spec.name;
  auto probe = world_->health->probe(name, spec.kind, owner_name_);
  logic::restart_history history(spec.budget);
  auto [at, fresh] = children_.emplace(name, child{std::move(spec), std::move(probe), std::move(history), nullptr});
  if (!fresh) return;
  child& which = at->second;
  const std::uint32_t deaths = world_->health->deaths(name);
  // Counted from the last of them: a shard that moves again and again must not begin it anew each time.
  const duration whole = logic::quarantine_before_start(deaths);
  const duration past = world_->time.now().wall - world_->health->last_death(name);
  const duration wait = whole - std::clamp(past, duration{}, whole);
  if (wait == duration{}) {
    start(which);
    return;
  }
  which.probe->life = actor_life::quarantined;
  world_->log->error("actor_quarantined",
                     {{"actor", name}, {"deaths", std::to_string(deaths)}, {"start_in", format_duration(wait)}});
  start_later(which, wait);
}

void child_table::start_later(child& which, duration wait) {
  which.restart_token = ++tokens_;
  wake_(world_->time.now().steady + wait, which.restart_token);
}

void child_table::remove(const std::string& name) {
  const auto at = children_.find(name);
  if (at == children_.end()) return;
  if (at->second.actor) {
    by_address_.erase(at->second.actor->get()->address());
    stop_now(at->second.actor);
  }
  world_->health->drop(name);
  forget_deaths(name);
  children_.erase(at);
}

// Only those that are quarantined: what a channel carries has counters of its own.
void child_table::keep_death(const child& which) {
  if (which.spec.exhausted != on_exhaustion::quarantine) return;
  world_->health->died(which.spec.name, world_->time.now().wall);
  if (world_->store) caf::anon_send(world_->store, crash_noted{world_->owner, which.spec.name});
}

void child_table::forget_deaths(const std::string& name) {
  if (world_->health->deaths(name) == 0) return;
  world_->health->lived_long(name);
  if (world_->store) caf::anon_send(world_->store, crashes_forgotten{world_->owner, name});
}

void child_table::start(child& which) {
  which.restart_token = 0;
  if (closing_) {
    which.probe->life = actor_life::stopped;
    return;
  }
  try {
    which.actor = which.spec.start(which.probe);
  } catch (const std::exception& e) {
    // A constructor that throws flies out of spawn(): the same as a crash.
    crashed(which, e.what());
    return;
  }
  const auto address = which.actor->get()->address();
  owner_->monitor(address);
  by_address_[address] = which.spec.name;
  which.probe->life = actor_life::running;
  if (world_->health->deaths(which.spec.name) > 0) {
    which.long_life_token = ++tokens_;
    wake_(world_->time.now().steady + logic::long_life, which.long_life_token);
  }
  if (which.spec.started) which.spec.started(which.actor);
}

void child_table::down(const caf::down_msg& message) {
  const auto known = by_address_.find(message.source);
  if (known == by_address_.end()) return;
  const auto at = children_.find(known->second);
  by_address_.erase(known);
  if (at == children_.end()) return;
  at->second.actor = nullptr;
  crashed(at->second, caf::to_string(message.reason));
}

void child_table::crashed(child& which, const std::string& why) {
  const moment present = world_->time.now();
  which.probe->failed(why, present.wall);
  which.probe->restarted();
  which.long_life_token = 0;
  keep_death(which);
  const auto decided = which.history.crashed(present.steady, world_->time.spread());
  if (which.spec.lost) which.spec.lost();
  duration wait = decided.delay;
  if (decided.exceeded && which.spec.exhausted == on_exhaustion::escalate) {
    escalation_ = which.spec.name + ": " + why;
    which.probe->life = actor_life::stopped;
    world_->log->error("actor_gave_up", {{"actor", which.spec.name}, {"error", why}});
    return;
  }
  if (decided.exceeded) {
    which.probe->life =
        which.spec.exhausted == on_exhaustion::quarantine ? actor_life::quarantined : actor_life::tripped;
    which.history.forget();
    wait = trip_pause;
    world_->log->error("actor_tripped",
                       {{"actor", which.spec.name}, {"error", why}, {"retry_in", format_duration(wait)}});
  } else {
    which.probe->life = actor_life::restarting;
    world_->log->warning("actor_crashed",
                         {{"actor", which.spec.name}, {"error", why}, {"restart_in", format_duration(wait)}});
  }
  start_later(which, wait);
}

bool child_table::woken(std::uint64_t token) {
  if (token < (std::uint64_t{1} << 62)) return false;
  for (auto& [name, which] : children_) {
    if (which.long_life_token == token) forget_deaths(name);
    if (which.restart_token != token) continue;
    start(which);
    break;
  }
  return true;
}

caf::strong_actor_ptr child_table::find(const std::string& name) const {
  const auto at = children_.find(name);
  return at == children_.end() ? nullptr : at->second.actor;
}

std::size_t child_table::running() const { return by_address_.size(); }

void child_table::stop_all() {
  for (auto& [name, which] : children_) {
    if (which.actor) stop_now(which.actor);
    world_->health->drop(name);
  }
  by_address_.clear();
  children_.clear();
  // Who supervised may be known to somebody for long; the world holds handles that others wait for.
  world_.reset();
}

} // namespace ringdown
