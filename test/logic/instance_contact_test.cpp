// Contact with the instance as a whole: reachability, login, grace, silence, settling.
#include "actors/logic/instance_machine.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;
using lines = std::vector<std::string>;

TEST_CASE("an instance is unreachable after the fourth failure at +40 s") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto refused = login_failed(transport(transport_error::connect_refused));
  const auto failed_at = pbx.now.wall + 60s;
  CHECK(pbx.see(refused).transitions.empty());
  for (const auto step : {5s, 15s, 20s}) {
    REQUIRE(pbx.again);
    CHECK(pbx.again->why == "unreachable");
    CHECK(pbx.again->at == pbx.now.steady + step);
    const auto news = pbx.see(refused, step);
    if (step != 20s) CHECK(news.transitions.empty());
  }
  CHECK(pbx.is_open(alert_type::instance_unreachable));
  CHECK(pbx.stored.health.reach == reachability::unreachable);
  CHECK(pbx.stored.health.since == failed_at);
  CHECK(pbx.see_for(refused, 10).empty());
}

TEST_CASE("a short interval does not shorten the ladder") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto refused = login_failed(transport(transport_error::connect_refused));
  for (int i = 0; i < 8; ++i) CHECK(pbx.see(refused, 5s).transitions.empty());
  CHECK(said(pbx.see(refused, 5s).transitions) == lines{"instance_unreachable instance failing"});
}

TEST_CASE("any answer in between cancels the ladder silently") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto hang = all_failed(transport(transport_error::timeout));
  pbx.see(hang);
  pbx.see(hang, 5s);
  CHECK(logic::is_empty(pbx.see(poll().read(), 15s)));
  CHECK(pbx.see(hang).transitions.empty());
  CHECK(pbx.see(hang, 5s).transitions.empty());
}

TEST_CASE("the cause of unreachability is told apart") {
  struct row {
    observation seen;
    cause why;
  };
  const std::vector<row> rows{
      {login_failed(transport(transport_error::dns)), cause::path_down},
      {login_failed(transport(transport_error::connect_refused)), cause::path_down},
      {login_failed(transport(transport_error::connect_timeout)), cause::path_down},
      {login_failed(transport(transport_error::unreachable)), cause::path_down},
      {login_failed(transport(transport_error::tls_expired)), cause::tls_invalid},
      {login_failed(transport(transport_error::tls_pin)), cause::tls_invalid},
      {login_failed(transport(transport_error::timeout)), cause::app_down},
      {login_failed(transport(transport_error::tls_other)), cause::app_down},
      {login_failed(problem(read_problem::not_json)), cause::app_down},
      {all_failed(problem(read_problem::server_error, transport_error::none, 502)), cause::app_down},
      {all_failed(problem(read_problem::malformed)), cause::app_down},
      {all_failed(problem(read_problem::not_in_build)), cause::app_down},
  };
  for (const row& one : rows) {
    watched_instance pbx;
    const auto all = pbx.see_for(one.seen, 4);
    REQUIRE(all.size() == 1);
    CHECK(all[0].key.type == alert_type::instance_unreachable);
    CHECK(all[0].level == severity::critical);
    CHECK(all[0].why == one.why);
  }
}

TEST_CASE("silence after refused logins is a blacklist") {
  watched_instance pbx;
  pbx.see_for(login_failed(problem(read_problem::unauthorized)), 2);
  const auto all = pbx.see_for(login_failed(transport(transport_error::connect_timeout)), 4);
  REQUIRE(all.size() == 1);
  CHECK(all[0].why == cause::blocked);
}

TEST_CASE("our own limits say nothing of a PBX") {
  for (const auto limit : {transport_error::overloaded, transport_error::cancelled, transport_error::too_late}) {
    watched_instance pbx;
    CHECK(pbx.see_for(login_failed(transport(limit)), 10).empty());
    CHECK(pbx.see_for(all_failed(transport(limit)), 10).empty());
  }
}

TEST_CASE("contact again resolves after two polls and judges trunks only after the grace") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto bad = with_trunks({down("1"), up("2")});
  CHECK(pbx.see(bad).transitions.empty());
  CHECK(said(pbx.see(bad, 10s).transitions) == lines{"instance_unreachable instance ok"});
  const auto back = pbx.now.steady - 10s;
  while (pbx.now.steady + pbx.until_next(60s) < back + 5min)
    CHECK(pbx.see(bad, pbx.until_next(60s)).transitions.empty());
  CHECK(pbx.see(bad, pbx.until_next(60s)).transitions.empty());
  const auto judged = pbx.see(bad, pbx.until_next(60s)).transitions;
  REQUIRE(judged.size() == 1);
  CHECK(pbx.now.steady == back + 5min + 10s);
  CHECK(judged[0].how == sighting::after_silence);
  CHECK(judged[0].not_before.has_value());
}

TEST_CASE("what recovered during an outage is resolved at once, with its window") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  const auto last_contact = pbx.now.wall;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  pbx.see(poll().read());
  const auto news = pbx.see(poll().read(), 10s);
  CHECK(said(news.transitions) == lines{"instance_unreachable instance ok", "trunk_down trunk/1 ok"});
  CHECK(news.transitions[1].not_before == last_contact);
}

TEST_CASE("an outage found at restart is followed by the grace too") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  pbx.restart();
  const auto bad = with_trunks({down("1"), up("2")});
  CHECK(said(pbx.see_for(bad, 4)) == lines{"instance_unreachable instance ok"});
}

TEST_CASE("the end of the grace does not wait for a slot") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  pbx.see(poll().read());
  const auto back = pbx.now.steady;
  pbx.see(poll().read(), 10s);
  pbx.see(poll().read(), 280s);
  REQUIRE(pbx.again);
  CHECK(pbx.again->why == "grace");
  CHECK(pbx.again->at == back + 5min);
}

TEST_CASE("what a silence hid is told as that, however late the polls come, and what fails later is not") {
  for (const auto interval : {60s, 300s}) {
    watched_instance pbx;
    pbx.see(poll().read(), interval);
    pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4, interval);
    const auto bad = with_trunks({down("1"), up("2")});
    pbx.see(bad, interval);
    // Whoever polls seldom and cannot be hurried sees it two intervals after the grace.
    std::vector<transition> told;
    for (int i = 0; i < 9 && told.empty(); ++i) told = pbx.see(bad, interval).transitions;
    for (int i = 0; i < 9 && (told.empty() || told[0].key.type != alert_type::trunk_down); ++i)
      told = pbx.see(bad, interval).transitions;
    REQUIRE(said(told) == lines{"trunk_down trunk/1 failing"});
    CHECK(told[0].how == sighting::after_silence);
    pbx.see(bad, interval);
    const auto later = pbx.see_for(with_trunks({down("1"), up("2"), down("3")}), 3, interval);
    REQUIRE(said(later) == lines{"trunk_down trunk/3 failing"});
    CHECK(later[0].how == sighting::regular);
  }
}

TEST_CASE("an uptime longer than the absence shows that a failed poll was no restart") {
  const auto bad = with_trunks({down("1"), up("2")});
  auto long_up = bad;
  long_up.uptime = 30 * 24h;
  auto just_up = bad;
  just_up.uptime = 20s;
  const auto refused = login_failed(transport(transport_error::connect_refused));
  struct row {
    std::vector<observation> polls; // the last goes on
    bool graced;
  };
  for (const row& one :
       {row{{bad}, true}, row{{just_up, bad}, true}, row{{long_up, bad}, false}, row{{bad, long_up, bad}, false}}) {
    watched_instance pbx;
    pbx.see(poll().read());
    pbx.see(refused);
    const auto from = pbx.now.steady;
    std::vector<transition> told;
    for (std::size_t i = 0; told.empty() && pbx.now.steady < from + 10min; ++i)
      told = pbx.see(one.polls[std::min(i, one.polls.size() - 1)], pbx.until_next(60s)).transitions;
    REQUIRE(said(told) == lines{"trunk_down trunk/1 failing"});
    CHECK((pbx.now.steady - from >= 5min) == one.graced);
  }
}

TEST_CASE("a short uptime is a restart also where the failed poll did not look like one") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see(all_failed(transport(transport_error::timeout)));
  auto back = with_trunks({down("1"), up("2")});
  back.uptime = 10s;
  pbx.see(back, 5s);
  CHECK(pbx.stored.health.starting);
}

TEST_CASE("a second outage soon after the first has its own grace") {
  watched_instance pbx;
  const auto refused = login_failed(transport(transport_error::connect_refused));
  const auto bad = with_trunks({down("1"), up("2")});
  pbx.see_for(refused, 4);
  pbx.see_for(bad, 4);
  pbx.see_for(refused, 4);
  CHECK(said(pbx.see_for(bad, 4)) == lines{"instance_unreachable instance ok"});
}

TEST_CASE("a new version is a restart") {
  watched_instance pbx;
  pbx.see(poll().read());
  poll updated;
  updated.system.version = "20.0.2";
  updated.trunks = {down("1"), up("2")};
  const auto news = pbx.see(updated.read());
  REQUIRE(news.health);
  CHECK(news.health->version == "20.0.2");
  CHECK(pbx.see_for(updated.read(), 4).empty());
  CHECK(said(pbx.see_for(updated.read(), 3)) == lines{"trunk_down trunk/1 failing"});
}

TEST_CASE("a refused login is told at the second refusal, and leaves the instance reachable") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto refused = login_failed(problem(read_problem::unauthorized));
  CHECK(pbx.see(refused).transitions.empty());
  // The second refusal waits for the slot: a PBX forgives few.
  CHECK_FALSE(pbx.again);
  const auto news = pbx.see(refused);
  REQUIRE(said(news.transitions) == lines{"instance_auth_failed instance failing"});
  CHECK(news.transitions[0].why == cause::credentials_rejected);
  CHECK(news.transitions[0].level == severity::warning);
  CHECK(pbx.stored.health.reach == reachability::reachable);
  CHECK(pbx.stored.health.blind == 15);
  CHECK(pbx.see_for(refused, 5).empty());
  CHECK(said(pbx.see_for(poll().read(), 3)) == lines{"instance_auth_failed instance ok"});
  CHECK(pbx.stored.health.blind == 0);
}

TEST_CASE("the cause of a refused login is told apart") {
  struct row {
    observation seen;
    cause why;
  };
  const std::vector<row> rows{
      {all_failed(problem(read_problem::forbidden)), cause::role_too_narrow},
      {all_failed(problem(read_problem::unauthorized)), cause::token_contested},
      {login_paused(), cause::login_paused},
      {login_failed(problem(read_problem::not_in_build, transport_error::none, 404)), cause::no_api},
      {login_failed(problem(read_problem::forbidden)), cause::role_too_narrow}};
  for (const row& one : rows) {
    watched_instance pbx;
    const auto all = pbx.see_for(one.seen, 3);
    REQUIRE(all.size() == 1);
    CHECK(all[0].key.type == alert_type::instance_auth_failed);
    CHECK(all[0].why == one.why);
  }
}

TEST_CASE("a PBX that goes down while logins are paused is unreachable, and a door that opens again is contact") {
  watched_instance pbx;
  pbx.see_for(login_paused(), 3);
  REQUIRE(pbx.is_open(alert_type::instance_auth_failed));
  const auto lost = paused_and_lost(transport(transport_error::connect_timeout));
  const auto told = pbx.see_for(lost, 4);
  REQUIRE(said(told) == lines{"instance_unreachable instance failing"});
  CHECK(told[0].why == cause::blocked);
  pbx.see_for(lost, 5);
  CHECK(pbx.is_open(alert_type::instance_unreachable));
  CHECK(said(pbx.see_for(login_paused(), 3)) == lines{"instance_unreachable instance ok"});
  CHECK(pbx.is_open(alert_type::instance_auth_failed));
  CHECK(pbx.stored.health.reach == reachability::reachable);
}

TEST_CASE("while logins are paused nothing is shown as seen") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see(login_paused());
  CHECK(pbx.stored.health.blind == 15);
  CHECK(pbx.stored.health.reach == reachability::reachable);
}

TEST_CASE("a PBX that says when it will be back is down until it answers") {
  auto busy = problem(read_problem::server_error, transport_error::none, 503);
  busy.retry_after = 120s;
  watched_instance pbx;
  pbx.see(poll().read());
  CHECK(pbx.see(login_failed(busy)).transitions.empty());
  // It is asked again no earlier than it wishes, but in time for an outage to stand after a minute.
  CHECK(pbx.not_before == pbx.now.steady + 60s);
  CHECK(said(pbx.see(login_failed(busy)).transitions) == lines{"instance_unreachable instance failing"});
  const auto later = login_failed(problem(read_problem::throttled, transport_error::none, 429));
  CHECK(pbx.see_for(later, 4).empty());
  CHECK(pbx.is_open(alert_type::instance_unreachable));
  CHECK(pbx.stored.health.reach == reachability::unreachable);
}

TEST_CASE("throttling is degraded, not unreachable") {
  watched_instance pbx;
  const auto all = pbx.see_for(login_failed(problem(read_problem::throttled, transport_error::none, 429)), 4);
  CHECK(all.empty());
}

TEST_CASE("settling is said at the second complete poll") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto wish = pbx.machine().settle(pbx.now);
  CHECK(wish.why == "settle");
  CHECK_FALSE(pbx.see(poll().read(), 0s).settled);
  REQUIRE(pbx.again);
  CHECK(pbx.see(poll().read(), 10s).settled);
  CHECK_FALSE(pbx.see(poll().read()).settled);
}

TEST_CASE("a PBX that still does not answer is current at the next failed poll") {
  watched_instance pbx;
  const auto silent = login_failed(transport(transport_error::connect_timeout));
  pbx.see_for(silent, 4);
  CHECK_FALSE(pbx.see(silent).settled);
  static_cast<void>(pbx.machine().settle(pbx.now));
  CHECK(pbx.see(silent, 0s).settled);
  CHECK_FALSE(pbx.see(silent).settled);
}

TEST_CASE("settling waits for the grace and comes by itself after an outage") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto back = pbx.now.steady + 60s;
  bool settled = false;
  for (int i = 0; i < 12 && !settled; ++i) settled = pbx.see(poll().read(), i == 0 ? 60s : pbx.until_next(60s)).settled;
  CHECK(settled);
  CHECK(pbx.now.steady >= back + 5min);
}

} // namespace ringdown
