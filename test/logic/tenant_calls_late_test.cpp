// Calls that wait for their turn at the provider, or are placed by nobody: who else hears of it, and when it is given up.
#include "test/logic/call_bench.hpp"
#include "test/support/catch.hpp"

#include <algorithm>

using namespace ringdown;
using namespace ringdown::logic;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

// Jo has two mailboxes: what is told twice of one call arrives in the second.
tenant_config config_with_mails() {
  tenant_config config = config_with_mail();
  config.channels.push_back(config.channels.back());
  config.channels.back().id = channel_id("jo-mail-2");
  return config;
}

std::ptrdiff_t mails_to_jo(const call_bench& t, const alert_id& about) {
  return std::ranges::count_if(
      t.rows, [&](const delivery& d) { return d.channel.str().starts_with("jo-mail") && d.alert == about; });
}

} // namespace

TEST_CASE("who could not be called hears of it on the next channel, once") {
  call_bench t(config_with_mails());
  rings(t);
  const auto mails = [&] { return mails_to_jo(t, t.at(trunk_down).id); };
  CHECK(mails() == 0);
  t.pass(2min); // nobody has placed it
  CHECK(mails() == 1);
  t.pass(2min);
  CHECK(mails() == 1);
}

TEST_CASE("that a late call has no other channel to be told on is written down, once") {
  call_bench t;
  rings(t);
  const auto said = [&] { return std::ranges::count(t.reasons_there(), reason::no_channel); };
  t.pass(59s);
  CHECK(said() == 0);
  t.pass(1s);
  CHECK(said() == 1);
  CHECK_THAT(t.decisions.back().gates, Catch::Contains("call=" + t.newest().id.str() + " next=none"));
  t.pass(3min);
  CHECK(said() == 1);
}

TEST_CASE("a call keeps waiting for its turn at the provider, and is late all the same") {
  call_bench t(config_with_mails());
  rings(t);
  const auto mails = [&] { return mails_to_jo(t, t.at(trunk_down).id); };
  t.pass(59s);
  CHECK(mails() == 0);
  t.pass(1s);
  CHECK(mails() == 1);
  t.pass(3min); // the calls of two hundred others
  CHECK(t.all_calls().size() == 1);
  SECTION("it rings, and the same phone again when it has rested") {
    t.rings_out(t.newest());
    t.pass(64s);
    CHECK(t.all_calls().size() == 1);
    t.pass(1s);
    REQUIRE(t.all_calls().size() == 2);
    CHECK(t.newest().target == number_jo);
  }
  SECTION("it was placed, and is waited for as long as any other") {
    t.placed(t.newest());
    t.pass(59s);
    CHECK(t.last.hang_ups.empty());
    CHECK(is_live(t.calls.at(t.newest().id)));
    t.pass(1s);
    CHECK(t.calls.at(t.all_calls().front().id).result == call_result::failed);
  }
  SECTION("it was told late once, and not again when it fails after it was placed") {
    t.placed(t.newest());
    t.heard(t.newest(), call_stage::ended, call_result::failed);
  }
  SECTION("its number is taken, as its row says: another call is wished for") {
    t.report(t.newest(), delivery_state::dead, reason::expired);
    t.pass(1s);
    CHECK(t.all_calls().size() == 2);
  }
  CHECK(mails() == 1);
}

TEST_CASE("what joins a call that is late already is told on the next channel as well") {
  call_bench t(config_with_mails());
  rings(t);
  t.news({failing(trunk_down, "T2")});
  SECTION("it still waits for its turn") { t.pass(2min); } // the second is due by now
  SECTION("it is placed") {
    t.pass(119s);
    t.placed(t.newest());
    t.pass(1s);
  }
  REQUIRE(t.all_calls().size() == 1);
  for (const char* trunk : {"T1", "T2"}) CHECK(mails_to_jo(t, t.at(trunk_down, trunk).id) == 1);
  t.heard(t.newest(), call_stage::ended, call_result::failed);
  for (const char* trunk : {"T1", "T2"}) CHECK(mails_to_jo(t, t.at(trunk_down, trunk).id) == 1);
}

TEST_CASE("what joins a call that was placed in time is told when that fails") {
  call_bench t(config_with_mails());
  t.news({failing(trunk_down, "T1"), failing(trunk_down, "T2")});
  t.pass(2min);
  REQUIRE(t.all_calls().size() == 1);
  t.placed(t.newest());
  for (const char* trunk : {"T1", "T2"}) CHECK(mails_to_jo(t, t.at(trunk_down, trunk).id) == 0);
  t.heard(t.newest(), call_stage::ended, call_result::failed);
  for (const char* trunk : {"T1", "T2"}) CHECK(mails_to_jo(t, t.at(trunk_down, trunk).id) == 1);
}

// The clock was set forward, or the news was faster than the tick.
TEST_CASE("a call that is late when it is heard of is told of then, if nobody was told before") {
  call_bench t(config_with_mails());
  rings(t);
  const delivery row = t.newest();
  const auto mails = [&] { return mails_to_jo(t, t.at(trunk_down).id); };
  SECTION("it is placed only now") {
    t.now += 61s;
    t.placed(row);
    CHECK(mails() == 1);
    CHECK(is_live(t.calls.at(row.id)));
  }
  SECTION("its provider says something of it, and it does not ring yet") {
    t.pass(1s);
    t.placed(row);
    t.now += 61s;
    call_news news;
    news.call = row.id;
    news.heard.sequence = 1;
    t.hear(news);
    CHECK(mails() == 1);
  }
  SECTION("it never will be placed") {
    t.now += 61s;
    t.report(row, delivery_state::dead, reason::expired, "", 3);
    CHECK(mails() == 1);
  }
  t.heard(row, call_stage::ended, call_result::failed);
  t.pass(1s);
  CHECK(mails() == 1);
}

TEST_CASE("a call that was begun when it had waited ten minutes has its time at the provider") {
  call_bench t;
  rings(t);
  const delivery row = t.newest();
  t.pass(10min + 59s);
  CHECK(is_live(t.calls.at(row.id)));
  SECTION("it is placed") {
    t.placed(row);
    CHECK(t.last.hang_ups.empty());
    CHECK(t.calls.at(row.id).stage == call_stage::placed);
  }
  SECTION("nobody says what became of it") {
    t.pass(1s);
    CHECK_FALSE(is_live(t.calls.at(row.id)));
  }
}
