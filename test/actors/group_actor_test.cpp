#include "actors/group_actor.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/scoped_actor.hpp>

#include <future>
#include <memory>
#include <utility>

namespace {

using namespace ringdown;

// A group whose children are deaf.
struct deaf_group {
  deaf_group() {
    world->clock = system.spawn(test::hasty_clock, rung, log);
    auto births = std::make_shared<family>();
    const auto spawn = [this](const std::shared_ptr<actor_probe>& probe) {
      auto child = caf::actor_cast<caf::strong_actor_ptr>(system.spawn(test::deaf, 0));
      const std::lock_guard hold(guard);
      born[probe->name].push_back(child);
      return child;
    };
    births->tenant = [spawn](const auto&, auto probe, auto) { return spawn(probe); };
    births->poller = [spawn](const auto&, auto probe, auto&&...) { return spawn(probe); };
    births->channel = [spawn](const auto&, auto probe, auto&&...) { return spawn(probe); };
    supervisor = system.spawn<group>(world, world->health->probe("group/acme", "group", "root"), births,
                                     std::make_shared<const tenant_config>(test::usual_config()));
    asked(); // its children are there
  }
  ~deaf_group() {
    world->clock = nullptr;
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
  }
  deaf_group(const deaf_group&) = delete;
  deaf_group& operator=(const deaf_group&) = delete;

  // Waits until the group has handled everything it was sent before.
  void asked() {
    std::promise<void> done;
    caf::anon_send(supervisor, restart_child{tenant_id("acme"), "nobody", "", [&](bool) { done.set_value(); }});
    done.get_future().wait();
  }
  std::map<std::string, std::vector<caf::strong_actor_ptr>> children() {
    const std::lock_guard hold(guard);
    return born;
  }
  void kill(const std::string& name) {
    caf::anon_send_exit(caf::actor_cast<caf::actor>(children().at(name).back()), caf::exit_reason::kill);
  }

  std::mutex guard;
  std::map<std::string, std::vector<caf::strong_actor_ptr>> born;
  std::shared_ptr<std::atomic<int>> rung = std::make_shared<std::atomic<int>>(0); // shared with the clock's actor
  std::shared_ptr<test::event_log> log = std::make_shared<test::event_log>();     // the same
  std::shared_ptr<ports> world = test::make_world(*log);
  caf::actor_system_config config;
  caf::actor_system system{config};
  group_actor supervisor;
};

} // namespace

TEST_CASE("a child that dies is started again") {
  deaf_group world;
  world.kill("channel/acme/noc-push");
  REQUIRE(world.log->wait_for("rung"));
  world.asked();
  CHECK(world.children().at("channel/acme/noc-push").size() == 2);
}

TEST_CASE("children that die in a drain hold nobody up, and are not started again") {
  deaf_group world;
  std::promise<void> quiet;
  caf::anon_send(world.supervisor, drain{[&] { quiet.set_value(); }});
  world.asked();
  auto ended = quiet.get_future();
  CHECK(ended.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  int deaths = 0;
  for (const auto& [name, lives] : world.children())
    if (name != "tenant/acme") world.kill(name), ++deaths;
  REQUIRE(ended.wait_for(test::patience) == std::future_status::ready);
  REQUIRE(world.log->wait_for("rung", deaths));
  world.asked();
  for (const auto& [name, lives] : world.children()) CHECK(lives.size() == 1);
}

TEST_CASE("a group that has ended lets go of its world, whoever still knows it") {
  deaf_group at;
  auto births = std::make_shared<family>();
  const auto spawn = [&] { return caf::actor_cast<caf::strong_actor_ptr>(at.system.spawn(test::deaf, 0)); };
  births->tenant = [spawn](auto&&...) { return spawn(); };
  births->poller = [spawn](auto&&...) { return spawn(); };
  births->channel = [spawn](auto&&...) { return spawn(); };
  auto world = std::make_shared<ports>(*at.world);
  const std::weak_ptr<ports> seen = world;
  const auto known = at.system.spawn<group>(ports_ptr(std::exchange(world, nullptr)),
                                            at.world->health->probe("group/other", "group", "root"), births,
                                            std::make_shared<const tenant_config>(test::usual_config()));
  caf::scoped_actor self(at.system);
  caf::anon_send_exit(known, caf::exit_reason::user_shutdown);
  self->wait_for(known);
  CHECK(seen.expired());
}
