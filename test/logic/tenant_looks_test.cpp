// The last look at a PBX before a phone rings: what recovers by itself recovers unseen between two polls.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::test;
using enum alert_type;

namespace {

bool asks(const tenant_bench& t, const instance_id& whom) {
  return std::ranges::find(t.last.settle, whom) != t.last.settle.end();
}

// Shortly before the phone of a trunk is due, at two minutes.
void wait_until_asked(call_bench& t) {
  t.looked_at = false;
  t.news({failing(trunk_down)});
  t.pass(110s);
  CHECK_FALSE(asks(t, hq));
  t.pass(1s);
  CHECK(asks(t, hq));
}

} // namespace

TEST_CASE("before the first ring its PBX is looked at once more, and the ring waits for what that says") {
  call_bench t;
  wait_until_asked(t);
  SECTION("still so, seen before the ring is due") {
    t.pass(5s);
    t.settled();
    t.pass(3s);
    CHECK(t.all_calls().empty());
    t.pass(1s);
    CHECK(t.all_calls().size() == 1);
  }
  SECTION("still so, seen a little later") {
    t.pass(11s);
    CHECK(t.all_calls().empty());
    t.settled();
    t.pass(0s);
    CHECK(t.all_calls().size() == 1);
  }
  SECTION("recovered") {
    t.pass(11s);
    t.news({healthy(trunk_down)});
    t.settled();
    t.pass(1h);
    CHECK(t.all_calls().empty());
  }
  SECTION("another PBX answers") {
    t.pass(10s);
    t.settled(branch);
    t.pass(0s);
    CHECK(t.all_calls().empty());
  }
  SECTION("nobody answers: it rings all the same") {
    t.pass(17s);
    CHECK(t.all_calls().empty());
    t.pass(1s);
    CHECK(t.all_calls().size() == 1);
  }
}

TEST_CASE("only the first ring waits for a look") {
  call_bench t;
  wait_until_asked(t);
  t.settled();
  t.pass(9s);
  REQUIRE(t.all_calls().size() == 1);
  t.rings_out(t.newest());
  t.pass(65s);
  CHECK(t.all_calls().size() == 2);
}

TEST_CASE("what is called about at once waits for no look") {
  call_bench t;
  t.looked_at = false;
  t.news({failing(bridge_down)});
  t.pass(0s);
  CHECK(t.all_calls().size() == 1);
}
