// Calls that wait for their turn at the provider's account: which goes first, when they end, and what is known of them later.
#include "test/persistence/calls.hpp"
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

#include <string>

namespace ringdown::persistence::conformance {

using namespace std::chrono_literals;

void calls_wait_for_their_turn_but_not_for_a_number(const store_opener& open) {
  desk work(open);
  const alert first = make_alert("al_1");
  const alert second = make_alert("al_2");
  auto batch = work.batch();
  batch.alerts = {first, second};
  batch.deliveries = {call_row("dl_1", first), call_row("dl_2", second)};
  for (delivery& row : batch.deliveries) row.give_up_at = noon + 1min;
  batch.calls = {record_of(batch.deliveries[0]), record_of(batch.deliveries[1])};
  work.commit(batch);
  CHECK(claimed(work, noon + 3min) == ids{"dl_1"});
  CHECK(work.fate("dl_2") == "dead expired");
}

void calls_wait_ten_minutes_and_codes_do_not(const store_opener& open) {
  desk work(open);
  const alert first = make_alert("al_1");
  const alert second = make_alert("al_2");
  auto batch = work.batch();
  batch.alerts = {first, second};
  batch.deliveries = {call_row("dl_code", first), call_row("dl_long", first), call_row("dl_old", second)};
  for (delivery& row : batch.deliveries) {
    row.created = noon;
    row.give_up_at = noon + 1min;
  }
  batch.deliveries[1].target = "+12025550111";
  batch.deliveries[2].target = "+12025550122";
  batch.calls = {record_of(batch.deliveries[1]), record_of(batch.deliveries[2])}; // a code has none
  work.commit(batch);
  SECTION("one whose turn comes late has as long as any other from then on") {
    CHECK(claimed(work, noon + 9min) == ids{"dl_long", "dl_old"});
    CHECK(work.row("dl_long").give_up_at == noon + 10min);
    CHECK(work.fate("dl_code") == "dead expired");
  }
  SECTION("a node that was away rings for nothing of before") {
    CHECK(claimed(work, noon + 2h).empty());
    for (const char* id : {"dl_code", "dl_long", "dl_old"}) CHECK(work.fate(id) == "dead expired");
  }
}

void ends_of_calls_come_back_until_they_are_heard(const store_opener& open) {
  desk work(open);
  auto batch = work.batch();
  for (const char* id : {"1", "2", "3"}) {
    batch.alerts.push_back(make_alert(std::string("al_") + id));
    batch.deliveries.push_back(call_row(std::string("dl_") + id, batch.alerts.back(), number + id));
    batch.calls.push_back(record_of(batch.deliveries.back()));
  }
  work.commit(batch);
  const auto settled = [&] { return open()->load_tenant(work.tenant, "n1", noon)->settled; };
  REQUIRE(claimed(work).size() == 3);
  CHECK(settled().empty());
  auto taken = work.outcome("dl_1", delivery_state::sent);
  taken.reference = "CA1";
  REQUIRE(work.settle(taken).ok());
  REQUIRE(work.settle(work.outcome("dl_2", delivery_state::dead)).ok());
  const auto ends = settled();
  REQUIRE(ends.size() == 2);
  CHECK(ends[0].id == delivery_id("dl_1"));
  CHECK(ends[0].state == delivery_state::sent);
  CHECK(ends[0].reference == "CA1");
  CHECK(ends[1].state == delivery_state::dead);
  auto heard = work.batch();
  heard.calls = {batch.calls[0]};
  heard.calls[0].stage = call_stage::placed;
  work.commit(heard);
  CHECK(settled().size() == 1);
}

} // namespace ringdown::persistence::conformance
