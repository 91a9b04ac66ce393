#include "actors/logic/delivery_policy.hpp"

#include "test/support/catch.hpp"

#include <optional>
#include <vector>

namespace ringdown {

using namespace std::chrono_literals;
using namespace logic;

namespace {

constexpr wall_time now{1'700'000'000s};

delivery row_at(std::uint32_t attempts, severity level = severity::critical) {
  delivery row;
  row.attempts = attempts;
  row.level = level;
  row.give_up_at = now + 6h;
  return row;
}
attempt_outcome came(outcome_kind kind, std::optional<duration> retry_after = std::nullopt) {
  return {kind, "", "", retry_after, 0};
}

} // namespace

TEST_CASE("an attempt's outcome decides the row's next state") {
  struct row {
    outcome_kind kind;
    key_knowledge keys;
    severity level;
    delivery_state state;
    reason why;
    bool flagged;
  };
  const std::vector<row> rows{
      {outcome_kind::accepted, key_knowledge::unkeyed, severity::critical, delivery_state::sent, reason::none, false},
      {outcome_kind::refused, key_knowledge::unkeyed, severity::critical, delivery_state::dead, reason::refused, false},
      {outcome_kind::retry, key_knowledge::unkeyed, severity::info, delivery_state::pending, reason::none, false},
      {outcome_kind::not_sent, key_knowledge::unkeyed, severity::info, delivery_state::pending, reason::none, false},
      {outcome_kind::unknown, key_knowledge::keyed, severity::info, delivery_state::pending, reason::none, true},
      {outcome_kind::unknown, key_knowledge::unkeyed, severity::critical, delivery_state::pending, reason::none, true},
      {outcome_kind::unknown, key_knowledge::unkeyed, severity::warning, delivery_state::unknown,
       reason::outcome_unknown, false},
  };
  for (const row& one : rows) {
    const auto next = after_attempt(row_at(1, one.level), came(one.kind), one.keys, timing{}, now, 0.5);
    CHECK(next.state == one.state);
    CHECK(next.why == one.why);
    CHECK(next.possible_repeat == one.flagged);
  }
}

TEST_CASE("retries double up to the cap, and Retry-After wins when it is longer") {
  const timing times;
  const auto wait = [&](std::uint32_t attempts, double spread, std::optional<duration> asked = std::nullopt) {
    return after_attempt(row_at(attempts), came(outcome_kind::retry, asked), key_knowledge::keyed, times, now, spread)
               .not_before -
           now;
  };
  CHECK(wait(1, 0.0) == 1s);
  CHECK(wait(2, 0.0) == 2s);
  CHECK(wait(3, 0.0) == 4s);
  CHECK(wait(40, 0.0) == 5min);
  CHECK(wait(1, 0.5) == 1500ms);
  CHECK(wait(1, 0.0, 90s) == 90s);
  CHECK(wait(40, 0.0, 1s) == 5min);
}

TEST_CASE("a critical that has not arrived is tried every few seconds for a minute before its waits go on doubling") {
  const auto wait = [](std::uint32_t attempts, severity level, outcome_kind kind) {
    return after_attempt(row_at(attempts, level), came(kind), key_knowledge::keyed, timing{}, now, 0.0).not_before -
           now;
  };
  for (std::uint32_t attempts = 3; attempts <= 10; ++attempts)
    CHECK(wait(attempts, severity::critical, outcome_kind::retry) == 4s);
  CHECK(wait(11, severity::critical, outcome_kind::retry) == 8s);
  CHECK(wait(12, severity::critical, outcome_kind::retry) == 16s);
  CHECK(wait(5, severity::warning, outcome_kind::retry) == 16s);
  CHECK(wait(5, severity::critical, outcome_kind::unknown) == 16s); // it may have arrived each time
}

TEST_CASE("what cannot be tried again in time is given up, and what may have arrived is not called dead") {
  auto row = row_at(40);
  row.give_up_at = now + 1min;
  const auto retried = after_attempt(row, came(outcome_kind::retry), key_knowledge::keyed, timing{}, now, 0.0);
  CHECK(retried.state == delivery_state::dead);
  CHECK(retried.why == reason::expired);
  const auto unknown = after_attempt(row, came(outcome_kind::unknown), key_knowledge::keyed, timing{}, now, 0.0);
  CHECK(unknown.state == delivery_state::unknown);
  CHECK(unknown.why == reason::outcome_unknown);
  row.possible_repeat = true;
  CHECK(after_attempt(row, came(outcome_kind::retry), key_knowledge::unkeyed, timing{}, now, 0.0).state ==
        delivery_state::unknown);
  const auto refused = after_attempt(row, came(outcome_kind::refused), key_knowledge::unkeyed, timing{}, now, 0.0);
  CHECK(refused.state == delivery_state::unknown);
  CHECK(refused.why == reason::refused);
}

TEST_CASE("an attempt that never left goes back at once, until its deadline") {
  auto row = row_at(1);
  CHECK(after_attempt(row, came(outcome_kind::not_sent), key_knowledge::keyed, timing{}, now, 0.5).not_before == now);
  row.give_up_at = now;
  CHECK(after_attempt(row, came(outcome_kind::not_sent), key_knowledge::keyed, timing{}, now, 0.5).state ==
        delivery_state::dead);
}

} // namespace ringdown
