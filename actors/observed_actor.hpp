// The base of every actor: hardened (a failure in a handler ends only that actor, with its text as the reason), counted
// (mailbox depth, messages, busy time) and able to ask the clock for a wake-up.
#pragma once

#include "actors/ports.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace ringdown {

template <class Handle>
class observed_actor : public Handle::base {
public:
  using super = typename Handle::base;

  observed_actor(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe)
      : super(config),
        world_(std::move(world)),
        probe_(std::move(probe)),
        waiting_(probe_->open_mailbox()) {
    this->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        return caf::make_error(caf::sec::runtime_error, std::string(e.what()));
      }
    });
    this->set_default_handler([this](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
      waiting_->fetch_sub(1, std::memory_order_relaxed);
      world_->log->error("unexpected_message", {{"actor", probe_->name}, {"content", caf::to_string(view.content())}});
      return caf::sec::unexpected_message;
    });
    this->set_error_handler([this](caf::error& why) {
      world_->log->error("actor_error", {{"actor", probe_->name}, {"error", caf::to_string(why)}});
    });
  }

  using super::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* on) override {
    waiting_->fetch_add(1, std::memory_order_relaxed);
    super::enqueue(std::move(what), on);
  }

  // Lets go of the world, which holds handles of actors that hold the world.
  void on_exit() final {
    leaving();
    probe_->close_mailbox(waiting_);
    world_.reset();
  }

protected:
  // The last thing an actor does: stop its children, cancel what is under way.
  virtual void leaving() {}

  [[nodiscard]] const ports& world() const { return *world_; }
  [[nodiscard]] const ports_ptr& world_ptr() const { return world_; }
  [[nodiscard]] actor_probe& probe() const { return *probe_; }
  [[nodiscard]] moment now() const { return world_->time.now(); }
  [[nodiscard]] log_sink& log() const { return *world_->log; }
  [[nodiscard]] caf::strong_actor_ptr me() { return caf::actor_cast<caf::strong_actor_ptr>(this->address()); }

  void wake_at(steady_time at, std::uint64_t token) {
    caf::anon_send(world_->clock, wake_me{caf::actor_cast<caf::weak_actor_ptr>(this->address()), at, token});
  }

  // For handles that arrived as plain pointers: the receiver is known to take this message.
  template <class Message>
  static void tell(const caf::strong_actor_ptr& whom, Message&& what) {
    if (whom) caf::anon_send(caf::actor_cast<caf::actor>(whom), std::forward<Message>(what));
  }

  // Wraps a handler: `[this](const m& x) { handle([&] { on(x); }); }` counts it and its time.
  template <class Work>
  void handle(Work&& work) {
    waiting_->fetch_sub(1, std::memory_order_relaxed);
    const auto recorded = world_->flight ? world_->flight->board(probe_->name) : flight_recorder::passage();
    const steady_time begun = world_->time.now().steady;
    std::forward<Work>(work)();
    probe_->handled.fetch_add(1, std::memory_order_relaxed);
    const std::chrono::nanoseconds took = world_->time.now().steady - begun;
    probe_->busy_nanos.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
    probe_->history->handling.observe(took);
  }

private:
  ports_ptr world_;
  std::shared_ptr<actor_probe> probe_;
  std::shared_ptr<actor_probe::depth> waiting_; // shared with the probe while this life lasts
};

} // namespace ringdown
