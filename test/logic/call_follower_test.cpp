#include "actors/logic/call_follower.hpp"
#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

constexpr wall_time start = wall_time{std::chrono::microseconds{1'790'000'000'000'000}};
const delivery_id one("dl_1");

std::string steps(call_follower& watch, wall_time now) {
  std::string text;
  for (const call_step& step : watch.due(now))
    text += (text.empty() ? "" : " ") + step.call.str() + (step.act == call_act::ask ? " ask " : " hang_up ") +
            step.reference;
  return text;
}

} // namespace

TEST_CASE("a call is asked about at its interval until it ends, one question at a time") {
  call_follower watch(3s);
  watch.follow(one, "CA1", call_stage::placed, start);
  watch.follow(one, "CA2", call_stage::placed, start); // known already
  CHECK(watch.next() == start + 3s);
  CHECK(steps(watch, start + 2s).empty());
  CHECK(steps(watch, start + 3s) == "dl_1 ask CA1");
  CHECK(steps(watch, start + 30s).empty());
  CHECK_FALSE(watch.next());
  watch.failed(one, start + 31s);
  CHECK(steps(watch, start + 34s) == "dl_1 ask CA1");
  watch.heard(one, call_stage::answered, start + 34s);
  CHECK(watch.next() == start + 37s);
  CHECK(steps(watch, start + 37s) == "dl_1 ask CA1");
  watch.heard(one, call_stage::ended, start + 37s);
  CHECK(watch.empty());
}

TEST_CASE("a call is hung up until that is done, and its end is asked for") {
  call_follower watch(20s);
  watch.hang_up(one, "", call_stage::wanted, start); // nothing to hang up yet
  CHECK(watch.empty());
  watch.follow(one, "CA1", call_stage::placed, start);
  watch.hang_up(one, "CA1", call_stage::ringing, start + 1s);
  auto due = watch.due(start + 1s);
  REQUIRE(due.size() == 1);
  CHECK(due[0].act == call_act::hang_up);
  CHECK(due[0].stage == call_stage::ringing);
  watch.failed(one, start + 2s);
  CHECK(steps(watch, start + 4s) == "dl_1 hang_up CA1");
  watch.hung_up(one, start + 4s);
  CHECK(steps(watch, start + 6s) == "dl_1 ask CA1");
  watch.heard(one, call_stage::ended, start + 6s);
  CHECK(watch.empty());
}

TEST_CASE("a hang-up asked for while a question is under way comes right after it") {
  call_follower watch(20s);
  watch.follow(one, "CA1", call_stage::placed, start);
  CHECK(steps(watch, start + 20s) == "dl_1 ask CA1");
  watch.hang_up(one, "CA1", call_stage::answered, start + 21s);
  CHECK(steps(watch, start + 21s).empty());
  watch.heard(one, call_stage::answered, start + 22s);
  CHECK(steps(watch, start + 22s) == "dl_1 hang_up CA1");
}

TEST_CASE("nobody is asked for ever about a call") {
  call_follower watch(3s);
  watch.follow(one, "CA1", call_stage::placed, start);
  CHECK(steps(watch, start + 16min).empty());
  CHECK(watch.empty());
}

TEST_CASE("answers about calls that are not watched change nothing") {
  call_follower watch(3s);
  watch.heard(one, call_stage::answered, start);
  watch.failed(one, start);
  watch.hung_up(one, start);
  CHECK(watch.empty());
}

TEST_CASE("a clock that is set back puts off no question and no hanging up") {
  call_follower watch(3s);
  watch.follow(one, "CA1", call_stage::placed, start);
  CHECK(steps(watch, start).empty());
  CHECK(steps(watch, start - 2h) == "dl_1 ask CA1");
  watch.heard(one, call_stage::ringing, start - 2h);
  CHECK(watch.next() == start - 2h + 3s);
}
