#include "actors/child_table.hpp"

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/send.hpp>

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
  auto [at, fresh] = children_.emplace(name, child{std::move(spec), std::move(probe), std::move(history), nullptr, 0});
  if (fresh) start(at->second);
}

void child_table::remove(const std::string& name) {
  const auto at = children_.find(name);
  if (at == children_.end()) return;
  if (at->second.actor) {
    by_address_.erase(at->second.actor->get()->address());
    stop_now(at->second.actor);
  }
  world_->health->drop(name);
  children_.erase(at);
}

void child_table::start(child& which) {
  which.restart_token = 0;
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
  which.restart_token = ++tokens_;
  wake_(present.steady + wait, which.restart_token);
}

bool child_table::woken(std::uint64_t token) {
  if (token < (std::uint64_t{1} << 62)) return false;
  for (auto& [name, which] : children_) {
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
  while (!children_.empty()) remove(children_.begin()->first);
}

} // namespace ringdown
