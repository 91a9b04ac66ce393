// The watch over carriers under its supervisor: introduced, started again, and never a reason to end.
#include "actors/root_actor.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>

namespace {

using namespace ringdown;

// A group that passes introductions on.
caf::behavior relay(caf::event_based_actor* self, const caf::actor& to) {
  self->set_default_handler(caf::drop);
  return {[to](const carrier_watch_at& is) { caf::anon_send(to, is); }};
}

// A node with one group that we hear, and whose watch over carriers is deaf.
struct node {
  explicit node(bool across_tenants = true) {
    world->clock = system.spawn(test::hasty_clock, rung, log);
    world->store = caf::actor_cast<store_actor>(system.spawn(test::deaf, 0));
    world->node.across_tenants = across_tenants;
    world->fatal = [this](std::string_view) { ++ends; };
    auto births = std::make_shared<family>();
    births->group = [this](auto, auto) {
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(relay, caf::actor(group)));
    };
    births->carrier_watch = [this](auto) {
      ++born;
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(test::deaf, 0));
    };
    supervisor = system.spawn<root>(world, world->health->probe("root", "root", ""), births);
    caf::anon_send(supervisor, tenant_applied{std::make_shared<const tenant_config>(test::usual_config())});
  }
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  ~node() {
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    group->wait_for(supervisor);
    caf::anon_send_exit(world->store, caf::exit_reason::user_shutdown);
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
  // Waits until the root has handled everything it was sent before.
  void asked() {
    std::promise<void> done;
    caf::anon_send(supervisor, restart_child{tenant_id("nobody"), "", "", [&](bool) { done.set_value(); }});
    done.get_future().wait();
  }

  std::atomic<int> born = 0;
  std::atomic<int> ends = 0;
  std::shared_ptr<std::atomic<int>> rung = std::make_shared<std::atomic<int>>(0); // shared with the clock's actor
  std::shared_ptr<test::event_log> log = std::make_shared<test::event_log>();     // the same
  std::shared_ptr<ports> world = test::make_world(*log);
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor group{system};
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

TEST_CASE("switched off there is no watch over carriers") {
  node at(false);
  at.asked();
  CHECK(at.born == 0);
}
