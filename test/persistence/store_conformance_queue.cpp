#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

namespace ringdown::persistence::conformance {

namespace {

using ids = std::vector<std::string>;

} // namespace

void claims_wait_for_predecessors(const store_opener& open) {
  desk work(open);
  alert a = make_alert("al_1");
  work.commit_alert(a);
  work.commit_rows({make_row("fire", a)});
  auto resolve = make_row("resolve", a);
  resolve.event = notice_event::resolved;
  resolve.after = delivery_id("fire");

  struct fate_case {
    delivery_state fire;
    bool told;
  };
  const auto [fire, told] = GENERATE(table<delivery_state, bool>({{delivery_state::sent, true},
                                                                  {delivery_state::confirmed, true},
                                                                  {delivery_state::unknown, true},
                                                                  {delivery_state::dead, false},
                                                                  {delivery_state::suppressed, false}}));
  // The first ticket of an outage waits for that of its first member, and is owed whatever became of it.
  const alert outage = make_alert("al_2");
  work.commit_alert(outage);
  auto parent = make_row("parent", outage);
  parent.kind = delivery_kind::mirror;
  parent.after = delivery_id("fire");
  REQUIRE(work.claim().rows.size() == 1);
  work.commit_rows({resolve, parent});
  CHECK(work.claim().rows.empty());
  CHECK(work.fate("resolve") == "pending");
  CHECK(work.fate("parent") == "pending");
  REQUIRE(work.settle(work.outcome("fire", fire)).ok());
  CHECK(work.claim().rows.size() == (told ? 2 : 1));
  CHECK(work.fate("parent") == "claimed");
  CHECK(work.fate("resolve") == (told ? "claimed" : "suppressed never_told"));
}

// The row a resolve was made after is not the only one that counts.
void resolves_follow_what_was_told(const store_opener& open) {
  desk work(open);
  alert a = make_alert("al_1");
  work.commit_alert(a);
  const auto row = [&](const char* id, notice_event event, std::uint32_t version) {
    auto made = make_row(id, a);
    made.event = event;
    made.version = version;
    if (event == notice_event::resolved) made.after = delivery_id("v1");
    return made;
  };
  const auto settle_next = [&](delivery_state state) {
    const auto claimed = work.claim();
    REQUIRE(claimed.rows.size() == 1);
    REQUIRE(work.settle(work.outcome(claimed.rows[0].id.str(), state)).ok());
  };
  work.commit_rows({row("v1", notice_event::fired, 1)});

  SECTION("the first fire was never sent, its rise was") {
    settle_next(delivery_state::dead);
    a.version = 2;
    work.commit_alert(a);
    work.commit_rows({row("v2", notice_event::fired, 2), row("end", notice_event::resolved, 2)});
    settle_next(delivery_state::sent);
    CHECK(work.claimed_ids() == ids{"end"});
  }
  SECTION("the fire was sent and its end too: a second end needs a second fire") {
    settle_next(delivery_state::sent);
    work.commit_rows({row("end", notice_event::resolved, 1)});
    settle_next(delivery_state::sent);
    a.version = 2;
    work.commit_alert(a);
    work.commit_rows({row("v2", notice_event::fired, 2), row("end2", notice_event::resolved, 2)});
    settle_next(delivery_state::dead);
    CHECK(work.claim().rows.empty());
    CHECK(work.fate("end2") == "suppressed never_told");
  }
  SECTION("it was told by a summary of another alert") {
    settle_next(delivery_state::dead);
    alert lead = make_alert("al_lead");
    work.commit_alert(lead);
    auto summary = make_row("sum", lead);
    summary.event = notice_event::summary;
    summary.content.alerts = {view_of(lead), view_of(a)};
    auto end = row("end", notice_event::resolved, 1);
    end.after = delivery_id("sum");
    work.commit_rows({summary, end});
    CHECK(work.claimed_ids() == ids{"sum"});
    REQUIRE(work.settle(work.outcome("sum", delivery_state::sent)).ok());
    CHECK(work.claimed_ids() == ids{"end"});
  }
}

void mirrors_are_told_by_their_newest_row(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  const auto row = [&](const char* id, notice_event event) {
    auto made = make_row(id, a);
    made.kind = delivery_kind::mirror;
    made.event = event;
    return made;
  };
  const auto settle = [&](const char* id, delivery_state state) {
    REQUIRE(work.claimed_ids() == ids{id});
    REQUIRE(work.settle(work.outcome(id, state)).ok());
  };
  work.commit_rows({row("fire", notice_event::fired)});
  settle("fire", delivery_state::dead);
  work.commit_rows({row("taken", notice_event::acknowledged)});
  settle("taken", delivery_state::sent);
  auto end = row("end", notice_event::resolved);
  end.after = delivery_id("fire");
  work.commit_rows({end});
  CHECK(work.claimed_ids() == ids{"end"});
}

namespace {

void order_of_logs(desk& work, const alert& a, const alert& b) {
  auto log = [&](const std::string& id, const alert& about) {
    auto row = make_row(id, about);
    row.kind = delivery_kind::log;
    row.target = "";
    return row;
  };
  work.commit_rows({log("a1", a), log("a2", a), log("b1", b), log("a3", a)});
  CHECK(work.claimed_ids() == ids{"a1", "b1"});
  CHECK(work.claimed_ids().empty());
  auto again = work.outcome("a1", delivery_state::pending);
  again.not_before = noon + std::chrono::seconds(30);
  REQUIRE(work.settle(again).ok());
  CHECK(work.claimed_ids().empty());
  CHECK(work.claimed_ids(10, again.not_before) == ids{"a1"});
  REQUIRE(work.settle(work.outcome("a1", delivery_state::dead)).ok());
  CHECK(work.claimed_ids() == ids{"a2"});
}

void newest_mirror_only(desk& work, const alert& a) {
  auto mirror = [&](const std::string& id, std::uint32_t version) {
    auto row = make_row(id, a);
    row.kind = delivery_kind::mirror;
    row.version = version;
    return row;
  };
  work.commit_rows({mirror("v1", 1), mirror("v2", 2), mirror("v3", 3)});
  CHECK(work.claimed_ids() == ids{"v3"});
  CHECK(work.fate("v1") == "suppressed superseded");
  CHECK(work.fate("v2") == "suppressed superseded");
  work.commit_rows({mirror("v4", 4)});
  CHECK(work.claimed_ids().empty());
  REQUIRE(work.settle(work.outcome("v3", delivery_state::sent)).ok());
  CHECK(work.claimed_ids() == ids{"v4"});
}

} // namespace

void claims_keep_order(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  const alert b = make_alert("al_2");
  work.commit_alert(a);
  work.commit_alert(b);

  SECTION("logs: one at a time and alert, a retry keeps its place") { order_of_logs(work, a, b); }
  SECTION("mirrors: only the newest version is shown") { newest_mirror_only(work, a); }
  SECTION("interrupts: one at a time and target") {
    auto tablet = make_row("tablet", a);
    tablet.target = "tablet";
    work.commit_rows({make_row("phone1", a), make_row("phone2", a), tablet});
    CHECK(work.claimed_ids() == ids{"phone1", "tablet"});
  }
  SECTION("the limit is kept, and said when more is due") {
    work.commit_rows({make_row("one", a), make_row("two", b)});
    const auto first = work.claim(1);
    CHECK(first.rows.size() == 1);
    CHECK(first.due_left);
    const auto second = work.claim(1);
    CHECK(second.rows.size() == 1);
    CHECK_FALSE(second.due_left);
  }
  SECTION("a row behind thousands that are not due is found") {
    std::vector<delivery> rows;
    for (int i = 0; i < 2500; ++i) {
      auto row = make_row("later" + std::to_string(i), a);
      row.kind = delivery_kind::log;
      row.target = "";
      row.not_before = noon + std::chrono::hours(1);
      rows.push_back(row);
    }
    rows.push_back(make_row("now", b));
    work.commit_rows(rows);
    const auto claimed = work.claim(1);
    REQUIRE(claimed.rows.size() == 1);
    CHECK(claimed.rows[0].id.str() == "now");
    CHECK_FALSE(claimed.due_left);
    CHECK(claimed.next_due == noon + std::chrono::hours(1));
  }
}

// A claim for nothing only looks.
void claims_take_the_urgent_first(const store_opener& open) {
  desk work(open);
  std::vector<delivery> rows;
  for (const char* id : {"al_calm", "al_again", "al_first"}) {
    work.commit_alert(make_alert(id));
    rows.push_back(make_row(std::string("row_") + id, make_alert(id)));
  }
  rows[0].level = severity::warning;
  rows[1].level = rows[2].level = severity::critical;
  rows[1].round = 1;
  // More than one portion of what waits longer, and the end of a critical.
  for (int i = 0; i < 70; ++i) {
    const alert older = make_alert(fmt::format("al_{}", i));
    work.commit_alert(older);
    rows.push_back(make_row(fmt::format("row_{}", i), older));
    rows.back().level = i == 0 ? severity::critical : severity::warning;
    if (i == 0) rows.back().event = notice_event::updated;
    rows.back().not_before = noon - std::chrono::minutes(1);
  }
  work.commit_rows(rows);
  const auto claim = [&](std::size_t limit) {
    claim_request ask{work.tenant, channel_id("push"), work.owner, limit, noon};
    ask.order = claim_order::by_urgency;
    auto claimed = work.held->claim(ask);
    REQUIRE(claimed.ok());
    return std::move(*claimed);
  };
  const auto looked = claim(0);
  CHECK(looked.rows.empty());
  CHECK(looked.waiting == urgency::first_critical);
  const auto first = claim(1);
  REQUIRE(first.rows.size() == 1);
  CHECK(first.rows[0].id == delivery_id("row_al_first"));
  CHECK(first.waiting == urgency::repeated_critical);
  const auto second = claim(1);
  CHECK(second.rows.at(0).id == delivery_id("row_al_again"));
  CHECK(second.waiting == urgency::routine);
  const auto rest = claim(100);
  CHECK(rest.rows.size() == 71);
  CHECK(rest.rows.back().id == delivery_id("row_al_calm"));
  CHECK_FALSE(rest.waiting);
}

void claims_say_what_waits(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  SECTION("a row behind one in flight is due as soon as that has ended") {
    work.commit_rows({make_row("first", a), make_row("second", a)});
    const auto claimed = work.claim();
    CHECK(claimed.rows.size() == 1);
    CHECK(claimed.due_left);
    REQUIRE(work.settle(work.outcome("first", delivery_state::sent)).ok());
    CHECK(work.claimed_ids() == ids{"second"});
    CHECK_FALSE(work.claim().due_left);
  }
  SECTION("what was handed over without an outcome travels alone") {
    std::vector<delivery> rows;
    for (const char* id : {"al_a", "al_b", "al_c"}) {
      work.commit_alert(make_alert(id));
      rows.push_back(make_row(std::string("row_") + id, make_alert(id)));
    }
    work.commit_rows({rows[0]});
    REQUIRE(work.claim().rows.size() == 1);
    REQUIRE(
        work.held->recover_channel(work.tenant, channel_id("push"), work.owner, key_knowledge::keyed, {}, noon).ok());
    work.commit_rows({rows[1], rows[2]});
    CHECK(work.claimed_ids() == ids{"row_al_a"});
    const auto meanwhile = work.claim();
    CHECK(meanwhile.rows.empty());
    CHECK(meanwhile.due_left);
    REQUIRE(work.settle(work.outcome("row_al_a", delivery_state::sent)).ok());
    CHECK(work.claimed_ids() == ids{"row_al_b", "row_al_c"});
  }
}

void claims_end_what_is_late_or_poison(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);

  SECTION("past its deadline") {
    auto row = make_row("dl_1", a);
    row.give_up_at = noon;
    row.attempts = 1;
    work.commit_rows({row});
    const auto claimed = work.claim();
    CHECK(claimed.rows.empty());
    REQUIRE(claimed.ended.size() == 1);
    CHECK(claimed.ended[0].state == delivery_state::dead);
    CHECK(claimed.ended[0].alert == a.id);
    CHECK(work.fate("dl_1") == "dead expired");
  }
  SECTION("past its deadline, and never tried: the clock was set forward, or nobody was there") {
    auto row = make_row("dl_1", a);
    row.give_up_at = noon;
    work.commit_rows({row});
    CHECK(work.claimed_ids() == ids{"dl_1"});
  }
  SECTION("what may have arrived is not called dead or suppressed") {
    auto late = make_row("late", a);
    late.give_up_at = noon;
    late.attempts = 1;
    late.possible_repeat = true;
    work.commit_rows({late});
    CHECK(work.claim().rows.empty());
    CHECK(work.fate("late") == "unknown expired");
    auto withdrawn = make_row("withdrawn", a);
    withdrawn.possible_repeat = true;
    work.commit_rows({withdrawn});
    auto batch = work.batch();
    batch.suppressions = {{a.id, a.version, reason::acknowledged}};
    work.commit(batch);
    CHECK(work.fate("withdrawn") == "unknown acknowledged");
  }
}

void claims_end_what_kills(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  SECTION("handed over three times without an outcome") {
    work.commit_rows({make_row("dl_1", a)});
    for (int i = 0; i < 3; ++i) {
      REQUIRE(work.claim().rows.size() == 1);
      const auto back =
          work.held->recover_channel(work.tenant, channel_id("push"), work.owner, key_knowledge::keyed, {}, noon);
      REQUIRE(back.ok());
      CHECK(back->resumed == 1);
    }
    CHECK(work.claim().rows.empty());
    // The far end may have seen it three times.
    CHECK(work.fate("dl_1") == "unknown poison");
  }
  SECTION("an outcome in between clears the count") {
    work.commit_rows({make_row("dl_1", a)});
    for (int i = 0; i < 6; ++i) {
      REQUIRE(work.claim().rows.size() == 1);
      REQUIRE(work.settle(work.outcome("dl_1", delivery_state::pending)).ok());
    }
    CHECK(work.row("dl_1").attempts == 6);
  }
}

void claims_are_recovered(const store_opener& open) {
  desk old(open);
  auto alert_of = [&](const std::string& id, severity level) {
    alert a = make_alert(id);
    a.level = level;
    old.commit_alert(a);
    return a;
  };
  const alert grave = alert_of("al_1", severity::critical);
  const alert mild = alert_of("al_2", severity::warning);
  auto keyed = make_row("keyed", mild);
  keyed.channel = channel_id("hook");
  keyed.kind = delivery_kind::log;
  old.commit_rows({make_row("critical", grave), make_row("warning", mild), keyed});
  REQUIRE(old.claim().rows.size() == 2);
  REQUIRE(old.claim(10, noon, "hook").rows.size() == 1);

  SECTION("after a restart: keyed and critical rows come again, others stay unknown") {
    desk fresh(open);
    const std::vector<known_channel> known{{fresh.tenant, channel_id("hook"), key_knowledge::keyed},
                                           {fresh.tenant, channel_id("push"), key_knowledge::unkeyed}};
    const auto tally = fresh.held->recover_claims(fresh.owner, known, noon);
    REQUIRE(tally.ok());
    CHECK(tally->resumed == 2);
    CHECK(tally->unknown == 1);
    CHECK(fresh.fate("warning") == "unknown outcome_unknown");
    CHECK(fresh.row("critical").possible_repeat);
    CHECK(fresh.row("keyed").possible_repeat);
    CHECK(fresh.claimed_ids() == ids{"critical"});
    CHECK(fresh.held->recover_claims(fresh.owner, known, noon)->resumed == 0);
  }
  SECTION("of one channel: what somebody still carries is left alone") {
    const auto tally = old.held->recover_channel(old.tenant, channel_id("push"), old.owner, key_knowledge::unkeyed,
                                                 {delivery_id("warning")}, noon);
    REQUIRE(tally.ok());
    CHECK(tally->resumed == 1);
    CHECK(tally->unknown == 0);
    CHECK(old.fate("warning") == "claimed");
    CHECK(old.fate("keyed") == "claimed");
    CHECK(old.fate("critical") == "pending");
  }
  SECTION("rows of a channel nobody knows wait for it") {
    desk fresh(open);
    const auto tally =
        fresh.held->recover_claims(fresh.owner, {{fresh.tenant, channel_id("hook"), key_knowledge::keyed}}, noon);
    REQUIRE(tally.ok());
    CHECK(fresh.fate("critical") == "claimed");
    CHECK(fresh.held->recover_channel(fresh.tenant, channel_id("push"), fresh.owner, key_knowledge::unkeyed, {}, noon)
              ->resumed == 1);
    CHECK(fresh.fate("critical") == "pending");
  }
}

} // namespace ringdown::persistence::conformance
