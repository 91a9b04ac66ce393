// Waits by a clock that people set (I9, C-08).
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence::conformance {

void claims_survive_set_clocks(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  SECTION("what seems to wait for longer than anything may was written before the clock was set back") {
    auto row = make_row("dl_1", a);
    row.not_before = noon + std::chrono::hours(3);
    work.commit_rows({row});
    CHECK(work.claimed_ids() == std::vector<std::string>{"dl_1"});
  }
  SECTION("made before the clock was set back, and to wait for nothing: due at once, and told to be so") {
    const alert other = make_alert("al_2");
    work.commit_alert(other);
    auto row = make_row("dl_1", a);
    auto second = make_row("dl_2", other);
    row.created = row.not_before = second.created = second.not_before = noon + std::chrono::minutes(40);
    work.commit_rows({row, second});
    const auto claimed = work.claim(1);
    REQUIRE(claimed.rows.size() == 1);
    CHECK(claimed.due_left);
    CHECK_FALSE(claimed.next_due);
    CHECK(work.claimed_ids() == std::vector<std::string>{"dl_2"});
  }
  SECTION("what is to be tried again waits, whenever it was made") {
    auto row = make_row("dl_1", a);
    row.created = noon + std::chrono::minutes(40);
    row.not_before = noon + std::chrono::minutes(1);
    row.attempts = 1;
    work.commit_rows({row});
    const auto claimed = work.claim();
    CHECK(claimed.rows.empty());
    CHECK(claimed.next_due == row.not_before);
  }
}

void waits_survive_set_clocks(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  const alert b = make_alert("al_2");
  work.commit_alert(a);
  work.commit_alert(b);
  const auto tried = [&](const std::string& id, wall_time ended, duration wait) {
    auto what = work.outcome(id, delivery_state::pending);
    what.ledger.started = what.ledger.ended = ended;
    what.not_before = ended + wait;
    REQUIRE(work.settle(what).ok());
  };
  const wall_time later = noon + std::chrono::hours(1);
  work.commit_rows({make_row("dl_1", a), make_row("dl_2", b)});
  const auto recovered = [&] {
    SECTION("by a start of the process") { CHECK(work.held->recover_claims(work.owner, {}, noon).ok()); }
    SECTION("by a start of the channel") {
      CHECK(work.held->recover_channel(work.tenant, channel_id("push"), work.owner, key_knowledge::unkeyed, {}, noon)
                .ok());
    }
    SECTION("by a claim that is told of it") {
      const auto left = work.held->claim({.tenant = work.tenant,
                                          .channel = channel_id("push"),
                                          .owner = work.owner,
                                          .limit = 0,
                                          .now = noon,
                                          .set_back_to = noon});
      REQUIRE(left.ok());
      CHECK(left->rows.empty());
      CHECK((left->due_left || left->next_due <= noon + std::chrono::seconds(8)));
    }
  };
  SECTION("what was tried before the clock was set back waits anew, and no longer") {
    REQUIRE(work.claim(10, later).rows.size() == 2);
    tried("dl_1", later, std::chrono::seconds(8));
    tried("dl_2", noon - std::chrono::seconds(1), std::chrono::minutes(5));
    recovered();
    CHECK(work.row("dl_1").not_before == noon + std::chrono::seconds(8));
    CHECK(work.row("dl_2").not_before == noon + std::chrono::minutes(5) - std::chrono::seconds(1));
  }
  SECTION("what was handed back before the clock was set back, and never tried, is due") {
    REQUIRE(work.claim(1, later).rows.size() == 1);
    auto back = work.outcome("dl_1", delivery_state::pending);
    back.ledger.outcome = outcome_kind::not_sent;
    back.not_before = later;
    REQUIRE(work.settle(back).ok());
    recovered();
    CHECK(work.claimed_ids() == std::vector<std::string>{"dl_1", "dl_2"});
  }
}

void what_was_waited_for_is_due(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  const alert b = make_alert("al_2");
  work.commit_alert(a);
  work.commit_alert(b);
  work.commit_rows({make_row("dl_1", a), make_row("dl_2", b)});
  const wall_time later = noon + std::chrono::hours(1);
  REQUIRE(work.claim(10, later).rows.size() == 2);
  const auto tried = [&](const char* id, duration wait) {
    auto what = work.outcome(id, delivery_state::pending);
    what.ledger.started = what.ledger.ended = later;
    what.not_before = later + wait;
    REQUIRE(work.settle(what).ok());
  };
  tried("dl_1", std::chrono::seconds(8));
  tried("dl_2", std::chrono::seconds(9));
  const auto look = work.held->claim({.tenant = work.tenant,
                                      .channel = channel_id("push"),
                                      .owner = work.owner,
                                      .limit = 0,
                                      .now = later + std::chrono::seconds(8),
                                      .set_back_to = noon});
  REQUIRE(look.ok());
  CHECK(look->waiting);
  CHECK(work.row("dl_1").not_before == noon);
  CHECK(work.row("dl_2").not_before == noon + std::chrono::seconds(9));
}

} // namespace ringdown::persistence::conformance
