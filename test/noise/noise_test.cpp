// A small fleet with much trouble: polls that are left out change nothing, and the account notices what is wrong.
#include "test/noise/run.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::noise;

namespace {

settings small_fleet() {
  settings with;
  with.seed = 7;
  with.days = 2;
  with.pbxes = 20;
  with.tenants = 2;
  with.troubles = 15;
  return with;
}

} // namespace

TEST_CASE("polls that cannot say anything new change no effect") {
  settings with = small_fleet();
  const outcome quick = run(with, keep::effects);
  with.skip_polls = false;
  const outcome slow = run(with, keep::effects);
  CHECK(quick.skipped > quick.polls / 2);
  CHECK(slow.skipped == 0);
  CHECK(quick.effects.size() > 1000);
  REQUIRE(quick.effects.size() == slow.effects.size());
  for (std::size_t i = 0; i < quick.effects.size(); ++i) REQUIRE(quick.effects[i] == slow.effects[i]);
}

TEST_CASE("the same seed is the same month") {
  const settings with = small_fleet();
  CHECK(run(with, keep::effects).effects == run(with, keep::effects).effects);
}
