// The account notices each kind of mistake, and calls nothing one that is none.
#include "test/noise/account.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::noise;
using namespace std::chrono_literals;

namespace {

const wall_time noon = beginning + 12h;
const alert_key sbc{pbx_named(0), alert_type::sbc_offline, {resource_kind::sbc, "0"}};

// One PBX, whose SBC is out of order for so long from noon on.
plan one_outage(duration lasts) {
  plan made;
  made.pbxes = {{0, 0.5, {0}, 1, 2, 16, true}};
  made.incidents = {{kind::outage, 0}};
  spell down;
  down.what = part::sbc;
  down.begin = noon;
  down.end = noon + lasts;
  made.spells = {down};
  return made;
}

delivery row_of(const alert_key& key, wall_time at) {
  delivery row;
  row.alert = alert_id("al_1");
  row.created = at;
  alert_view view;
  view.id = row.alert;
  view.instance = key.instance;
  view.type = key.type;
  view.resource = key.resource;
  row.content.alerts = {view};
  return row;
}

alert alert_of(const alert_key& key) {
  alert made;
  made.key = key;
  return made;
}

// Everything as it should be, but for what a test changes.
struct told {
  duration lasts = 1h;
  duration pushed = 1min;
  duration rang = 3min;
  duration ticket = 1min;
  int pushes = 1;
  alert_key lead = sbc;
  std::vector<alert> members{};
};

verdict judged(const told& how) {
  account book;
  for (int i = 0; i < how.pushes; ++i) book.pushed(0, "jo", row_of(sbc, noon), noon + how.pushed);
  book.rang(0, alert_of(how.lead), how.members, noon + how.rang);
  book.opened_ticket(0, row_of(sbc, noon + how.ticket));
  book.resolved(0, sbc, noon + how.lasts + 1min);
  return book.judge(one_outage(how.lasts));
}

// The number of the only demand that was missed.
int only_missed(const verdict& found) {
  int which = -1;
  for (std::size_t i = 0; i < found.demands.size(); ++i) {
    if (found.demands[i].met) continue;
    if (which >= 0) return -2;
    which = static_cast<int>(i);
  }
  return which;
}

} // namespace

TEST_CASE("what is as it should be misses nothing") { CHECK(judged({}).all_met()); }

TEST_CASE("an outage that is told late is untold") { CHECK(only_missed(judged({.pushed = 4min})) == 0); }

TEST_CASE("a call is wrong for what lasted shorter than its wait, and for what is long over") {
  CHECK(only_missed(judged({.rang = 80min})) == 1);
  const verdict brief = judged({.lasts = 80s, .pushed = 30s, .rang = 100s, .ticket = 30s});
  CHECK_FALSE(brief.demands.at(1).met);
  CHECK(judged({.lasts = 200s, .rang = 230s}).all_met());
}

TEST_CASE("what speaks for others may ring for them") {
  const alert_key whole{pbx_named(0), alert_type::instance_unreachable, {resource_kind::instance, ""}};
  CHECK(only_missed(judged({.lead = whole})) == 1);
  CHECK(judged({.lead = whole, .members = {alert_of(sbc)}}).all_met());
}

TEST_CASE("two notices of one incident are too many") { CHECK(only_missed(judged({.pushes = 2})) == 2); }

TEST_CASE("a ticket of what is over is wrong") { CHECK(only_missed(judged({.ticket = 62min})) == 3); }
