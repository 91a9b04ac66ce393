// What the instance machine says of trunks, bridges, SBCs and services.
#include "actors/logic/instance_machine.hpp"

#include "actors/logic/dedup.hpp"
#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;
using lines = std::vector<std::string>;

TEST_CASE("a flip to the worse is told when the second look says the same") {
  struct row {
    observation bad;
    std::string said;
    severity level;
  };
  poll sbc_off;
  sbc_off.sbcs = {sbc("a", false)};
  poll service_off;
  service_off.services = {service("s", false)};
  const std::vector<row> rows{
      {with_trunks({trunk("1", resource_state::failed_registration), up("2")}), "trunk_down trunk/1 failing",
       severity::critical},
      {with_trunks({trunk("1", resource_state::unregistered), up("2")}), "trunk_down trunk/1 failing",
       severity::critical},
      {with_trunks({trunk("1", resource_state::down_unspecified), up("2")}), "trunk_down trunk/1 failing",
       severity::critical},
      {with_trunks({up("1"), up("2"), bridge("9", resource_state::down_unspecified)}), "bridge_down bridge/9 failing",
       severity::warning},
      {sbc_off.read(), "sbc_offline sbc/a failing", severity::critical},
      {service_off.read(), "service_down service/s failing", severity::critical},
  };
  for (const row& one : rows) {
    watched_instance pbx;
    pbx.see(poll().read());
    const auto first_seen = pbx.now.wall + 60s;
    CHECK(pbx.see(one.bad).transitions.empty());
    REQUIRE(pbx.again);
    CHECK(pbx.again->why == "confirm");
    CHECK(pbx.again->about.has_value());
    const auto news = pbx.see(one.bad, 10s);
    REQUIRE(said(news.transitions) == lines{one.said});
    CHECK(news.transitions[0].since == first_seen);
    CHECK(news.transitions[0].level == one.level);
    REQUIRE(news.changed.size() == 1);
    CHECK(news.changed[0]->since == first_seen);
  }
}

TEST_CASE("a blip between two looks is not told") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see(with_trunks({down("1"), up("2")}));
  CHECK(logic::is_empty(pbx.see(poll().read(), 10s)));
  CHECK(pbx.see(with_trunks({down("1"), up("2")})).transitions.empty());
}

TEST_CASE("a failed or unknown second look keeps waiting") {
  const std::vector<observation> looks{with_trunks({trunk("1", resource_state::unknown), up("2")}),
                                       with_trunks({up("2")}), login_failed(transport(transport_error::timeout))};
  for (const auto& look : looks) {
    watched_instance pbx;
    pbx.see(poll().read());
    pbx.see(with_trunks({down("1"), up("2")}));
    CHECK(pbx.see(look, 10s).transitions.empty());
    CHECK(said(pbx.see(with_trunks({down("1"), up("2")}), 5s).transitions) == lines{"trunk_down trunk/1 failing"});
  }
}

TEST_CASE("what stays unknown is not asked for every few seconds") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see(with_trunks({down("1"), up("2")}));
  pbx.see(with_trunks({trunk("1", resource_state::unknown), up("2")}), 10s);
  CHECK_FALSE(pbx.again);
}

TEST_CASE("any other failing state confirms, and a change among them is no second alert") {
  watched_instance pbx;
  pbx.see(poll().read());
  pbx.see(with_trunks({down("1"), up("2")}));
  const auto news = pbx.see(with_trunks({trunk("1", resource_state::failed_registration, "408"), up("2")}), 10s);
  CHECK(said(news.transitions) == lines{"trunk_down trunk/1 failing"});
  CHECK(news.transitions[0].detail == "408");
  CHECK(pbx.see_for(with_trunks({down("1"), up("2")}), 3).empty());
}

TEST_CASE("recovery needs two good polls in a row") {
  watched_instance pbx;
  const auto bad = with_trunks({down("1"), up("2")});
  pbx.see_for(bad, 3);
  pbx.see(poll().read());
  CHECK(pbx.see(bad, 10s).transitions.empty());
  CHECK(pbx.see(poll().read()).transitions.empty());
  CHECK(said(pbx.see(poll().read(), 10s).transitions) == lines{"trunk_down trunk/1 ok"});
}

TEST_CASE("a disabled trunk never alerts") {
  watched_instance pbx;
  CHECK(pbx.see_for(with_trunks({trunk("1", resource_state::disabled, "TrunkIsDisabled"), up("2")}), 5).empty());
}

TEST_CASE("a trunk's severity follows its role, by number or id, and a new role acts at the next poll") {
  logic::machine_config config;
  config.trunks = {{"10001", trunk_role::secondary}, {"2", trunk_role::failover}};
  watched_instance pbx(healthy_instance(), config);
  const auto all = pbx.see_for(with_trunks({down("1"), down("2"), up("3")}), 3);
  REQUIRE(all.size() == 2);
  CHECK(all[0].level == severity::warning);
  CHECK(all[1].level == severity::info);
  config.trunks.clear();
  config.instance = instance_id("pbx");
  pbx.machine().configure(config);
  const auto raised = pbx.see_for(with_trunks({down("1"), down("2"), up("3")}), 3);
  REQUIRE(raised.size() == 2);
  CHECK(raised[0].from == condition::failing);
  CHECK(raised[0].level == severity::critical);
}

TEST_CASE("a trunk's cause and provider are told") {
  watched_instance pbx;
  auto refused = trunk("1", resource_state::failed_registration, "403");
  refused.why = cause::credentials_rejected;
  const auto all = pbx.see_for(with_trunks({refused, up("2")}), 2);
  REQUIRE(all.size() == 1);
  CHECK(all[0].why == cause::credentials_rejected);
  CHECK(all[0].provider == "sip.example.net");
  CHECK(all[0].label == "Line 1");
}

TEST_CASE("all trunks down at once is one alert instead of many") {
  watched_instance pbx;
  const auto all = pbx.see_for(with_trunks({down("1"), down("2"), bridge("9", resource_state::online)}), 4);
  REQUIRE(said(all) == lines{"all_trunks_down instance failing"});
  CHECK(all[0].level == severity::critical);
  CHECK(all[0].detail == "2 of 2 trunks down");
}

TEST_CASE("an instance with one trunk has only the alert of all") {
  auto base = healthy_instance();
  std::erase_if(base.resources, [](const resource_record& row) { return row.ref == trunk_2; });
  watched_instance pbx(base);
  CHECK(said(pbx.see_for(with_trunks({down("1")}), 4)) == lines{"all_trunks_down instance failing"});
  CHECK(said(pbx.see_for(with_trunks({up("1")}), 4)) == lines{"all_trunks_down instance ok"});
}

TEST_CASE("the last trunk to fail turns single alerts into all") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  CHECK(said(pbx.see_for(with_trunks({down("1"), down("2")}), 4)) == lines{"all_trunks_down instance failing"});
  CHECK(pbx.is_open(alert_type::trunk_down, trunk_1));
}

TEST_CASE("what is still down when one trunk comes back speaks for itself") {
  watched_instance pbx;
  auto refused = trunk("1", resource_state::failed_registration, "403");
  refused.why = cause::credentials_rejected;
  pbx.see_for(with_trunks({refused, down("2")}), 4);
  const auto since = (*std::ranges::find(pbx.stored.resources, trunk_1, &resource_record::ref))->since;
  const auto all = pbx.see_for(with_trunks({refused, up("2")}), 3);
  REQUIRE(said(all) == lines{"trunk_down trunk/1 failing", "all_trunks_down instance ok"});
  CHECK(all[0].since == since);
  CHECK(all[0].why == cause::credentials_rejected);
  CHECK(said(pbx.see_for(poll().read(), 3)) == lines{"trunk_down trunk/1 ok"});
}

TEST_CASE("all trunks down survives a restart") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), down("2")}), 4);
  pbx.restart();
  CHECK(pbx.see_for(with_trunks({down("1"), down("2")}), 4).empty());
  CHECK(said(pbx.see_for(with_trunks({down("1"), up("2")}), 3)) ==
        lines{"trunk_down trunk/1 failing", "all_trunks_down instance ok"});
}

TEST_CASE("unknown or missing trunks are not down") {
  for (const auto& rest :
       {std::vector<trunk_reading>{trunk("2", resource_state::unknown)}, std::vector<trunk_reading>{}}) {
    watched_instance pbx;
    pbx.see(poll().read());
    auto trunks = rest;
    trunks.push_back(down("1"));
    CHECK(said(pbx.see_for(with_trunks(trunks), 2)) == lines{"trunk_down trunk/1 failing"});
  }
}

TEST_CASE("a disabled or unknown trunk does not end the outage of the others") {
  watched_instance pbx;
  pbx.see_for(with_trunks({trunk("1", resource_state::disabled), down("2")}), 3);
  REQUIRE(pbx.is_open(alert_type::all_trunks_down));
  CHECK(said(pbx.see_for(with_trunks({trunk("1", resource_state::disabled), trunk("2", resource_state::unknown)}),
                         5)) == lines{"all_trunks_down instance unknown"});
  CHECK(said(pbx.see_for(with_trunks({trunk("1", resource_state::disabled), trunk("2", resource_state::disabled)}),
                         3)) == lines{"all_trunks_down instance ok"});
}

TEST_CASE("a trunk that waited for the alert of all is told when that does not come") {
  const std::vector<observation> looks{with_trunks({down("1"), trunk("2", resource_state::unknown)}), [] {
                                         observation blind = poll().read();
                                         blind.trunks.value.reset();
                                         blind.trunks.why = problem(read_problem::server_error);
                                         return blind;
                                       }()};
  for (const auto& look : looks) {
    watched_instance pbx;
    pbx.see(poll().read());
    pbx.see(with_trunks({down("1"), up("2")}));
    CHECK(pbx.see(with_trunks({down("1"), down("2")}), 10s).transitions.empty());
    CHECK(said(pbx.see(look, 10s).transitions) == lines{"trunk_down trunk/1 failing"});
  }
}

TEST_CASE("a trunk is removed after three polls that list others") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  const auto gone = with_trunks({up("2")});
  CHECK(pbx.see(gone).removed.empty());
  CHECK(pbx.see(gone).removed.empty());
  const auto news = pbx.see(gone);
  CHECK(said(news.transitions) == lines{"trunk_down trunk/1 removed"});
  CHECK(news.removed == std::vector<resource_ref>{trunk_1});
  CHECK(pbx.see_for(gone, 5).empty());
}

TEST_CASE("a trunk is removed only after polls in a row that could be read") {
  watched_instance pbx;
  pbx.see(poll().read());
  for (int i = 0; i < 5; ++i) {
    CHECK(pbx.see(with_trunks({up("2")})).removed.empty());
    CHECK(pbx.see(with_trunks({up("2")})).removed.empty());
    CHECK(pbx.see(blind_trunks(poll().read())).removed.empty());
  }
}

TEST_CASE("an alert that ends because its trunk was switched off says so") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), up("2")}), 3);
  const auto ended = pbx.see_for(with_trunks({trunk("1", resource_state::disabled), up("2")}), 2);
  REQUIRE(said(ended) == lines{"trunk_down trunk/1 ok"});
  CHECK(ended.back().detail == logic::switched_off);
  pbx.see_for(with_trunks({trunk("1", resource_state::disabled), down("2")}), 3);
  REQUIRE(pbx.is_open(alert_type::all_trunks_down));
  const auto all =
      pbx.see_for(with_trunks({trunk("1", resource_state::disabled), trunk("2", resource_state::disabled)}), 2);
  REQUIRE(said(all) == lines{"all_trunks_down instance ok"});
  CHECK(all.back().detail == logic::switched_off);
}

TEST_CASE("nothing is removed by a list that does not say how its items are") {
  poll strange;
  strange.trunks = {trunk("9", resource_state::unknown)};
  strange.sbcs = {sbc("z", std::nullopt)};
  strange.services = {service("y", std::nullopt)};
  watched_instance pbx;
  poll bad;
  bad.trunks = {down("1"), up("2")};
  bad.sbcs = {sbc("a", false)};
  bad.services = {service("s", false)};
  pbx.see_for(bad.read(), 3);
  for (int i = 0; i < 10; ++i) {
    const auto news = pbx.see(strange.read());
    CHECK(news.removed.empty());
    for (const transition& one : news.transitions) CHECK(one.to != condition::removed);
  }
  CHECK(pbx.is_open(alert_type::trunk_down, trunk_1));
  CHECK(pbx.is_open(alert_type::sbc_offline, {resource_kind::sbc, "a"}));
  CHECK(pbx.is_open(alert_type::service_down, {resource_kind::service, "s"}));
}

TEST_CASE("all trunks down does not end with a list that leaves out those that are") {
  watched_instance pbx;
  pbx.see_for(with_trunks({trunk("1", resource_state::disabled), down("2"), down("3")}), 3);
  REQUIRE(pbx.is_open(alert_type::all_trunks_down));
  for (const std::string& line : said(pbx.see_for(with_trunks({trunk("1", resource_state::disabled)}), 2)))
    CHECK(line != "all_trunks_down instance ok");
}

TEST_CASE("nothing is removed while a PBX starts, whose lists may still fill") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto filling = with_trunks({up("2")});
  pbx.see(filling);
  const auto back = pbx.now.steady;
  while (pbx.now.steady + 20s < back + 5min) CHECK(pbx.see(filling, 20s).removed.empty());
  CHECK(pbx.see(filling, 30s).removed.empty());
  CHECK(pbx.see_for(poll().read(), 3).empty());
}

TEST_CASE("a bridge whose type is not said stays a bridge, and keeps its alert") {
  for (const bool named : {false, true}) {
    watched_instance pbx;
    const auto bad = with_trunks({up("1"), up("2"), bridge("9", resource_state::down_unspecified)});
    pbx.see_for(bad, 3);
    REQUIRE(pbx.is_open(alert_type::bridge_down, {resource_kind::bridge, "9"}));
    auto vague = trunk("9", named ? resource_state::registered : resource_state::unknown);
    vague.kind_known = false;
    const auto seen = with_trunks({up("1"), up("2"), vague});
    CHECK(said(pbx.see_for(seen, 10)) == lines{"bridge_down bridge/9 unknown"});
    CHECK(pbx.is_open(alert_type::bridge_down, {resource_kind::bridge, "9"}));
    CHECK(std::ranges::none_of(pbx.stored.resources, [](const resource_record& row) {
      return row.ref == resource_ref{resource_kind::trunk, "9"};
    }));
  }
}

TEST_CASE("a trunk that turns out to be a bridge is one thing after three polls, and no trunk has vanished") {
  watched_instance pbx(unknown_instance());
  auto vague = trunk("9", resource_state::unknown);
  vague.kind_known = false;
  pbx.see(with_trunks({vague}));
  const auto known = with_trunks({bridge("9", resource_state::online)});
  CHECK(pbx.see(known).removed.empty());
  CHECK(pbx.see(known).removed.empty());
  CHECK(pbx.see(known).removed == std::vector<resource_ref>{{resource_kind::trunk, "9"}});
  CHECK(pbx.stored.health.blind == 0);
}

TEST_CASE("a trunk that all trunks spoke for is not told inside the grace") {
  watched_instance pbx;
  pbx.see_for(with_trunks({down("1"), down("2")}), 4);
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto rising = with_trunks({down("1"), up("2")});
  pbx.see(rising);
  CHECK(said(pbx.see(rising, 10s).transitions) ==
        lines{"instance_unreachable instance ok", "all_trunks_down instance ok"});
  CHECK(pbx.see_for(rising, 4).empty());
  CHECK(said(pbx.see_for(rising, 2)) == lines{"trunk_down trunk/1 failing"});
}

TEST_CASE("a service that does not run and cannot be named is told as one") {
  const resource_ref some{resource_kind::service, ""};
  poll stopped;
  stopped.system.has_stopped_services = true;
  for (const auto why : {read_problem::not_in_build, read_problem::server_error}) {
    watched_instance pbx;
    pbx.see(poll().read());
    const auto told = pbx.see_for(blind_services(stopped.read(), why), 3);
    REQUIRE(said(told) == lines{"service_down service failing"});
    CHECK(told[0].label == "a service");
    CHECK(said(pbx.see_for(blind_services(poll().read(), why), 2)) == lines{"service_down service ok"});
    pbx.see_for(blind_services(stopped.read(), why), 3);
    // The list is back: each speaks for itself.
    poll listed = stopped;
    listed.services = {service("s", false)};
    CHECK(said(pbx.see_for(listed.read(), 4)) ==
          lines{"instance_degraded instance ok", "service_down service ok", "service_down service/s failing"});
    CHECK(std::ranges::find(pbx.stored.resources, some, &resource_record::ref) == pbx.stored.resources.end());
  }
}

TEST_CASE("a stopped service that was told is not told again without its name") {
  poll stopped;
  stopped.system.has_stopped_services = true;
  stopped.services = {service("s", false)};
  watched_instance pbx;
  pbx.see_for(stopped.read(), 3);
  CHECK(said(pbx.see_for(blind_services(stopped.read()), 4)) == lines{"service_down service/s unknown"});
}

TEST_CASE("a trunk that is listed again in between is not removed") {
  watched_instance pbx;
  pbx.see(poll().read());
  for (int i = 0; i < 5; ++i) {
    CHECK(pbx.see(with_trunks({up("2")})).removed.empty());
    CHECK(pbx.see(with_trunks({up("2")})).removed.empty());
    CHECK(pbx.see(poll().read()).removed.empty());
  }
}

TEST_CASE("an alert whose resource was never stored ends when it is not listed") {
  auto base = healthy_instance();
  base.open = {{instance_id("pbx"), alert_type::trunk_down, {resource_kind::trunk, "7"}}};
  watched_instance pbx(base);
  CHECK(said(pbx.see_for(poll().read(), 4)) == lines{"trunk_down trunk/7 unknown", "trunk_down trunk/7 removed"});
}

TEST_CASE("an SBC or service that does not say is unknown") {
  poll vague;
  vague.sbcs = {sbc("a", std::nullopt)};
  vague.services = {service("s", std::nullopt)};
  watched_instance pbx;
  CHECK(pbx.see_for(vague.read(), 5).empty());
  poll bad;
  bad.sbcs = {sbc("a", false)};
  bad.services = {service("s", false)};
  pbx.see_for(bad.read(), 3);
  CHECK(said(pbx.see_for(vague.read(), 5)) == lines{"sbc_offline sbc/a unknown", "service_down service/s unknown"});
  CHECK(pbx.is_open(alert_type::sbc_offline, {resource_kind::sbc, "a"}));
}

TEST_CASE("the same fail code again writes nothing") {
  watched_instance pbx;
  const auto bad = with_trunks({trunk("1", resource_state::failed_registration, "408"), up("2")});
  pbx.see_for(bad, 4);
  CHECK(logic::is_empty(pbx.see(bad)));
}

} // namespace ringdown
