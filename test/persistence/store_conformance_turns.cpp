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
  batch.deliveries = {call_row("dl_code", first), call_row("dl_long", first, "+12025550111"),
                      call_row("dl_old", second, "+12025550122")};
  batch.deliveries[0].event = notice_event::test;
  batch.deliveries[0].level = severity::info;
  batch.deliveries[0].alert = alert_id(); // nobody's
  for (delivery& row : batch.deliveries) {
    row.give_up_at = noon + 1min;
    batch.calls.push_back(record_of(row));
  }
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

namespace {

// One call, wished for at noon and waited for until a minute later.
struct lone_call {
  explicit lone_call(const store_opener& open) : work(open) {
    auto batch = work.batch();
    batch.alerts = {about};
    batch.deliveries = {call_row("dl_1", about)};
    batch.deliveries[0].give_up_at = noon + 1min;
    batch.calls = {record_of(batch.deliveries[0])};
    work.commit(batch);
  }
  // Tried at `begun`, and to be tried again five seconds later.
  void try_at(wall_time begun, outcome_kind came) {
    REQUIRE(claimed(work, begun) == ids{"dl_1"});
    auto done = work.outcome("dl_1", delivery_state::pending);
    done.ledger.number = work.row("dl_1").attempts;
    done.ledger.started = begun;
    done.ledger.outcome = came;
    done.not_before = begun + 5s;
    done.possible_repeat = came == outcome_kind::unknown;
    REQUIRE(work.settle(done).ok());
  }

  desk work;
  alert about = make_alert("al_1");
};

} // namespace

void calls_in_doubt_date_from_their_attempt(const store_opener& open) {
  lone_call at(open);
  at.try_at(noon + 3min, outcome_kind::retry); // surely not placed
  const wall_time doubtful = noon + 3min + 10s;
  SECTION("whose answer was lost") { at.try_at(doubtful, outcome_kind::unknown); }
  SECTION("that died with its channel") {
    REQUIRE(claimed(at.work, doubtful) == ids{"dl_1"});
    REQUIRE(at.work.held
                ->recover_channel(at.work.tenant, channel_id("push"), at.work.owner, key_knowledge::unkeyed, {},
                                  doubtful + 3s)
                .ok());
  }
  SECTION("and was lost twice") {
    at.try_at(doubtful, outcome_kind::unknown);
    at.try_at(doubtful + 10s, outcome_kind::unknown);
  }
  auto again = at.work.held->claim(
      {at.work.tenant, channel_id("push"), at.work.owner, 10, doubtful + 20s, target_use::exclusive});
  REQUIRE(again.ok());
  REQUIRE(again->rows.size() == 1);
  CHECK(again->rows[0].doubted_since == doubtful);
}

void calls_that_never_begin_end_in_time(const store_opener& open) {
  lone_call at(open);
  wall_time first = noon;
  SECTION("wished for just now") {}
  SECTION("after it had waited for its turn") { first += 3min; }
  for (const duration later : {0s, 20s, 55s}) at.try_at(first + later, outcome_kind::not_sent);
  CHECK(claimed(at.work, first + 60s).empty());
  CHECK(at.work.fate("dl_1") == "dead expired");
}

void calls_of_a_new_alert_go_first(const store_opener& open) {
  desk work(open);
  auto batch = work.batch();
  batch.alerts = {make_alert("al_1"), make_alert("al_2")};
  batch.deliveries = {call_row("dl_again", batch.alerts[0]), call_row("dl_first", batch.alerts[1], "+12025550199")};
  for (delivery& row : batch.deliveries) {
    row.round = 1; // its first ring joined another's call, or was given up before it was placed
    batch.calls.push_back(record_of(row));
  }
  batch.deliveries[0].not_before -= 1min;
  batch.calls[1].first = true;
  work.commit(batch);
  const auto claim = [&](std::size_t limit) {
    claim_request ask{work.tenant, channel_id("push"), work.owner, limit, noon, target_use::exclusive};
    ask.order = claim_order::by_urgency;
    auto answer = work.held->claim(ask);
    REQUIRE(answer.ok());
    return std::move(*answer);
  };
  CHECK(claim(0).waiting == urgency::first_critical);
  const auto first = claim(1);
  REQUIRE(first.rows.size() == 1);
  CHECK(first.rows[0].id == delivery_id("dl_first"));
  CHECK(first.waiting == urgency::repeated_critical);
}

} // namespace ringdown::persistence::conformance
