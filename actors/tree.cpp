#include "actors/tree.hpp"

#include "actors/account_keeper.hpp"
#include "actors/carrier_watch_actor.hpp"
#include "actors/channel_actor.hpp"
#include "actors/clock_actor.hpp"
#include "actors/family.hpp"
#include "actors/group_actor.hpp"
#include "actors/lease_actor.hpp"
#include "actors/poller.hpp"
#include "actors/register_actor.hpp"
#include "actors/root_actor.hpp"
#include "actors/store/store_actor.hpp"
#include "actors/tenant_actor.hpp"
#include "protocol/wire/dialects.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/spawn_options.hpp>

#include <atomic>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace ringdown {

namespace {

// Each call of a store that is away ends sooner, and few are before a pulse.
constexpr auto longest_wait_for_the_store = std::chrono::minutes(1);

// Never reads argv or files: everything is explicit (CAF's own configuration accepts unknown keys silently).
struct system_config : caf::actor_system_config {
  explicit system_config(const tree_stage& on) {
    if (on.configure) {
      on.configure(*this);
      return;
    }
    set("scheduler.max-threads", std::size_t{2} > std::thread::hardware_concurrency()
                                     ? std::size_t{2}
                                     : std::size_t{std::thread::hardware_concurrency()});
    // The default burns half a core at 500 messages/s (measured; ARCHITECTURE "Actors").
    set("scheduler.policy", caf::atom("sharing"));
  }
};

template <class Handle>
caf::strong_actor_ptr plain(const Handle& handle) {
  return caf::actor_cast<caf::strong_actor_ptr>(handle);
}

family_ptr make_family(caf::actor_system& system, const ports_ptr& world) {
  auto births = std::make_shared<family>();
  const auto kinds = channel_kinds();
  births->tenant = [&system, kinds](const ports_ptr& of, probe_ptr probe,
                                    std::shared_ptr<const tenant_config> settings) {
    return plain(system.spawn<tenant>(of, std::move(probe), std::move(settings), kinds));
  };
  births->poller = [&system](const ports_ptr& of, probe_ptr probe, const tenant_id& id,
                             const instance_config& instance) {
    return plain(system.spawn<poller>(of, std::move(probe), id, instance));
  };
  births->channel = [&system](const ports_ptr& of, probe_ptr probe, const tenant_id& id, const channel_config& settings,
                              const timing& times) {
    return plain(system.spawn<channel>(of, std::move(probe), id, settings, times));
  };
  // Weak: the family is held by the groups it makes.
  births->group = [&system, self = std::weak_ptr<const family>(births)](const ports_ptr& of, probe_ptr probe,
                                                                        std::shared_ptr<const tenant_config> settings) {
    return plain(system.spawn<group>(of, std::move(probe), self.lock(), std::move(settings)));
  };
  births->accounts = [&system, world](probe_ptr probe) {
    return plain(system.spawn<account_keeper>(world, std::move(probe)));
  };
  births->carrier_watch = [&system, world](probe_ptr probe) {
    return plain(system.spawn<carrier_watch>(world, std::move(probe)));
  };
  return births;
}

class living_tree final : public node_tree {
public:
  living_tree(ports start, std::shared_ptr<persistence::store> held, tree_stage on, std::optional<cluster_part> with)
      : stage_(std::move(on)),
        config_(stage_),
        system_(config_),
        shared_(std::make_shared<ports>(std::move(start))) {
    if (stage_.opened) stage_.opened(system_);
    const bool alone = !with;
    shared_->begun = shared_->time.now();
    // Whom a shard's last actor tells: known before there is a shard.
    const auto to_leases = std::make_shared<caf::weak_actor_ptr>();
    auto board_of_leases = std::make_shared<lease_board>();
    if (with) {
      shared_->leases = board_of_leases;
      shared_->shard_over = [to_leases](const fence& of) {
        if (const auto to = to_leases->lock()) caf::anon_send(caf::actor_cast<caf::actor>(to), shard_is_over{of});
      };
    }
    auto& board = *shared_->health;
    shared_->clock = system_.spawn<clock_keeper>(shared_, board.probe("clock", "clock", "root"));
    auto probe = board.probe("store", "store", "root");
    shared_->store = stage_.store == tree_stage::store_thread::own
                         ? system_.spawn<store_keeper, caf::detached>(shared_, std::move(probe), std::move(held))
                         : system_.spawn<store_keeper>(shared_, std::move(probe), std::move(held));
    births_ = make_family(system_, shared_);
    root_ = system_.spawn<root>(shared_, board.probe("root", "root", ""), births_);
    if (with) join(std::move(*with), std::move(board_of_leases), *to_leases);
    if (alone && !shared_->owner.owner.empty()) caf::anon_send(root_, shard_begun{shared_->owner});
  }

  ~living_tree() override {
    if (register_) register_->give_up();
    for (const auto& one : {plain(leases_), plain(asker_)})
      if (one) caf::anon_send_exit(caf::actor_cast<caf::actor>(one), caf::exit_reason::user_shutdown);
    leases_ = nullptr;
    asker_ = nullptr;
    caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
    root_ = nullptr;
    // Store and clock stay until nobody is left to ask them: only then may their handles go.
    // (The registry wakes waiters only for its last actor, so this looks again and again; it takes some milliseconds.)
    while (system_.registry().running() > 2) give_way();
    const auto clock = std::exchange(shared_->clock, nullptr);
    const auto store = std::exchange(shared_->store, nullptr);
    caf::anon_send_exit(clock, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(store, caf::exit_reason::user_shutdown);
    // Threads of CAF end them while the system waits; without any, that is to be done here.
    while (stage_.give_way && system_.registry().running() > 0) give_way();
  }

  living_tree(const living_tree&) = delete;
  living_tree& operator=(const living_tree&) = delete;

  [[nodiscard]] ports_ptr world() const override { return shared_; }
  void apply(std::shared_ptr<const tenant_config> config, shard_id shard) override {
    caf::anon_send(root_, tenant_applied{std::move(config), shard});
  }
  void remove(const tenant_id& tenant) override { caf::anon_send(root_, tenant_removed{tenant}); }

  void command(const ringdown::command& what, std::function<void(result<void>)> done) override {
    auto to = root_;
    const bool by_news = shared_->news != nullptr;
    caf::anon_send(shared_->store,
                   store_command{what, [this, to, by_news, what, done = std::move(done)](result<void> stored) {
                                   // Said again: durable since before, and decided once (S-A9).
                                   const bool again = !stored && stored.error().kind == failure_kind::conflict;
                                   if (stored && !by_news) caf::anon_send(to, command_for_tenant{what});
                                   done(again ? result<void>{} : std::move(stored));
                                   if (by_news) look_for_news();
                                 }});
  }

  void pass_on(const ringdown::command& what) override { caf::anon_send(root_, command_for_tenant{what}); }

  bool look_for_news() override {
    if (closing_ || looks_.exchange(true)) return false;
    const auto look = [this](persistence::store& store) {
      looks_ = false; // whatever is written from here on is to be looked for again
      return shared_->news(store);
    };
    caf::anon_send(shared_->store, with_store{look, false});
    return true;
  }

  void with_writer(std::function<result<void>(persistence::store&)> run,
                   std::function<void(const failure&)> refused) override {
    caf::anon_send(shared_->store, with_store{std::move(run), true, std::move(refused)});
  }

  void restart(const tenant_id& tenant, const std::string& actor, const std::string& why,
               std::function<void(bool)> found) override {
    caf::anon_send(root_, restart_child{tenant, actor, why, std::move(found)});
  }

  // One question at a time: behind a store that waits for its disk they would only queue up, each answered too late.
  [[nodiscard]] pulse_answer alive(std::chrono::milliseconds within) override {
    if (!pulse_.valid()) {
      // Shared: the answer may come after we stopped waiting.
      auto answered = std::make_shared<std::promise<pulse_answer>>();
      pulse_ = answered->get_future();
      only_the_store_ = std::make_shared<std::atomic<bool>>(false);
      pulse_sent_ = shared_->time.now().steady;
      caf::anon_send(root_, pulse{[answered](pulse_answer how) { answered->set_value(how); },
                                  [only_the_store = only_the_store_] { *only_the_store = true; }});
    }
    if (pulse_.wait_for(within) == std::future_status::ready) return pulse_.get();
    // A database that is away is waited for by the store's thread, seconds at a time: a new start would find no other.
    const bool is_away = *only_the_store_ && !shared_->metrics->store_ready;
    const bool for_long = shared_->time.now().steady - pulse_sent_ > longest_wait_for_the_store;
    return is_away && !for_long ? pulse_answer::store_ill : pulse_answer::silent;
  }

  bool drain(std::chrono::milliseconds within) override {
    auto quiet = std::make_shared<std::promise<void>>();
    auto answer = quiet->get_future();
    caf::anon_send(root_, ringdown::drain{[quiet] { quiet->set_value(); }});
    return answer.wait_for(within) == std::future_status::ready;
  }

  void drain_node(const drain_wish& wish, std::function<void()> done) override {
    if (leases_) caf::anon_send(leases_, ringdown::drain_node{wish, std::move(done)});
  }

  bool leave(std::chrono::milliseconds within) override {
    if (!leases_) return true;
    auto left = std::make_shared<std::promise<void>>();
    auto answer = left->get_future();
    caf::anon_send(leases_, leave_register{[left] { left->set_value(); }});
    return answer.wait_for(within) == std::future_status::ready;
  }

  // Twice: what runs before the first may have asked for a look at the news.
  void finish_writes() override {
    closing_ = true;
    for (int i = 0; i < 2; ++i) {
      auto done = std::make_shared<std::promise<void>>();
      auto reached = done->get_future();
      with_writer(
          [done](persistence::store&) -> result<void> {
            done->set_value();
            return {};
          },
          {});
      reached.wait();
    }
  }

private:
  // Without either nobody would know what may be run: the process starts again.
  template <class Handle>
  void end_with(const Handle& actor, std::string_view what) {
    actor->attach_functor([fatal = shared_->fatal, what = std::string(what)](const caf::error& why) {
      if (why != caf::exit_reason::user_shutdown) fatal(what + " ended: " + caf::to_string(why));
    });
  }

  void join(cluster_part with, std::shared_ptr<lease_board> board, caf::weak_actor_ptr& known_as) {
    auto& health = *shared_->health;
    register_ = with.at;
    auto probe = health.probe("register", "register", "root");
    asker_ = stage_.store == tree_stage::store_thread::own
                 ? system_.spawn<register_keeper, caf::detached>(shared_, std::move(probe), with.at)
                 : system_.spawn<register_keeper>(shared_, std::move(probe), with.at);
    leases_ =
        system_.spawn<lease_holder>(shared_, health.probe("leases", "leases", "root"),
                                    lease_holder::setting{std::move(with.self), with.rules, std::move(with.at),
                                                          std::move(with.clock), asker_, std::move(board), root_});
    known_as = caf::actor_cast<caf::weak_actor_ptr>(leases_);
    end_with(asker_, "who asks the register");
    end_with(leases_, "who keeps the leases");
  }

  void give_way() const {
    if (stage_.give_way)
      stage_.give_way();
    else
      std::this_thread::yield();
  }

  const tree_stage stage_;
  system_config config_;
  caf::actor_system system_;
  std::shared_ptr<ports> shared_;
  family_ptr births_;
  node_actor root_;
  std::shared_ptr<persistence::lease_register> register_; // none: no cluster
  register_actor asker_;
  lease_actor leases_;
  std::atomic<bool> looks_{false};   // for news: it is about to
  std::atomic<bool> closing_{false}; // it looks no more
  std::shared_ptr<std::atomic<bool>>
      only_the_store_; // is waited for; shared with the pulse, which may outlive the wait
  steady_time pulse_sent_{};
  std::future<pulse_answer> pulse_; // asked and not yet answered
};

} // namespace

std::vector<logic::channel_kind_facts> channel_kinds() {
  std::vector<logic::channel_kind_facts> kinds;
  for (const wire::dialect& one : wire::dialects()) {
    const auto facts = one.describe();
    kinds.push_back({std::string(facts.kind), facts.is, facts.rows});
  }
  return kinds;
}

std::unique_ptr<node_tree> node_tree::grow(ports start, std::shared_ptr<persistence::store> held, tree_stage on,
                                           std::optional<cluster_part> with) {
  return std::make_unique<living_tree>(std::move(start), std::move(held), std::move(on), std::move(with));
}

} // namespace ringdown
