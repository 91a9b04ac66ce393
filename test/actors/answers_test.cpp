#include "actors/api/answers.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using ringdown::api::pending_answers;

namespace {

const steady_time start{std::chrono::hours(1)};

} // namespace

TEST_CASE("whoever waits for a command gets its result once") {
  pending_answers answers;
  int told = 0;
  answers.wait("cm_1", start, [&](const std::optional<command_result>& got) {
    ++told;
    REQUIRE(got);
    CHECK(got->answer == command_answer::already);
  });
  answers.decided({"cm_2", command_answer::done, ""});
  CHECK(told == 0);
  answers.decided({"cm_1", command_answer::already, ""});
  answers.decided({"cm_1", command_answer::done, ""});
  answers.expire(start + std::chrono::hours(1));
  CHECK(told == 1);
}

TEST_CASE("a command nobody decides in time is answered with nothing") {
  pending_answers answers;
  int told = 0;
  answers.wait("cm_1", start + std::chrono::seconds(5), [&](const std::optional<command_result>& got) {
    ++told;
    CHECK_FALSE(got);
  });
  answers.expire(start + std::chrono::seconds(4));
  CHECK(told == 0);
  answers.expire(start + std::chrono::seconds(5));
  CHECK(told == 1);
}
