#include "actors/clock.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace std::chrono_literals;

namespace {

constexpr wall_time there{1'795'000'000s}; // what the register said

} // namespace

TEST_CASE("the common clock says what the register said, and how long ago") {
  common_clock clock;
  CHECK_FALSE(clock.at(5h));
  clock.hear(there, 5h, 5h + 20ms);
  CHECK(clock.at(5h + 20ms) ==
        there); // as if it had been read last of all: it asked for long, and was answered at once
  CHECK(clock.at(6h + 20ms) == there + 1h);
}

TEST_CASE("the common clock is set no further than an answer proves it wrong") {
  common_clock clock;
  clock.hear(there, 5h, 5h + 20ms);
  clock.hear(there + 1s, 5h, 5h + 10s); // took long, and may well be right
  CHECK(clock.at(5h + 20ms) == there);
  clock.hear(there + 60s, 5h + 60s, 5h + 60s + 4ms); // at most 4 ms behind the clock here
  CHECK(clock.at(5h + 60s) == there + 60s - 4ms);
  clock.hear(there + 2h, 5h + 1h, 5h + 1h); // it was set forward
  CHECK(clock.at(5h + 1h) == there + 2h);
  clock.hear(there, 5h + 2h, 5h + 2h); // and back
  CHECK(clock.at(5h + 2h) == there);
}

TEST_CASE("the time of a node alone is its machine's, with a common clock it is that one, once it is known") {
  CHECK_FALSE(system_time().off);
  const auto common = std::make_shared<common_clock>();
  const time_source time = system_time(common);
  CHECK(std::chrono::abs(time.now().wall - system_time().now().wall) < 1h);
  CHECK_FALSE(time.off());
  const boot_time present = time.boot();
  common->hear(system_time().now().wall - 48h, present, present);
  CHECK(time.now().wall < system_time().now().wall - 47h);
  CHECK(time.off() > 47h);
  CHECK(time.off() < 49h);
}
