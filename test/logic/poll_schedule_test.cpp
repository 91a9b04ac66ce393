#include "actors/logic/poll_schedule.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <array>
#include <cstdlib>
#include <set>
#include <string>

namespace ringdown {

using namespace std::chrono_literals;
using namespace logic;

TEST_CASE("phases spread instances evenly over the interval and never change") {
  std::array<int, 10> tenths{};
  for (int i = 0; i < 10'000; ++i) {
    const double phase = phase_of(tenant_id("t"), instance_id("pbx-" + std::to_string(i)));
    REQUIRE(phase >= 0.0);
    REQUIRE(phase < 1.0);
    ++tenths[static_cast<std::size_t>(phase * 10)];
  }
  for (const int count : tenths) CHECK(std::abs(count - 1000) < 200);
  CHECK(phase_of(tenant_id("a"), instance_id("b")) == phase_of(tenant_id("a"), instance_id("b")));
  CHECK(phase_of(tenant_id("a"), instance_id("b")) != phase_of(tenant_id("b"), instance_id("a")));
}

TEST_CASE("properties: the next slot is strictly later, within one interval, and always of the same series") {
  CHECK(rc::check([](std::int64_t at) {
    const auto interval = duration(*rc::gen::inRange<std::int64_t>(5'000'000, 3'600'000'000));
    const double phase = *rc::gen::inRange(0, 1000) / 1000.0;
    const steady_time now{std::chrono::nanoseconds(at % 1'000'000'000'000'000'000)};
    const auto slot = next_slot(phase, interval, now);
    RC_ASSERT(slot > now);
    RC_ASSERT(slot - now <= interval);
    RC_ASSERT(next_slot(phase, interval, slot) - slot == interval);
    RC_ASSERT(next_slot(phase, interval, slot - 1ns) == slot);
  }));
}

TEST_CASE("slots of instances that are polled at nearly the same time are the same") {
  const steady_time now{std::chrono::hours(10)};
  std::set<steady_time> slots;
  for (int i = 0; i < 10'000; ++i)
    slots.insert(next_slot(phase_of(tenant_id("t"), instance_id("pbx-" + std::to_string(i))), 60s, now));
  CHECK(slots.size() == 120);
  // Of a short interval there are twenty.
  CHECK(next_slot(0.501, 500ms, now) == next_slot(0.549, 500ms, now));
  CHECK(next_slot(0.501, 500ms, now) != next_slot(0.551, 500ms, now));
}

} // namespace ringdown
