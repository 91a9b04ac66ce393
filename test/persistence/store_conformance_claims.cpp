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
      {"its PBX is unreachable meanwhile",
       fired,
       [](alert& a) { a.masks = with(0, mask::parent); },
       {},
       "suppressed masked_parent"},
      {"its type is muted meanwhile",
       fired,
       [](alert& a) { a.masks = with(0, mask::mute); },
       {},
       "suppressed masked_mute"},
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

} // namespace ringdown::persistence::conformance
