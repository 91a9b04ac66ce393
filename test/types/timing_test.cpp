#include "protocol/types/timing.hpp"

#include "test/support/catch.hpp"

#include <set>
#include <string>

namespace ringdown {

TEST_CASE("every field of timing has one name") {
  std::set<std::string> names;
  for (const auto& one : timing_durations()) names.emplace(one.name);
  for (const auto& one : timing_counts()) names.emplace(one.name);
  CHECK(names.size() == timing_durations().size() + timing_counts().size());
  // A field without a name could not be configured: the struct holds exactly what the tables name.
  CHECK(sizeof(timing) >= timing_durations().size() * sizeof(duration) + timing_counts().size() * sizeof(int));
  CHECK(sizeof(timing) <
        (timing_durations().size() + 1) * sizeof(duration) + (timing_counts().size() + 1) * sizeof(int));
}

TEST_CASE("each name changes its own field and no other") {
  for (const auto& one : timing_durations()) {
    INFO(one.name);
    timing changed;
    changed.*one.field += std::chrono::seconds(1);
    int differing = 0;
    for (const auto& other : timing_durations()) differing += changed.*other.field != timing{}.*other.field ? 1 : 0;
    CHECK(differing == 1);
  }
}

TEST_CASE("the narrowest override wins, the rest stays") {
  timing_override tenant;
  tenant.spans = {{&timing::poll_interval, std::chrono::seconds(30)}, {&timing::retry_cap, std::chrono::minutes(1)}};
  tenant.counts = {{&timing::flap_changes, 9}};
  timing_override instance;
  instance.spans = {{&timing::poll_interval, std::chrono::seconds(10)}};
  const timing applied = instance.applied_to(tenant.applied_to(timing{}));
  CHECK(applied.poll_interval == std::chrono::seconds(10));
  CHECK(applied.retry_cap == std::chrono::minutes(1));
  CHECK(applied.flap_changes == 9);
  CHECK(applied.degraded_polls == timing{}.degraded_polls);
  CHECK(timing_override{}.applied_to(applied) == applied);
}

} // namespace ringdown
