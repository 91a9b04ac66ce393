// A wall clock that is set back makes nothing wait for it.
#include "test/logic/call_bench.hpp"
#include "test/logic/two_people.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::test;
using namespace ringdown::logic;
using enum alert_type;

TEST_CASE("a clock that is set back makes no step wait for it") {
  auto config = with_policy();
  config.escalation.steps = {{5min, {"user:kim"}}};
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(1min);
  t.now -= 3h;
  SECTION("in the same process") { t.tick(); }
  SECTION("in another") {
    t.restart();
    t.configure(config);
  }
  t.pass(5min);
  CHECK(rows_on(t, kim_push).size() == 1);
}

TEST_CASE("a clock that was set back once is not set back again by each start") {
  auto config = with_policy();
  config.escalation.steps = {{5min, {"user:kim"}}};
  tenant_bench t(config);
  t.news({failing(trunk_down)});
  t.pass(1min);
  t.now -= 3h;
  for (int starts = 0; starts < 3; ++starts) {
    t.restart();
    t.configure(config);
    t.pass(1min);
  }
  CHECK(rows_on(t, kim_push).empty());
  t.pass(2min);
  CHECK(rows_on(t, kim_push).size() == 1);
}

TEST_CASE("a clock that is set back makes no late critical wait for it") {
  auto config = two_people();
  config.channels.push_back(channel("spare-mail", "mail"));
  tenant_bench t(config);
  t.slow = true;
  t.news({failing(trunk_down)});
  SECTION("it is late at once, for nobody knows how long it was not looked at") {
    t.now -= GENERATE(as<duration>(), 20s, 1h);
    SECTION("by the same process") { t.tick(); }
    SECTION("by another") {
      t.restart();
      t.configure(config);
    }
    t.pass(0s);
    REQUIRE(rows_on(t, mail).size() == 1);
    CHECK(failing_channel(t, push) == nullptr);
    t.pass(90s);
    CHECK(failing_channel(t, push) != nullptr);
  }
  SECTION("backups are told in their time") {
    t.now -= 1h;
    t.tick();
    t.pass(5min);
    CHECK(t.at(trunk_down).backed_up);
  }
}

TEST_CASE("a clock that is set back makes no phone wait for it") {
  call_bench t;
  t.news({failing(trunk_down)});
  t.pass(1min);
  const auto restarts = GENERATE(false, true);
  const auto back = [&] {
    t.now -= 5h;
    if (restarts) t.restart();
    t.configure(t.config());
  };
  SECTION("before the first ring") {
    back();
    t.pass(2min);
    CHECK(!t.all_calls().empty());
  }
  SECTION("between two rounds") {
    t.pass(1min);
    for (std::size_t seen = 0; seen < 4; t.pass(95s))
      while (seen < t.all_calls().size()) t.rings_out(t.all_calls()[seen++]);
    back();
    t.pass(11min);
    CHECK(t.all_calls().size() > 4);
  }
  SECTION("while a call is under way that nobody hears of again") {
    t.pass(1min);
    t.placed(t.newest());
    back();
    t.pass(10min);
    CHECK(t.all_calls().size() > 1);
  }
}
