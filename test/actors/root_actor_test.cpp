// The root and what it supervises: tenants while their shard is held; the watch over carriers, introduced, started again, and
// never a reason to end.
#include "actors/root_actor.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/logic/tenant_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace {

using namespace ringdown;

// A group that passes introductions on, and who asks it to become quiet.
caf::behavior relay(caf::event_based_actor* self, const ports_ptr& of, const caf::actor& to) {
  self->set_default_handler(caf::drop);
  return {[to, of](const carrier_watch_at& is) { caf::anon_send(to, is); },
          [to](const drain& asked) { caf::anon_send(to, asked); }};
}

// A store that says what it was asked to run.
caf::behavior written_down(caf::event_based_actor* self, const caf::actor& to) {
  self->set_default_handler(caf::drop);
  return {[to](const with_store& asked) { caf::anon_send(to, asked); }};
}

// A clock that stands: what is asked of it is the test's to ring.
caf::behavior held_up(caf::event_based_actor* self, const caf::actor& to) {
  self->set_default_handler(caf::drop);
  return {[to](const wake_me& asked) { caf::anon_send(to, asked); }};
}

// What is told from other threads, to be waited for.
class told_fences {
public:
  void push(const fence& one) {
    const std::lock_guard hold(guard_);
    all_.push_back(one);
    changed_.notify_all();
  }
  // As soon as there are so many; those there are when there never will be.
  std::vector<fence> wait(std::size_t count) {
    std::unique_lock hold(guard_);
    changed_.wait_for(hold, test::patience, [&] { return all_.size() >= count; });
    return all_;
  }
  std::vector<fence> now() {
    const std::lock_guard hold(guard_);
    return all_;
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::vector<fence> all_;
};

// A node with one group that we hear, and whose watch over carriers is deaf.
struct node {
  enum class wakes : std::uint8_t { at_once, in_time, by_hand };
  explicit node(bool across_tenants = true, wakes how = wakes::at_once) {
    switch (how) {
      case wakes::at_once: world->clock = system.spawn(test::hasty_clock, rung, log); break;
      case wakes::in_time:
        world->clock = system.spawn<clock_keeper>(world, world->health->probe("clock", "clock", ""));
        break;
      case wakes::by_hand: world->clock = caf::actor_cast<clock_actor>(system.spawn(held_up, caf::actor(bell))); break;
    }
    world->store = caf::actor_cast<store_actor>(system.spawn(written_down, caf::actor(store)));
    world->node.across_tenants = across_tenants;
    world->fatal = [this](std::string_view) { ++ends; };
    auto births = std::make_shared<family>();
    world->shard_over = [this](const fence& of) { over.push(of); };
    births->group = [this](const ports_ptr& of, auto, auto) {
      begun.push(of->owner);
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(relay, of, caf::actor(group)));
    };
    births->carrier_watch = [this](auto) {
      ++born;
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(test::deaf, 0));
    };
    supervisor = system.spawn<root>(world, world->health->probe("root", "root", ""), births);
    caf::anon_send(supervisor, shard_begun{});
    caf::anon_send(supervisor, tenant_applied{std::make_shared<const tenant_config>(test::usual_config())});
  }
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  ~node() {
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    group->wait_for(supervisor);
    caf::anon_send_exit(world->store, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(world->clock, caf::exit_reason::user_shutdown);
    world->store = nullptr;
    world->clock = nullptr;
  }

  // What the group is told next; nobody is a null.
  caf::strong_actor_ptr introduced() {
    std::optional<carrier_watch_at> heard;
    group->receive([&](const carrier_watch_at& one) { heard = one; },
                   caf::after(test::patience) >> [] { FAIL("nobody is introduced"); });
    return heard->actor;
  }
  // What it wished for first, and not the table of its children, whose tokens lie far above, is over now.
  void ring() {
    constexpr std::uint64_t of_the_table = std::uint64_t{1} << 62U;
    std::uint64_t token = of_the_table;
    while (token >= of_the_table)
      bell->receive([&](const wake_me& one) { token = one.token; },
                    caf::after(test::patience) >> [] { FAIL("it waits for nothing"); });
    caf::anon_send(supervisor, due{token});
  }
  template <class Message>
  bool has(caf::scoped_actor& of) {
    bool heard = false;
    of->receive([&](const Message&) { heard = true; }, caf::after(std::chrono::seconds(0)) >> [] {});
    return heard;
  }
  // Waits until the root has handled everything it was sent before.
  void asked() {
    std::promise<void> done;
    caf::anon_send(supervisor, restart_child{tenant_id("nobody"), "", "", [&](bool) { done.set_value(); }});
    done.get_future().wait();
  }

  std::atomic<int> born = 0;
  std::atomic<int> ends = 0;
  told_fences begun; // groups, by the shard they are of
  told_fences over;
  std::shared_ptr<std::atomic<int>> rung = std::make_shared<std::atomic<int>>(0); // shared with the clock's actor
  std::shared_ptr<test::event_log> log = std::make_shared<test::event_log>();     // the same
  std::shared_ptr<ports> world = test::make_world(*log);
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor group{system};
  caf::scoped_actor store{system};
  caf::scoped_actor bell{system};
  node_actor supervisor;
};

} // namespace

TEST_CASE("a watch over carriers that crashes is started again and introduced anew, however often") {
  node at;
  auto watch = at.introduced();
  REQUIRE(watch);
  for (int i = 0; i < 10; ++i) {
    caf::anon_send_exit(caf::actor_cast<caf::actor>(watch), caf::exit_reason::kill);
    CHECK_FALSE(at.introduced());
    const auto next = at.introduced();
    REQUIRE(next);
    CHECK(next != watch);
    watch = next;
  }
  at.asked();
  CHECK(at.born == 11);
  CHECK(at.ends == 0);
  CHECK(at.log->wait_for("actor_tripped"));
}

TEST_CASE(
    "what a removed tenant still wrote is ended, by the node that had it, until that has worked or is another's to "
    "do") {
  const persistence::sqlite_place place;
  persistence::desk work([&] { return place.open(); });
  persistence::config_change change;
  change.tenant = test::usual_config().id;
  change.actor = "file";
  change.at = persistence::noon;
  REQUIRE(work.held->replace_config(change).ok());
  change.remove_tenant = true;
  REQUIRE(work.held->replace_config(change).ok());
  work.commit_alert(persistence::make_alert("al_1", change.tenant));
  node at(false, node::wakes::by_hand);
  caf::anon_send(at.supervisor, shard_begun{work.owner});
  caf::anon_send(at.supervisor, tenant_removed{tenant_id("nobody")}); // whom it never had
  caf::anon_send(at.supervisor, tenant_removed{change.tenant});
  const auto ask = [&](const std::function<void(const with_store&)>& answer) {
    at.ring();
    at.store->receive(
        answer, caf::after(test::patience) >> [] { FAIL("nothing is ended"); });
  };
  ask([](const with_store& asked) { asked.refused({failure_kind::unavailable, "away"}); });
  if (GENERATE(true, false)) {
    const fence now = *place.open()->take_shard(0, incarnation_id("nd_2"), persistence::noon);
    CHECK(now.epoch > work.owner.epoch);
    ask([&](const with_store& asked) { CHECK(asked.run(*work.held).error().kind == failure_kind::conflict); });
    at.ring();
    at.asked();
    CHECK_FALSE(at.has<with_store>(at.store));
    return;
  }
  ask([&](const with_store& asked) { CHECK(asked.run(*work.held).ok()); });
  at.ring();
  at.asked();
  CHECK_FALSE(at.has<with_store>(at.store));
  CHECK_FALSE(at.has<wake_me>(at.bell));
  CHECK((*work.held->find_alert(alert_id("al_1")))->phase == alert_phase::resolved);
}

TEST_CASE("switched off there is no watch over carriers") {
  node at(false);
  at.asked();
  CHECK(at.born == 0);
}

TEST_CASE("the tenants of a shard run while it is held, and the last of them to go says that it is over") {
  node at(false);
  auto globex = test::usual_config();
  globex.id = tenant_id("globex");
  caf::anon_send(at.supervisor, tenant_applied{std::make_shared<const tenant_config>(globex), 7});
  at.asked();
  CHECK(at.begun.now() == std::vector<fence>{fence{}}); // the other tenant, in the shard that is held
  const fence first{incarnation_id("nd_1"), 5, 7};
  const fence second{incarnation_id("nd_1"), 6, 7};
  caf::anon_send(at.supervisor, shard_begun{first});
  at.asked();
  CHECK(at.begun.now() == std::vector<fence>{fence{}, first});
  CHECK(at.over.now().empty());
  caf::anon_send(at.supervisor, shard_ended{7});
  CHECK(at.over.wait(1) == std::vector<fence>{first});
  caf::anon_send(at.supervisor, tenant_applied{std::make_shared<const tenant_config>(globex), 7});
  caf::anon_send(at.supervisor, shard_begun{second});
  at.asked();
  CHECK(at.begun.now() == std::vector<fence>{fence{}, first, second});
}

TEST_CASE("a shard that ends in peace is over when its tenants are quiet, or when they have had their time") {
  const auto how = GENERATE(node::wakes::in_time, node::wakes::at_once);
  node at(false, how);
  caf::anon_send(at.supervisor, shard_ended{0, std::chrono::hours(1)});
  if (how == node::wakes::in_time) {
    std::optional<drain> asked;
    at.group->receive([&](const drain& one) { asked = one; }, caf::after(test::patience) >> [] { FAIL("not asked"); });
    at.asked();
    CHECK(at.over.now().empty());
    asked->done();
  }
  CHECK(at.over.wait(1) == std::vector<fence>{fence{}});
}
