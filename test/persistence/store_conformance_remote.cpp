#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence::conformance {

namespace {

constexpr const char* tickets = "tickets";

// A pending mirror row of the alert as it is, on channel "tickets".
delivery mirror_row(const std::string& id, const alert& about, notice_event event = notice_event::fired) {
  delivery row = make_row(id, about);
  row.kind = delivery_kind::mirror;
  row.channel = channel_id(tickets);
  row.target.clear();
  row.event = event;
  return row;
}

delivery claimed_row(desk& work) {
  const auto claimed = work.claim(1, noon + std::chrono::hours(1), tickets);
  REQUIRE(claimed.rows.size() == 1);
  return claimed.rows.front();
}

// Makes the row, claims it, and ends it as sent with a thing at the far end.
void opened_as(desk& work, const delivery& row, const std::string& remote) {
  work.commit_rows({row});
  REQUIRE(claimed_row(work).id == row.id);
  auto done = work.outcome(row.id.str(), delivery_state::sent);
  done.remote = remote;
  REQUIRE(work.settle(done).ok());
}

} // namespace

void remotes_come_back_with_later_rows(const store_opener& open) {
  desk work(open);
  alert a = make_alert("al_1");
  work.commit_alert(a);
  opened_as(work, mirror_row("dl_1", a), "48213");

  SECTION("of the same episode") {
    work.commit_rows({mirror_row("dl_2", a, notice_event::acknowledged)});
    const delivery row = claimed_row(work);
    CHECK(row.remote == "48213");
    CHECK_FALSE(row.adopts);
  }
  SECTION("also to another owner's connection") {
    work.commit_rows({mirror_row("dl_2", a, notice_event::resolved)});
    desk other(open);
    CHECK(claimed_row(other).remote == "48213");
  }
  SECTION("not of another episode") {
    a.episode = 2;
    work.commit_rows({mirror_row("dl_2", a)});
    CHECK(claimed_row(work).remote.empty());
  }
  SECTION("nor of another channel, nor of another alert") {
    auto elsewhere = mirror_row("dl_2", a);
    elsewhere.channel = channel_id("other-tickets");
    work.commit_rows({elsewhere, mirror_row("dl_3", make_alert("al_2"))});
    CHECK(work.claim(1, noon, "other-tickets").rows.at(0).remote.empty());
    CHECK(claimed_row(work).remote.empty());
  }
  SECTION("the newest news holds, and none changes nothing") {
    opened_as(work, mirror_row("dl_2", a), "50001");
    opened_as(work, mirror_row("dl_3", a), "");
    work.commit_rows({mirror_row("dl_4", a)});
    CHECK(claimed_row(work).remote == "50001");
  }
  SECTION("an interrupt has none") {
    auto interrupt = make_row("dl_2", a);
    interrupt.channel = channel_id(tickets);
    interrupt.target.clear();
    work.commit_rows({interrupt});
    CHECK(claimed_row(work).remote.empty());
  }
}

void remotes_are_written_with_the_outcome(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  work.commit_rows({mirror_row("dl_1", a)});
  static_cast<void>(claimed_row(work));
  SECTION("not when the attempt failed") {
    auto failed = work.outcome("dl_1", delivery_state::pending);
    failed.remote = "48213";
    REQUIRE(work.settle(failed).ok());
    CHECK(claimed_row(work).remote.empty());
  }
  SECTION("not under a stale fence") {
    auto late = work.outcome("dl_1", delivery_state::sent);
    late.remote = "48213";
    const desk successor(open);
    CHECK(work.settle(late).error().kind == failure_kind::conflict);
    desk other(open);
    other.commit_rows({mirror_row("dl_2", make_alert("al_2")), mirror_row("dl_3", a)});
    for (const delivery& row : other.claim(5, noon, tickets).rows) CHECK(row.remote.empty());
  }
}

void a_parent_takes_the_oldest_thing_it_covers(const store_opener& open) {
  desk work(open);
  std::vector<alert> members;
  for (const char* id : {"al_1", "al_2", "al_3"}) members.push_back(make_alert(id));
  const alert parent = make_alert("al_parent");
  for (const alert& one : members) work.commit_alert(one);
  work.commit_alert(parent);
  opened_as(work, mirror_row("dl_2", members[1]), "200");
  opened_as(work, mirror_row("dl_3", members[2]), "300");
  auto row = mirror_row("dl_parent", parent);
  row.content.alerts = {view_of(parent), view_of(members[2]), view_of(members[0]), view_of(members[1])};

  SECTION("when it has none of its own") {
    work.commit_rows({row});
    const delivery claimed = claimed_row(work);
    CHECK(claimed.remote == "200");
    CHECK(claimed.adopts);
  }
  SECTION("its own goes before") {
    opened_as(work, mirror_row("dl_0", parent), "900");
    work.commit_rows({row});
    const delivery claimed = claimed_row(work);
    CHECK(claimed.remote == "900");
    CHECK_FALSE(claimed.adopts);
  }
  SECTION("also where the row that covered it gave way to a newer one") {
    alert now = parent;
    now.version = 2;
    auto newer = mirror_row("dl_newer", now, notice_event::updated);
    newer.content.alerts = {view_of(now), view_of(members[0])};
    work.commit_rows({row});
    work.commit_alert(now);
    work.commit_rows({newer});
    const delivery claimed = claimed_row(work);
    REQUIRE(claimed.id == newer.id);
    REQUIRE(work.fate("dl_parent") == "suppressed superseded");
    CHECK(claimed.remote == "200");
    CHECK(claimed.adopts);
  }
  SECTION("among a thousand at most, those of the rows that gave way with it, each counted once") {
    alert now = parent;
    now.version = 2;
    auto newer = mirror_row("dl_newer", now, notice_event::updated);
    const auto many = GENERATE(999, 1000);
    newer.content.alerts.clear();
    for (int i = 0; i < many; ++i) newer.content.alerts.push_back(view_of(make_alert("al_many" + std::to_string(i))));
    row.content.alerts.assign(newer.content.alerts.begin(), newer.content.alerts.begin() + 400);
    row.content.alerts.push_back(view_of(members[1]));
    work.commit_rows({row});
    work.commit_alert(now);
    work.commit_rows({newer});
    CHECK(claimed_row(work).remote == (many < 1000 ? "200" : ""));
  }
  SECTION("not of an episode that is over") {
    for (alert_view& one : row.content.alerts) one.episode = 7;
    work.commit_rows({row});
    CHECK(claimed_row(work).remote.empty());
  }
}

void progress_comes_back_with_the_row(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  work.commit_rows({mirror_row("dl_1", a)});
  CHECK(claimed_row(work).progress.empty());
  auto again = work.outcome("dl_1", delivery_state::pending);
  again.progress = "one empty search";
  REQUIRE(work.settle(again).ok());

  SECTION("after a restart too") {
    desk other(open);
    CHECK(claimed_row(other).progress == "one empty search");
  }
  SECTION("when it was claimed and not begun") {
    static_cast<void>(claimed_row(work));
    auto handed_back = work.outcome("dl_1", delivery_state::pending);
    handed_back.ledger.number = 0;
    REQUIRE(work.settle(handed_back).ok());
    CHECK(claimed_row(work).progress == "one empty search");
  }
  SECTION("until the next attempt says otherwise") {
    static_cast<void>(claimed_row(work));
    REQUIRE(work.settle(work.outcome("dl_1", delivery_state::pending)).ok());
    CHECK(claimed_row(work).progress.empty());
  }
}

} // namespace ringdown::persistence::conformance
