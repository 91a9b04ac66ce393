#include "actors/logic/poll_schedule.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <array>
#include <cstdlib>
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

} // namespace ringdown
