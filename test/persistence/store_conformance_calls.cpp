#include "test/persistence/calls.hpp"
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

#include <string>

namespace ringdown::persistence::conformance {

namespace {

using namespace std::chrono_literals;

void end(desk& at, call_record call) {
  call.stage = call_stage::ended;
  call.result = call_result::no_answer;
  auto batch = at.batch();
  batch.calls = {std::move(call)};
  at.commit(batch);
}

} // namespace

void calls_ring_a_number_once_at_a_time(const store_opener& open) {
  desk work(open);
  const alert first = make_alert("al_1");
  const alert second = make_alert("al_2");
  auto batch = work.batch();
  batch.alerts = {first, second};
  batch.deliveries = {call_row("dl_1", first), call_row("dl_2", second), call_row("dl_3", second, "+12025550199")};
  batch.calls = {record_of(batch.deliveries[0]), record_of(batch.deliveries[1])};
  work.commit(batch);
  REQUIRE(claimed(work) == ids{"dl_1", "dl_3"});
  CHECK(claimed(work).empty());

  SECTION("its end frees the number") {
    REQUIRE(work.settle(work.outcome("dl_1", delivery_state::sent)).ok());
    CHECK(claimed(work).empty());
    end(work, record_of(call_row("dl_1", first)));
    CHECK(claimed(work) == ids{"dl_2"});
  }
  SECTION("a call that was not taken frees it") {
    REQUIRE(work.settle(work.outcome("dl_1", delivery_state::dead)).ok());
    CHECK(claimed(work) == ids{"dl_2"});
  }
  SECTION("one that is put off goes to the end of the queue") {
    auto later = work.outcome("dl_1", delivery_state::pending);
    later.not_before = noon + 5s;
    REQUIRE(work.settle(later).ok());
    CHECK(claimed(work) == ids{"dl_2"});
  }
  SECTION("one that may have been placed keeps it until it is known") {
    auto later = work.outcome("dl_1", delivery_state::pending);
    later.possible_repeat = true;
    REQUIRE(work.settle(later).ok());
    CHECK(claimed(work) == ids{"dl_1"});
  }
  SECTION("an end nobody saw frees it after a quarter of an hour") {
    REQUIRE(work.settle(work.outcome("dl_1", delivery_state::sent)).ok());
    CHECK(claimed(work, noon + 14min).empty());
    CHECK(claimed(work, noon + 15min) == ids{"dl_2"});
  }
  SECTION("a clock set back frees it too") { CHECK(claimed(work, noon - 2h) == ids{"dl_2"}); }
  SECTION("another tenant's call to it waits as well") {
    alert other = make_alert("al_9", tenant_id("globex"));
    write_batch theirs = work.batch();
    theirs.tenant = other.tenant;
    theirs.alerts = {other};
    theirs.deliveries = {call_row("dl_9", other)};
    work.commit(theirs);
    CHECK(claimed(work, noon, other.tenant).empty());
    end(work, record_of(call_row("dl_1", first)));
    CHECK(claimed(work, noon, other.tenant) == ids{"dl_9"});
  }
  SECTION("a restart of its owner keeps it for the same call") {
    REQUIRE(
        work.held->recover_channel(work.tenant, channel_id("push"), work.owner, key_knowledge::unkeyed, {}, noon).ok());
    CHECK(claimed(work) == ids{"dl_1"});
  }
}

namespace {

// Whoever is on call for acme and for globex has one number.
struct shared_number {
  explicit shared_number(const store_opener& open) : work(open) {}

  void want(delivery row, const alert& about, wall_time at = noon, bool first = false) {
    auto batch = work.batch();
    batch.tenant = about.tenant;
    batch.alerts = {about};
    batch.calls = {record_of(row)};
    batch.calls[0].made = batch.calls[0].changed = at;
    batch.calls[0].first = first;
    batch.deliveries = {std::move(row)};
    work.commit(batch);
  }
  // For a new alert of acme.
  void ring(const std::string& id, call_result result = call_result::no_answer) {
    const delivery row = call_row(id, others);
    want(row, others, noon, true);
    REQUIRE(claimed(work) == ids{id});
    REQUIRE(work.settle(work.outcome(id, delivery_state::sent)).ok());
    call_record over = record_of(row);
    over.first = true;
    over.stage = call_stage::ended;
    over.result = result;
    auto batch = work.batch();
    batch.calls = {over};
    work.commit(batch);
  }
  [[nodiscard]] ids claimed_by_globex(wall_time now = noon) { return claimed(work, now, theirs.tenant); }

  desk work;
  alert others = make_alert("al_1");
  alert theirs = make_alert("al_9", tenant_id("globex"));
  delivery again = call_row("dl_9", theirs); // the next ring there, of globex
};

} // namespace

void calls_to_a_number_are_counted_over_tenants(const store_opener& open) {
  shared_number at(open);
  for (const char* id : {"dl_1", "dl_2", "dl_3"}) at.ring(id);
  SECTION("three leave room for one") {}
  SECTION("one that was never placed is none") { at.ring("dl_4", call_result::failed); }
  SECTION("one that was called off is none") { at.ring("dl_4", call_result::cancelled); }
  SECTION("one that waits for the number is none") {
    for (const char* id : {"dl_4", "dl_5"}) {
      delivery waits = call_row(id, at.others);
      waits.not_before = noon + 5s;
      at.want(waits, at.others);
    }
  }
  at.want(at.again, at.theirs);
  CHECK(at.claimed_by_globex() == ids{"dl_9"});
}

void calls_to_a_number_end_with_its_budget(const store_opener& open) {
  shared_number at(open);
  for (const char* id : {"dl_1", "dl_2", "dl_3", "dl_4"}) at.ring(id);
  SECTION("the fifth is refused, and the answer says so") {
    at.want(at.again, at.theirs);
    auto answer =
        at.work.held->claim({at.theirs.tenant, channel_id("push"), at.work.owner, 10, noon, target_use::exclusive});
    REQUIRE(answer.ok());
    CHECK(answer->rows.empty());
    REQUIRE(answer->ended.size() == 1);
    CHECK(answer->ended[0].why == reason::budget_spent);
    CHECK(answer->ended[0].state == delivery_state::suppressed);
    CHECK(answer->ended[0].attempts == 0);
  }
  SECTION("another number is not") {
    at.again.target = "+12025550199";
    at.want(at.again, at.theirs);
    CHECK(at.claimed_by_globex() == ids{"dl_9"});
  }
  SECTION("nor is the first call of a new alert") {
    at.want(at.again, at.theirs, noon, true);
    CHECK(at.claimed_by_globex() == ids{"dl_9"});
  }
  SECTION("nor is it after a quarter of an hour") {
    at.want(at.again, at.theirs, noon + 15min);
    CHECK(at.claimed_by_globex(noon + 15min) == ids{"dl_9"});
  }
  SECTION("seven within the hour are too many then as well") {
    for (const char* id : {"dl_5", "dl_6", "dl_7"}) at.ring(id);
    at.want(at.again, at.theirs, noon + 15min);
    CHECK(at.claimed_by_globex(noon + 15min).empty());
  }
}

void calls_given_up_ring_nobody(const store_opener& open) {
  desk work(open);
  const alert about = make_alert("al_1");
  auto batch = work.batch();
  batch.alerts = {about};
  batch.deliveries = {call_row("dl_1", about)};
  batch.calls = {record_of(batch.deliveries[0])};
  work.commit(batch);
  REQUIRE(claimed(work) == ids{"dl_1"});
  auto later = work.outcome("dl_1", delivery_state::pending);
  later.not_before = noon + 5s;
  REQUIRE(work.settle(later).ok());
  end(work, record_of(batch.deliveries[0]));
  // Long before its deadline, as after a clock that was set back.
  CHECK(claimed(work, noon + 5s).empty());
  CHECK(work.fate("dl_1") == "dead expired");
}

void acknowledged_calls_are_not_claimed(const store_opener& open) {
  desk work(open);
  const alert about = make_alert("al_1");
  auto batch = work.batch();
  batch.alerts = {about};
  batch.deliveries = {call_row("dl_1", about)};
  work.commit(batch);
  command asked;
  asked.id = "cm_1";
  asked.tenant = work.tenant;
  asked.kind = command_kind::acknowledge;
  asked.alert = about.id;
  asked.at = noon;
  REQUIRE(work.held->insert_command(asked).ok());
  CHECK(claimed(work).empty());
  CHECK(work.fate("dl_1") == "suppressed acknowledged");
}

void calls_and_numbers_come_back(const store_opener& open) {
  desk work(open);
  const alert about = make_alert("al_1");
  auto live = record_of(call_row("dl_1", about));
  live.reference = "CA1";
  live.stage = call_stage::answered;
  live.result = call_result::human;
  live.first = true;
  live.sequence = 3;
  live.read = {{alert_id("al_1"), 1}, {alert_id("al_2"), 4}};
  auto recent = record_of(call_row("dl_2", about));
  recent.stage = call_stage::ended;
  auto old = record_of(call_row("dl_3", about));
  old.stage = call_stage::ended;
  old.made = noon - 2h;
  auto batch = work.batch();
  batch.calls = {live, recent, old};
  batch.phones = {{number, "804213", noon + 10min, 2, std::nullopt}, {"+12025550199", "", {}, 0, noon}};
  batch.oncall = oncall_pointer{user_id("kim"), "jo", noon};
  work.commit(batch);

  const auto loaded = *open()->load_tenant(work.tenant, "n1", noon);
  CHECK(loaded.calls == std::vector{live, recent});
  CHECK(loaded.phones == batch.phones);
  REQUIRE(loaded.oncall);
  CHECK(loaded.oncall->user == user_id("kim"));
  CHECK(*work.held->find_call(work.tenant, live.call) == live);
  CHECK_FALSE((*work.held->find_call(tenant_id("globex"), live.call)).has_value());

  batch = work.batch();
  batch.oncall = oncall_pointer{std::nullopt, "jo", noon};
  work.commit(batch);
  CHECK_FALSE(open()->load_tenant(work.tenant, "n1", noon)->oncall->user);
}

void confirmations_reach_only_what_was_sent(const store_opener& open) {
  desk work(open);
  const alert about = make_alert("al_1");
  work.commit_alert(about);
  work.commit_rows({call_row("dl_1", about), call_row("dl_2", about, "+12025550199")});
  REQUIRE(claimed(work) == ids{"dl_1", "dl_2"});
  REQUIRE(work.settle(work.outcome("dl_1", delivery_state::sent)).ok());
  auto batch = work.batch();
  batch.confirmed = {delivery_id("dl_1"), delivery_id("dl_2")};
  work.commit(batch);
  CHECK(work.fate("dl_1") == "confirmed");
  CHECK(work.fate("dl_2") == "claimed");
}

} // namespace ringdown::persistence::conformance
