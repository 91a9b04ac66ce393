// Contact with the instance as a whole: first sight, restart, reachability, login, blindness, grace, settling.
#include "actors/logic/instance_machine.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;
using lines = std::vector<std::string>;

TEST_CASE("the first sight of a healthy instance says only its rows and health") {
  watched_instance pbx(unknown_instance());
  const auto news = pbx.see(poll().read());
  CHECK(news.transitions.empty());
  CHECK(news.changed.size() == 5);
  REQUIRE(news.health);
  CHECK(news.health->reach == reachability::reachable);
  CHECK(news.health->version == "20.0.1");
  CHECK(news.sequence == 1);
  CHECK(news.generation == 7);
  CHECK(logic::is_empty(pbx.see(poll().read())));
}

TEST_CASE("what is down at first sight is told once, together, after one confirmation") {
  watched_instance pbx(unknown_instance());
  poll bad;
  bad.trunks = {down("1"), up("2")};
  bad.sbcs = {sbc("a", false)};
  CHECK(pbx.see(bad.read()).transitions.empty());
  REQUIRE(pbx.again);
  CHECK(pbx.again->why == "confirm");
  CHECK(pbx.again->at == pbx.now.steady + 10s);
  const auto news = pbx.see(bad.read(), 10s);
  CHECK(said(news.transitions) == lines{"trunk_down trunk/1 failing", "sbc_offline sbc/a failing"});
  for (const auto& one : news.transitions) {
    CHECK(one.how == sighting::first_sight);
    CHECK(one.trace == "pbx.t0." + std::to_string(news.sequence));
  }
  poll worse = bad;
  worse.trunks = {down("1"), up("2"), down("3")};
  const auto later = pbx.see_for(worse.read(), 3);
  REQUIRE(later.size() == 1);
  CHECK(later[0].how == sighting::regular);
}

TEST_CASE("a trunk seen failing once and never again does not keep first sight on") {
  watched_instance pbx(unknown_instance());
  pbx.see(with_trunks({up("1"), up("2"), down("3")}));
  pbx.see_for(poll().read(), 5);
  const auto later = pbx.see_for(with_trunks({down("1"), up("2")}), 2);
  REQUIRE(later.size() == 1);
  CHECK(later[0].how == sighting::regular);
}

TEST_CASE("a trunk whose state is unknown has a row that says so") {
  watched_instance pbx(unknown_instance());
  const auto news = pbx.see(with_trunks({up("1"), trunk("2", resource_state::unknown)}));
  const auto row = std::ranges::find(news.changed, trunk_2, &resource_record::ref);
  REQUIRE(row != news.changed.end());
  CHECK(row->state == resource_state::unknown);
}

TEST_CASE("thirty equal polls are one news") {
  watched_instance pbx;
  int count = 0;
  for (int i = 0; i < 30; ++i)
    count += logic::is_empty(pbx.see(with_trunks({down("1"), up("2")}), i == 0 ? 60s : pbx.until_next(60s))) ? 0 : 1;
  // The first also writes the labels that the stored rows lack.
  CHECK(count == 2);
  CHECK(pbx.is_open(alert_type::trunk_down, trunk_1));
}

TEST_CASE("a restart repeats nothing that is open and still failing") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  pbx.restart();
  CHECK(pbx.see_for(with_trunks({down("1"), up("2")}), 5).empty());
}

TEST_CASE("what is open and healthy after a restart resolves after two good polls") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  pbx.restart();
  CHECK(pbx.see(poll().read()).transitions.empty());
  REQUIRE(pbx.again);
  CHECK(pbx.again->why == "recovery");
  const auto news = pbx.see(poll().read(), 10s);
  CHECK(said(news.transitions) == lines{"trunk_down trunk/1 ok"});
}

TEST_CASE("what failed while nobody looked is told after a restart") {
  watched_instance pbx;
  const auto all = pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  CHECK(said(all) == lines{"trunk_down trunk/1 failing"});
  CHECK(all[0].how == sighting::after_silence);
}

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
  CHECK(pbx.see_for(bad, 4).empty());
  const auto judged = pbx.see_for(bad, 3);
  REQUIRE(judged.size() == 1);
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
  const auto news = pbx.see(refused, 10s);
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
  const std::vector<row> rows{{all_failed(problem(read_problem::forbidden)), cause::role_too_narrow},
                              {all_failed(problem(read_problem::unauthorized)), cause::token_contested},
                              {login_paused(), cause::login_paused},
                              {login_failed(problem(read_problem::forbidden)), cause::role_too_narrow}};
  for (const row& one : rows) {
    watched_instance pbx;
    const auto all = pbx.see_for(one.seen, 3);
    REQUIRE(all.size() == 1);
    CHECK(all[0].key.type == alert_type::instance_auth_failed);
    CHECK(all[0].why == one.why);
  }
}

TEST_CASE("a paused login is no contact and resolves nothing") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  pbx.see_for(login_paused(), 5);
  CHECK(pbx.is_open(alert_type::instance_unreachable));
  CHECK(pbx.stored.health.reach == reachability::unreachable);
}

TEST_CASE("an endpoint that fails blinds its own class and nothing else") {
  watched_instance pbx;
  pbx.see(poll().read());
  poll bad;
  bad.trunks = {down("1"), up("2")};
  const auto seen = blind_services(bad.read());
  const auto news = pbx.see(seen);
  REQUIRE(news.health);
  CHECK(news.health->blind == bit(endpoint::services));
  CHECK(news.changed.empty());
  CHECK(said(pbx.see(seen, 10s).transitions) == lines{"trunk_down trunk/1 failing"});
}

TEST_CASE("an instance that answers only in part is degraded, then a warning, and recovers") {
  watched_instance pbx;
  const auto part = blind_services(poll().read());
  std::vector<transition> told;
  int polls = 0;
  while (told.empty() && polls < 10) {
    told = pbx.see_for(part, 1);
    ++polls;
  }
  REQUIRE(told.size() == 1);
  CHECK(polls >= 5);
  CHECK(told[0].key.type == alert_type::instance_degraded);
  CHECK(told[0].level == severity::info);
  const auto raised = pbx.see_for(part, 16);
  REQUIRE(raised.size() == 1);
  CHECK(raised[0].from == condition::failing);
  CHECK(raised[0].level == severity::warning);
  CHECK(said(pbx.see_for(poll().read(), 3)) == lines{"instance_degraded instance ok"});
}

TEST_CASE("an endpoint that is not in this build degrades nothing") {
  watched_instance pbx;
  CHECK(pbx.see_for(blind_services(poll().read(), read_problem::not_in_build), 20).empty());
  CHECK_FALSE(pbx.is_open(alert_type::instance_degraded));
}

TEST_CASE("throttling is degraded, not unreachable") {
  watched_instance pbx;
  const auto all = pbx.see_for(login_failed(problem(read_problem::throttled, transport_error::none, 429)), 4);
  CHECK(all.empty());
}

TEST_CASE("an empty list where there was something is blindness, never a removal or a recovery") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  const auto all = pbx.see_for(with_trunks({}), 10);
  CHECK(said(all) == lines{"instance_degraded instance failing"});
  CHECK(pbx.is_open(alert_type::trunk_down, trunk_1));
  CHECK(pbx.stored.health.blind == bit(endpoint::trunks));
}

TEST_CASE("trunks that all vanish are blindness also when bridges are listed") {
  watched_instance pbx;
  pbx.see_for(with_trunks({up("1"), bridge("9", resource_state::online)}), 5);
  const auto all = pbx.see_for(with_trunks({bridge("9", resource_state::down_unspecified)}), 3);
  CHECK(said(all) == lines{"bridge_down bridge/9 failing"});
  CHECK(pbx.stored.health.blind == bit(endpoint::trunks));
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

TEST_CASE("settling waits for the grace and comes by itself after an outage") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto back = pbx.now.steady + 60s;
  bool settled = false;
  for (int i = 0; i < 12 && !settled; ++i) settled = pbx.see(poll().read(), i == 0 ? 60s : pbx.until_next(60s)).settled;
  CHECK(settled);
  CHECK(pbx.now.steady >= back + 5min);
}

TEST_CASE("what is not judged yet, or cannot be read, is not shown as fine") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto state_of = [&](const resource_ref& ref) {
    const auto rows = pbx.machine().resources();
    return std::ranges::find(rows, ref, &resource_record::ref)->state;
  };
  CHECK(state_of(trunk_1) == resource_state::unknown);
  pbx.see_for(poll().read(), 2);
  CHECK(state_of(trunk_1) == resource_state::starting);
  pbx.see_for(poll().read(), 6);
  CHECK(state_of(trunk_1) == resource_state::registered);
  pbx.see(blind_services(poll().read()));
  CHECK(state_of({resource_kind::service, "s"}) == resource_state::unknown);
  CHECK(state_of(trunk_1) == resource_state::registered);
}

TEST_CASE("a jump of the wall clock changes no judgement") {
  for (const auto jump : {-1h, 1h}) {
    watched_instance pbx;
    pbx.see(poll().read());
    pbx.see(with_trunks({down("1"), up("2")}));
    pbx.now.wall += jump;
    CHECK(said(pbx.see(with_trunks({down("1"), up("2")}), 10s).transitions) == lines{"trunk_down trunk/1 failing"});
  }
}

} // namespace ringdown
