// What a PBX does not say: blind classes, unknown resources, alerts out of sight.
#include "actors/logic/instance_machine.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;
using lines = std::vector<std::string>;

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
  watched_instance pbx(unknown_instance());
  CHECK(pbx.see_for(blind_services(poll().read(), read_problem::not_in_build), 20).empty());
  CHECK_FALSE(pbx.is_open(alert_type::instance_degraded));
}

TEST_CASE("an endpoint that was there and is not any more blinds its class") {
  watched_instance pbx;
  pbx.see(poll().read());
  CHECK(said(pbx.see_for(blind_services(poll().read(), read_problem::not_in_build), 20)) ==
        lines{"instance_degraded instance failing", "instance_degraded instance failing"});
  CHECK(pbx.stored.health.blind == bit(endpoint::services));
  pbx.see(blind_trunks(poll().read(), read_problem::not_in_build));
  CHECK(pbx.stored.health.blind == bit(endpoint::trunks));
}

TEST_CASE("a list none of whose items says how it is blinds its class") {
  poll vague;
  vague.trunks = {trunk("1", resource_state::unknown), trunk("2", resource_state::unknown)};
  vague.sbcs = {sbc("a", std::nullopt)};
  vague.services = {service("s", std::nullopt)};
  watched_instance pbx;
  pbx.see(poll().read());
  const auto news = pbx.see(vague.read());
  REQUIRE(news.health);
  CHECK(news.health->blind == (bit(endpoint::trunks) | bit(endpoint::sbcs) | bit(endpoint::services)));
  CHECK(std::ranges::count(news.changed, resource_state::unknown, &resource_record::state) == 4);
  CHECK(said(pbx.see_for(vague.read(), 20)) ==
        lines{"instance_degraded instance failing", "instance_degraded instance failing"});
}

TEST_CASE("one trunk of many that does not say how it is is a warning after the time for blindness") {
  watched_instance pbx;
  pbx.see(poll().read());
  const auto vague = with_trunks({up("1"), trunk("2", resource_state::unknown)});
  const auto begun = pbx.now.steady;
  std::vector<transition> told;
  while (told.empty() && pbx.now.steady < begun + 30min) told = pbx.see_for(vague, 1);
  REQUIRE(said(told) == lines{"instance_degraded instance failing"});
  CHECK(told[0].level == severity::warning);
  CHECK(told[0].detail == "trunk/2 does not say how it is");
  CHECK(pbx.now.steady >= begun + 15min);
  CHECK(pbx.now.steady <= begun + 18min);
  CHECK(pbx.stored.health.blind == 0);
  CHECK(said(pbx.see_for(poll().read(), 3)) == lines{"instance_degraded instance ok"});
}

TEST_CASE("what is open says once that it cannot be seen, and once that it is seen again") {
  const auto bad = with_trunks({down("1"), up("2")});
  const std::vector<observation> ways{with_trunks({trunk("1", resource_state::unknown), up("2")}), blind_trunks(bad)};
  for (const auto& unseen : ways) {
    watched_instance pbx;
    pbx.see_for(bad, 3);
    CHECK(said(pbx.see_for(unseen, 3)) == lines{"trunk_down trunk/1 unknown"});
    pbx.restart();
    CHECK(pbx.see(unseen).transitions.empty());
    CHECK(said(pbx.see_for(bad, 3)) == lines{"trunk_down trunk/1 failing"});
    CHECK(pbx.stored.unseen.empty());
  }
}

TEST_CASE("what is open goes out of sight with the instance, and recovers without being seen failing") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  CHECK(said(pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4)) ==
        lines{"instance_unreachable instance failing", "trunk_down trunk/1 unknown"});
  CHECK(said(pbx.see_for(poll().read(), 4)) == lines{"instance_unreachable instance ok", "trunk_down trunk/1 ok"});
  CHECK(pbx.stored.unseen.empty());
}

TEST_CASE("all trunks down goes out of sight, too") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), down("2")}), 4);
  CHECK(said(pbx.see_for(blind_trunks(poll().read()), 2)) == lines{"all_trunks_down instance unknown"});
  CHECK(said(pbx.see_for(with_trunks({down("1"), down("2")}), 2)) == lines{"all_trunks_down instance failing"});
}

TEST_CASE("an empty list where there was something is blindness, never a removal or a recovery") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  const auto all = pbx.see_for(with_trunks({}), 10);
  CHECK(said(all) == lines{"trunk_down trunk/1 unknown", "instance_degraded instance failing"});
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

} // namespace ringdown
