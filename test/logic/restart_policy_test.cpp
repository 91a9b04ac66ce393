#include "actors/logic/restart_policy.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <vector>

namespace ringdown {

using namespace std::chrono_literals;
using namespace logic;

TEST_CASE("restarts back off, forget old crashes and tell when there were too many") {
  restart_history history(restart_budget{3, 30s});
  steady_time now{1000s};
  const std::vector<duration> waits{100ms, 200ms, 400ms};
  for (const auto wait : waits) {
    const auto decided = history.crashed(now, 0.0);
    CHECK(decided.delay == wait);
    CHECK_FALSE(decided.exceeded);
    now += 1s;
  }
  CHECK(history.crashed(now, 0.0).exceeded);
  CHECK(history.recent(now) == 4);
  now += 31s;
  CHECK(history.recent(now) == 0);
  CHECK_FALSE(history.crashed(now, 0.0).exceeded);
  CHECK(history.crashed(now, 0.0).delay == 200ms);
  history.forget();
  CHECK(history.crashed(now, 0.0).delay == 100ms);
}

TEST_CASE("jitter halves a restart delay at most, and a delay has an end") {
  restart_history history(restart_budget{1000, 1h});
  CHECK(history.crashed(steady_time{1s}, 0.999).delay >= 50ms);
  duration longest{};
  for (int i = 0; i < 100; ++i) longest = std::max(longest, history.crashed(steady_time{1s}, 0.0).delay);
  CHECK(longest == 30s);
}

TEST_CASE("three quick deaths are a quarantine, and each one more doubles it") {
  const auto [deaths, minutes] = GENERATE(table<std::uint32_t, int>(
      {{0, 0}, {1, 0}, {2, 0}, {3, 1}, {4, 2}, {5, 4}, {8, 32}, {9, 60}, {10, 60}, {4'000'000'000, 60}}));
  CHECK(quarantine_before_start(deaths) == std::chrono::minutes(minutes));
}

} // namespace ringdown
