#include "actors/logic/call_ladder.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

constexpr wall_time start = wall_time{std::chrono::microseconds{1'790'000'000'000'000}};
const callable jo{"jo", "+12025550101"};
const callable desk{"fallback", "+12025550102"};
const callable kim{"kim", "+12025550103"};

call_chain chain(std::vector<callable> usable) { return {std::move(usable), ""}; }

call_ladder fresh() {
  call_ladder l;
  l.begun = l.due = start;
  return l;
}

// Rings as the ladder says, each call ending as `result` half a minute later, until `until`; "jo+0 jo+90 ...".
std::string played(const call_chain& who, call_result result, duration until, keypad keys = keypad::on) {
  const timing times;
  call_ladder l = fresh();
  std::string story;
  while (l.due <= start + until && !l.heard) {
    const wall_time now = l.due;
    ring_verdict next = next_ring(std::move(l), who, times, now);
    l = std::move(next.ladder);
    if (next.step != ring_step::ring) continue;
    story += (story.empty() ? "" : " ") + next.whom.person + "+" +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - start).count());
    const delivery_id call("dl_" + std::to_string(l.rings));
    l = rung(std::move(l), next.whom, call);
    l = after_call(std::move(l), result, keys, read_out::yes, now, times, now + 30s);
  }
  return story;
}

} // namespace

TEST_CASE("each number is rung twice within three minutes, then the next, in rounds at 0, 10, 30 and 90 minutes") {
  CHECK(played(chain({jo, desk}), call_result::no_answer, 9min) == "jo+0 jo+90 fallback+120 fallback+210");
  CHECK(played(chain({jo}), call_result::busy, 155min) ==
        "jo+0 jo+90 jo+600 jo+690 jo+1800 jo+1890 jo+5400 jo+5490 jo+9000 jo+9090");
}

TEST_CASE("a machine, a busy or a failed call is rung again like one that rang out") {
  for (const auto result : {call_result::machine, call_result::busy, call_result::failed, call_result::none})
    CHECK(played(chain({jo, desk}), result, 9min) == "jo+0 jo+90 fallback+120 fallback+210");
}

TEST_CASE("who answers and presses nothing may be a greeting, and is rung again") {
  CHECK(played(chain({jo, desk}), call_result::listener, 9min) == "jo+0 jo+90 fallback+120 fallback+210");
  CHECK(played(chain({jo}), call_result::listener, 25min) == "jo+0 jo+90 jo+600 jo+690");
}

TEST_CASE("a person who pressed a key and has not said that they have it is followed by the next") {
  CHECK(played(chain({jo, desk, kim}), call_result::human, 9min) == "jo+0 fallback+30 kim+60");
}

TEST_CASE("without a keypad the first answer that is no machine ends the ladder") {
  CHECK(played(chain({jo, desk}), call_result::listener, 60min, keypad::off) == "jo+0");
  CHECK(played(chain({jo, desk}), call_result::machine, 9min, keypad::off) == "jo+0 jo+90 fallback+120 fallback+210");
}

TEST_CASE("who heard another alert's call has not heard this one") {
  const timing times;
  auto l = rung(fresh(), jo, delivery_id("dl_1"));
  l = after_call(std::move(l), call_result::human, keypad::off, read_out::no, start, times, start + 30s);
  CHECK_FALSE(l.heard);
  CHECK(l.due == start + 30s);
  CHECK(next_ring(l, chain({jo}), times, start + 30s).step == ring_step::ring);
}

TEST_CASE("a chain that changes within a round leaves nobody out and rings nobody anew") {
  const timing times;
  auto l = rung(fresh(), jo, delivery_id("dl_1"));
  l = after_call(std::move(l), call_result::human, keypad::on, read_out::yes, start, times, start + 10s);
  const auto next = next_ring(l, chain({kim, jo}), times, start + 10s);
  CHECK(next.whom == kim);
  const auto nobody = next_ring(l, chain({jo}), times, start + 10s);
  CHECK(nobody.step == ring_step::wait);
  CHECK(nobody.ladder.due == start + 10min);
}

TEST_CASE("a number that left the chain between two rings is not rung again") {
  const timing times;
  auto l = rung(fresh(), jo, delivery_id("dl_1"));
  l = after_call(std::move(l), call_result::no_answer, keypad::on, read_out::no, start, times, start + 30s);
  CHECK(next_ring(l, chain({kim}), times, start + 90s).whom == kim);
}

TEST_CASE("a chain of nobody is asked again later") {
  const timing times;
  const auto verdict = next_ring(fresh(), chain({}), times, start);
  CHECK(verdict.step == ring_step::nobody);
  CHECK(verdict.ladder.due == start + times.ring_round_2);
}

TEST_CASE("a round that took longer than the wait is followed by the next at once") {
  const timing times;
  auto l = fresh();
  l.called = {jo.number};
  const auto verdict = next_ring(l, chain({jo}), times, start + 11min);
  CHECK(verdict.step == ring_step::ring);
  CHECK(verdict.ladder.round == 1);
}

TEST_CASE("who is rung out of turn takes no round's place") {
  const timing times;
  auto l = fresh();
  l.rings = 2;
  l.round = 1; // due at ten minutes
  l = ring_now(std::move(l), start + 5min);
  CHECK(l.begun == start);
  const auto early = next_ring(l, chain({jo}), times, start + 5min);
  REQUIRE(early.step == ring_step::ring);
  l = done_with_number(rung(early.ladder, jo, delivery_id("dl_3")), start + 6min);
  const auto after = next_ring(l, chain({jo}), times, start + 6min);
  CHECK(after.step == ring_step::wait);
  CHECK(after.ladder.round == 1);
  CHECK(after.ladder.due == start + 10min);
  l = done_with_number(rung(next_ring(after.ladder, chain({jo}), times, start + 10min).ladder, jo, delivery_id("dl_4")),
                       start + 11min);
  CHECK(next_ring(l, chain({jo}), times, start + 11min).ladder.due == start + 30min);
}

TEST_CASE("a first ring that is pulled forward begins the rounds") {
  auto l = fresh();
  l.begun = l.due = start + 2min;
  l = ring_now(std::move(l), start + 1min);
  CHECK(l.begun == start + 1min);
  CHECK(l.due == start + 1min);
}

TEST_CASE("time that stood still is not made up for") {
  auto l = fresh();
  l.due = start + 5min;
  freeze(l, start + 2min);
  freeze(l, start + 4min); // the first counts
  thaw(l, start + 60min);
  CHECK(l.due == start + 63min);
  CHECK(l.begun == start + 58min);
  CHECK_FALSE(l.frozen);
}

TEST_CASE("a ladder and an escalation read back as they were written") {
  call_ladder l = fresh();
  l.round = 3;
  l.rings = 7;
  l.tries = 1;
  l.number = jo.number;
  l.called = {desk.number, kim.number};
  l.first = user_id("kim");
  l.call = delivery_id("dl_9");
  l.frozen = 90s;
  l.heard = l.nobody_told = true;
  CHECK(parse_call_ladder(to_text(l)) == l);
  CHECK(parse_call_ladder(to_text(call_ladder())) == call_ladder());
  escalation_state e;
  e.steps = {{5min, {"oncall", "user:jo"}}, {15min, {"channel:noc-push"}}};
  e.next = 1;
  e.cycles = 3;
  e.begun = e.due = start;
  CHECK(parse_escalation(to_text(e)) == e);
  for (const char* broken : {"due", "due=x", "round=-1", "step=x:oncall", "frozen="})
    CHECK_FALSE((parse_call_ladder(broken).has_value() && parse_escalation(broken).has_value()));
}

TEST_CASE("what is told again is said to be called as its ladder has it, and not as if it had just begun") {
  tenant_config config;
  config.voice.types = {alert_type::trunk_down};
  channel_config over;
  alert a;
  a.key.type = alert_type::trunk_down;
  a.level = severity::critical;
  a.opened = start;
  const auto now = start + 30s;
  const auto due_in = [&](duration wait) { return "due by " + rfc3339(now + wait).substr(11, 8) + " UTC, "; };
  const auto outlook = [&] { return outlook_of(a, over, config, now); };
  CHECK(outlook().detail.starts_with(due_in(config.times.call_after_trunk - 30s)));
  a.opened = now + 1h; // the clock was set back
  CHECK(outlook().detail.starts_with(due_in(config.times.call_after_trunk)));
  a.ladder = fresh();
  CHECK(outlook().detail.starts_with(due_in(0s)));
  a.ladder->due = now + 90s;
  CHECK(outlook().why == reason::call_due);
  CHECK(outlook().detail.starts_with(due_in(90s)));
  a.ladder->frozen = 20s;
  CHECK(outlook().detail.starts_with(due_in(20s)));
  a.ladder->call = delivery_id("dl_1");
  CHECK(outlook().why == reason::number_busy);
  a.ladder->heard = true;
  CHECK(outlook().why == reason::not_above_told);
}
