#include "actors/child_table.hpp"

#include "test/support/catch.hpp"

#include <map>
#include <stdexcept>
#include <vector>

namespace {

using namespace ringdown;

struct silent_log final : log_sink {
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

// A table whose children never come up: every start throws, as a constructor that fails does. Time stands in `now`.
struct failing_children {
  failing_children() {
    auto world = std::make_shared<ports>();
    world->time.now = [this] { return moment{wall_time{}, now}; };
    world->time.spread = [] { return 0.0; };
    world->log = &log;
    world->health = board;
    table = std::make_unique<child_table>(
        nullptr, world, "keeper", [this](steady_time at, std::uint64_t token) { wakes.emplace_back(at - now, token); });
  }

  void add(const std::string& name, on_exhaustion exhausted) {
    child_spec spec;
    spec.name = name;
    spec.kind = "channel";
    spec.budget = logic::channel_budget;
    spec.exhausted = exhausted;
    spec.start = [this](const std::shared_ptr<actor_probe>&) -> caf::strong_actor_ptr {
      ++starts;
      throw std::runtime_error("no luck");
    };
    spec.lost = [this] { ++losses; };
    table->add(std::move(spec));
  }

  // The clock rings for the newest wake-up.
  void ring() {
    now += wakes.back().first;
    REQUIRE(table->woken(wakes.back().second));
  }

  silent_log log;
  std::shared_ptr<health_board> board = std::make_shared<health_board>();
  steady_time now{std::chrono::hours(1)};
  std::vector<std::pair<std::chrono::nanoseconds, std::uint64_t>> wakes;
  std::unique_ptr<child_table> table;
  int starts = 0;
  int losses = 0;
};

} // namespace

TEST_CASE("a child whose start throws is started again after 100 ms, 200 ms, 400 ms and so on") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  for (int i = 0; i < 4; ++i) world.ring();
  REQUIRE(world.wakes.size() == 5);
  for (std::size_t i = 0; i < world.wakes.size(); ++i)
    CHECK(world.wakes[i].first == std::chrono::milliseconds(100) * (1 << i));
  CHECK(world.starts == 5);
  CHECK(world.losses == 5);
  CHECK(world.board->probe("channel/t/c", "channel", "keeper")->restarts == 5);
  CHECK(world.board->probe("channel/t/c", "channel", "keeper")->last_error().text == "no luck");
}

TEST_CASE("a child that crashes more than its budget is tripped and tried again after a minute") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  for (int i = 0; i < 5; ++i) world.ring();
  const auto probe = world.board->probe("channel/t/c", "channel", "keeper");
  CHECK(probe->life == actor_life::tripped);
  CHECK(world.wakes.back().first == std::chrono::seconds(60));
  world.ring();
  CHECK(probe->life == actor_life::restarting);
  CHECK_FALSE(world.table->escalation());
}

TEST_CASE("a quarantined child never reaches the root, one that escalates is not started again") {
  failing_children quarantined;
  quarantined.add("tenant/t", on_exhaustion::quarantine);
  for (int i = 0; i < 5; ++i) quarantined.ring();
  CHECK(quarantined.board->probe("tenant/t", "tenant", "keeper")->life == actor_life::quarantined);
  CHECK_FALSE(quarantined.table->escalation());

  failing_children escalating;
  escalating.add("group/t", on_exhaustion::escalate);
  for (int i = 0; i < 5; ++i) escalating.ring();
  REQUIRE(escalating.table->escalation());
  CHECK(escalating.table->escalation()->find("no luck") != std::string::npos);
  CHECK(escalating.starts == 6);
  CHECK(escalating.wakes.size() == 5);
}

TEST_CASE("a token of the owner's own is not taken for a child's, a stale one starts nobody") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  CHECK_FALSE(world.table->woken(7));
  const auto stale = world.wakes.back().second;
  world.ring();
  const int before = world.starts;
  CHECK(world.table->woken(stale));
  CHECK(world.starts == before);
}

TEST_CASE("a removed child is forgotten") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  const auto token = world.wakes.back().second;
  world.table->remove("channel/t/c");
  CHECK(world.table->woken(token));
  CHECK(world.starts == 1);
  CHECK_FALSE(world.table->has("channel/t/c"));
  CHECK(world.board->all().empty());
}

TEST_CASE("a child whose deaths of before were quick and many starts in quarantine") {
  failing_children world;
  const wall_time present{}; // as time stands there
  world.board->set_deaths("tenant/t", 4, present);
  world.board->set_deaths("poller/t/i", 2, present);
  world.add("tenant/t", on_exhaustion::quarantine);
  CHECK(world.starts == 0);
  CHECK(world.board->probe("tenant/t", "tenant", "keeper")->life == actor_life::quarantined);
  CHECK(world.wakes.back().first == std::chrono::minutes(2));
  world.ring();
  CHECK(world.starts == 1);
  CHECK(world.board->deaths("tenant/t") == 5);

  world.add("poller/t/i", on_exhaustion::quarantine);
  CHECK(world.starts == 2);
  CHECK(world.board->deaths("poller/t/i") == 3);
}

TEST_CASE("a quarantine is counted from the last death, wherever it began") {
  for (const auto& [ago, left] : {std::pair(std::chrono::seconds(30), std::chrono::seconds(90)),
                                  std::pair(std::chrono::seconds(-600), std::chrono::seconds(120)),
                                  std::pair(std::chrono::seconds(121), std::chrono::seconds(0))}) {
    failing_children world;
    world.board->set_deaths("tenant/t", 4, wall_time{} - ago);
    world.add("tenant/t", on_exhaustion::quarantine);
    CHECK(world.starts == (left.count() == 0 ? 1 : 0));
    if (left.count() > 0) CHECK(world.wakes.back().first == left);
  }
}

TEST_CASE("a death in this process begins the quarantine anew for whoever is added by another supervisor") {
  failing_children world;
  world.board->set_deaths("poller/t/i", 4, wall_time{} - std::chrono::hours(1));
  world.board->died("poller/t/i", wall_time{});
  world.add("poller/t/i", on_exhaustion::quarantine);
  CHECK(world.starts == 0);
}

TEST_CASE("the deaths of a channel are its rows' matter, those of a removed child nobody's") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  CHECK(world.board->deaths("channel/t/c") == 0);
  world.add("poller/t/i", on_exhaustion::quarantine);
  CHECK(world.board->deaths("poller/t/i") == 1);
  world.table->remove("poller/t/i");
  CHECK(world.board->deaths("poller/t/i") == 0);
}

TEST_CASE("once nobody is to be started, neither new children nor crashed ones are") {
  failing_children world;
  world.add("channel/t/c", on_exhaustion::trip);
  world.table->start_no_more();
  world.ring();
  CHECK(world.starts == 1);
  CHECK(world.board->probe("channel/t/c", "channel", "keeper")->life == actor_life::stopped);
  world.add("channel/t/d", on_exhaustion::trip);
  CHECK(world.starts == 1);
}
