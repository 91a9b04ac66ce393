#include "bin/ringdownd/deadline.hpp"

#include "test/support/catch.hpp"

#include <atomic>
#include <future>

using namespace ringdown;

TEST_CASE("what has not ended by its deadline is told, what has ended is not") {
  std::promise<void> passed;
  {
    const deadline late(std::chrono::milliseconds(1), [&] { passed.set_value(); });
    CHECK(passed.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  }
  std::atomic<bool> told = false;
  {
    const deadline met(std::chrono::hours(1), [&] { told = true; });
  }
  CHECK_FALSE(told);
}
