#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence::conformance {

namespace {

using ids = std::vector<std::string>;

struct claim_case {
  const char* words;
  notice_event event;
  std::function<void(alert&)> alert_is;
  std::function<void(command&)> asked; // an open command in the inbox
  const char* fate;
};

const std::vector<claim_case>& claim_cases() {
  constexpr auto fired = notice_event::fired;
  constexpr auto reminder = notice_event::reminder;
  const auto acknowledged = [](alert& a) { a.phase = alert_phase::acknowledged; };
  static const std::vector<claim_case> cases{
      {"a firing alert is told", fired, {}, {}, "claimed"},
      {"a rise is told", fired, [](alert& a) { a.told = severity::warning; }, {}, "claimed"},
      {"an escalation is told", notice_event::escalated, {}, {}, "claimed"},
      {"acknowledged meanwhile", fired, acknowledged, {}, "suppressed acknowledged"},
      {"escalation of an acknowledged one", notice_event::escalated, acknowledged, {}, "suppressed acknowledged"},
      {"resolved meanwhile", fired, [](alert& a) { a.phase = alert_phase::resolved; }, {}, "suppressed resolved_first"},
      {"snoozed meanwhile", fired, [](alert& a) { a.masks = with(0, mask::snooze); }, {}, "suppressed snoozed_first"},
      {"another episode", fired, [](alert& a) { a.episode = 2; }, {}, "suppressed superseded"},
      {"a newer version", fired, [](alert& a) { a.version = 2; }, {}, "suppressed superseded"},
      {"an acknowledgement waits in the inbox", fired, {}, [](command&) {}, "suppressed acknowledged"},
      {"one of this very episode", fired, {}, [](command& c) { c.episode = 1; }, "suppressed acknowledged"},
      {"one of last night's episode", fired, [](alert&) {}, [](command& c) { c.episode = 7; }, "claimed"},
      {"a snooze waits in the inbox",
       fired,
       {},
       [](command& c) { c.kind = command_kind::snooze; },
       "suppressed snoozed_first"},
      {"a wish to renotify is no obstacle", fired, {}, [](command& c) { c.kind = command_kind::renotify; }, "claimed"},
      {"somebody else's alert is acknowledged", fired, {}, [](command& c) { c.alert = alert_id("al_2"); }, "claimed"},
      {"another tenant's alert of the same id",
       fired,
       {},
       [](command& c) { c.tenant = tenant_id("globex"); },
       "claimed"},
      {"a reminder of an acknowledged one", reminder, acknowledged, {}, "claimed"},
      {"a reminder of one that fires again", reminder, {}, {}, "suppressed acknowledged"},
      {"a resolve needs no check",
       notice_event::resolved,
       [](alert& a) { a.phase = alert_phase::resolved; },
       {},
       "claimed"},
  };
  return cases;
}

} // namespace

void claims_judge_the_alert(const store_opener& open) {
  desk work(open);
  int number = 0;
  for (const claim_case& one : claim_cases()) {
    INFO(one.words);
    alert a = make_alert("al_" + std::to_string(++number + 100));
    auto row = make_row("dl_" + std::to_string(number), a);
    row.event = one.event;
    if (one.alert_is) one.alert_is(a);
    work.commit_alert(a);
    work.commit_rows({row});
    if (one.asked) {
      command asked;
      asked.id = "c" + std::to_string(number);
      asked.tenant = work.tenant;
      asked.alert = a.id;
      asked.at = noon;
      one.asked(asked);
      REQUIRE(work.held->insert_command(asked).ok());
    }
    const auto claimed = work.claim();
    CHECK(work.fate(row.id.str()) == one.fate);
    CHECK(claimed.rows.size() + claimed.ended.size() == 1);
  }
  SECTION("a claimed row comes with its content, and counted") {
    const alert a = make_alert("al_1");
    work.commit_alert(a);
    work.commit_rows({make_row("dl_x", a)});
    const auto claimed = work.claim();
    REQUIRE(claimed.rows.size() == 1);
    CHECK(claimed.rows[0].content.alerts.at(0).label == "Trunk al_1");
    CHECK(claimed.rows[0].attempts == 1);
    CHECK(claimed.rows[0].handed == 1);
    CHECK(work.claim().rows.empty());
  }
  SECTION("a row whose alert is not there is not told") {
    work.commit_rows({make_row("dl_x", make_alert("al_none"))});
    CHECK(work.claim().rows.empty());
  }
  SECTION("a test has no alert and is told at once") {
    alert nothing;
    nothing.tenant = work.tenant;
    auto row = make_row("dl_test", nothing);
    row.event = notice_event::test;
    row.content.alerts.clear();
    auto second = row;
    second.id = delivery_id("dl_test2");
    work.commit_rows({row, second});
    CHECK(work.claimed_ids() == ids{"dl_test", "dl_test2"});
  }
}

void claims_judge_summaries(const store_opener& open) {
  desk work(open);
  alert lead = make_alert("al_1");
  alert other = make_alert("al_2");
  work.commit_alert(lead);
  work.commit_alert(other);
  auto row = make_row("dl_1", lead);
  row.event = notice_event::summary;
  row.content.alerts = {view_of(lead), view_of(other)};
  work.commit_rows({row});
  lead.phase = alert_phase::resolved;
  work.commit_alert(lead);

  SECTION("one still fires") { CHECK(work.claimed_ids() == ids{"dl_1"}); }
  SECTION("none fires") {
    other.phase = alert_phase::acknowledged;
    work.commit_alert(other);
    CHECK(work.claim().rows.empty());
    CHECK(work.fate("dl_1") == "suppressed resolved_first");
  }
  SECTION("the last one is being acknowledged") {
    command asked;
    asked.id = "c1";
    asked.tenant = work.tenant;
    asked.alert = other.id;
    asked.at = noon;
    REQUIRE(work.held->insert_command(asked).ok());
    CHECK(work.claim().rows.empty());
  }
}

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
  REQUIRE(work.claim().rows.size() == 1);
  work.commit_rows({resolve});
  CHECK(work.claim().rows.empty());
  CHECK(work.fate("resolve") == "pending");
  REQUIRE(work.settle(work.outcome("fire", fire)).ok());
  CHECK(work.claim().rows.size() == (told ? 1 : 0));
  CHECK(work.fate("resolve") == (told ? "claimed" : "suppressed never_told"));
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
    CHECK_FALSE(first.drained);
    const auto second = work.claim(1);
    CHECK(second.rows.size() == 1);
    CHECK(second.drained);
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
    CHECK(claimed.drained);
    CHECK(claimed.next_due == noon + std::chrono::hours(1));
  }
}

void claims_end_what_is_late_or_poison(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);

  SECTION("past its deadline") {
    auto row = make_row("dl_1", a);
    row.give_up_at = noon;
    work.commit_rows({row});
    const auto claimed = work.claim();
    CHECK(claimed.rows.empty());
    REQUIRE(claimed.ended.size() == 1);
    CHECK(claimed.ended[0].state == delivery_state::dead);
    CHECK(claimed.ended[0].alert == a.id);
    CHECK(work.fate("dl_1") == "dead expired");
  }
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
    CHECK(work.fate("dl_1") == "dead poison");
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
    const auto tally = fresh.held->recover_claims(fresh.owner, {{fresh.tenant, channel_id("hook")}}, noon);
    REQUIRE(tally.ok());
    CHECK(tally->resumed == 2);
    CHECK(tally->unknown == 1);
    CHECK(fresh.fate("warning") == "unknown outcome_unknown");
    CHECK(fresh.row("critical").possible_repeat);
    CHECK_FALSE(fresh.row("keyed").possible_repeat);
    CHECK(fresh.claimed_ids() == ids{"critical"});
    CHECK(fresh.held->recover_claims(fresh.owner, {}, noon)->resumed == 0);
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
}

} // namespace ringdown::persistence::conformance
