#include "actors/logic/script.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using enum alert_type;

namespace {

alert_view view(alert_type type, const std::string& label = "") {
  alert_view v;
  v.type = type;
  v.instance_name = "Acme HQ";
  v.label = label;
  return v;
}

tenant_config northwind() {
  tenant_config config;
  config.name = "Northwind MSP";
  return config;
}

} // namespace

TEST_CASE("an alert is said in one or two factual sentences") {
  const std::vector<std::pair<alert_view, std::string>> cases{
      {view(service_down, "3CX Phone System"),
       "There is a service down on instance Acme HQ. The service is 3CX Phone System."},
      {view(trunk_down, "Bandwidth-Primary"),
       "There is a trunk down on instance Acme HQ. The trunk is Bandwidth-Primary."},
      {view(instance_unreachable), "Instance Acme HQ is unreachable."},
      {view(all_trunks_down), "All trunks are down on instance Acme HQ."},
      {view(sbc_offline, "Branch"), "There is an SBC offline on instance Acme HQ. The SBC is Branch."},
      {view(service_down), "There is a service down on instance Acme HQ."},
      {view(provider_outage, "Bandwidth"), "There is an outage of provider Bandwidth."},
  };
  for (const auto& [what, said] : cases) CHECK(spoken(what) == said);
}

TEST_CASE("a threshold is said without its number") {
  auto what = view(sim_calls);
  what.detail = "13 of 16 calls";
  CHECK(spoken(what) == "Simultaneous calls are near the limit on instance Acme HQ.");
}

TEST_CASE("every type can be said") {
  for (const alert_type_facts& one : alert_types()) CHECK_FALSE(spoken(view(one.type, "X")).empty());
}

TEST_CASE("a script names the caller, every alert up to twenty, and counts the others") {
  const std::vector<alert_view> many(23, view(instance_unreachable));
  const auto script = script_for(many, northwind(), keypad::on);
  CHECK(script.opening == "Ringdown for Northwind MSP.");
  CHECK(script.keys == keypad::on);
  REQUIRE(script.sentences.size() == 21);
  CHECK(script.sentences.back() == "And 3 more.");
  auto config = northwind();
  config.voice.opening = "Night desk of Northwind.";
  CHECK(script_for(many, config, keypad::off).opening == "Night desk of Northwind.");
}

TEST_CASE("a terse script names nothing") {
  auto config = northwind();
  config.voice.terse = true;
  CHECK(script_for({view(trunk_down, "Secret")}, config, keypad::on).sentences ==
        std::vector<std::string>{"There is one critical alert."});
  CHECK(script_for({view(trunk_down), view(sbc_offline)}, config, keypad::on).sentences ==
        std::vector<std::string>{"There are 2 critical alerts."});
  CHECK(script_for({view(drill)}, config, keypad::on).sentences ==
        std::vector<std::string>{"This is a drill. Nothing is wrong."});
}

TEST_CASE("a name of a PBX is said on one line and not without end") {
  auto what = view(trunk_down, "A\nB" + std::string(300, 'x'));
  const std::string said = spoken(what);
  CHECK(said.find('\n') == std::string::npos);
  CHECK(said.size() < 200);
}

TEST_CASE("a code is read out digit by digit, twice") {
  const auto script = script_for_code("804213", northwind());
  CHECK(script.sentences == std::vector<std::string>{"Your code is 8, 0, 4, 2, 1, 3.", "Once more: 8, 0, 4, 2, 1, 3."});
}
