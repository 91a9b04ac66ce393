#include "actors/api/answers.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using ringdown::api::command_outcome;
using ringdown::api::pending_answers;

namespace {

const steady_time start{std::chrono::hours(1)};

} // namespace

TEST_CASE("whoever waits for a command gets its result once") {
  pending_answers answers;
  int told = 0;
  answers.wait("cm_1", start, [&](const command_outcome& got) {
    ++told;
    REQUIRE(got);
    REQUIRE(got->has_value());
    CHECK((*got)->answer == command_answer::already);
  });
  answers.stored("cm_1");
  answers.decided({"cm_2", command_answer::done, ""});
  CHECK(told == 0);
  answers.decided({"cm_1", command_answer::already, ""});
  answers.decided({"cm_1", command_answer::done, ""});
  answers.not_stored("cm_1", {});
  answers.expire(start + std::chrono::hours(1));
  CHECK(told == 1);
}

TEST_CASE("a stored command nobody decides in time is answered with nothing, one not stored with a failure") {
  pending_answers answers;
  int undecided = 0;
  int lost = 0;
  const auto count = [&](const command_outcome& got) {
    if (got) CHECK_FALSE(got->has_value());
    ++(got ? undecided : lost);
  };
  answers.wait("cm_1", start + std::chrono::seconds(5), count);
  answers.wait("cm_2", start + std::chrono::seconds(5), count);
  answers.stored("cm_2");
  answers.expire(start + std::chrono::seconds(4));
  CHECK(undecided + lost == 0);
  answers.expire(start + std::chrono::seconds(5));
  CHECK(undecided == 1);
  CHECK(lost == 1);
  answers.wait("cm_3", start, count);
  answers.not_stored("cm_3", {failure_kind::unavailable, "away"});
  CHECK(lost == 2);
}
