// What the instance machine says of simultaneous calls (PRODUCT A-08).
#include "actors/logic/instance_machine.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;
using lines = std::vector<std::string>;

TEST_CASE("simultaneous calls alert after three samples, at the level reached, and clear lower") {
  struct row {
    int active;
    std::string expected;
  };
  const std::vector<row> rows{{79, ""},
                              {80, ""},
                              {81, ""},
                              {82, "failing warning"},
                              {79, ""},
                              {78, ""},
                              {76, ""},
                              {75, ""},
                              {95, ""},
                              {96, ""},
                              {97, "failing critical"},
                              {91, ""},
                              {91, ""},
                              {91, ""},
                              {89, ""},
                              {89, ""},
                              {89, "failing warning"},
                              {74, ""},
                              {74, ""},
                              {74, "ok warning"}};
  watched_instance pbx;
  for (const row& one : rows) {
    const auto news = pbx.see(with_calls(one.active, 100));
    std::string got;
    for (const auto& made : news.transitions) got += std::string(name(made.to)) + " " + std::string(name(made.level));
    INFO(one.active);
    CHECK(got == one.expected);
  }
}

TEST_CASE("calls clear at five points below the threshold, and not above") {
  watched_instance pbx;
  pbx.see_for(with_calls(80, 100), 3);
  REQUIRE(pbx.is_open(alert_type::sim_calls, {resource_kind::calls, ""}));
  CHECK(pbx.see_for(with_calls(76, 100), 5).empty());
  CHECK(said(pbx.see_for(with_calls(75, 100), 3)) == lines{"sim_calls calls ok"});
}

TEST_CASE("calls that jump to critical open once, as critical") {
  watched_instance pbx;
  const auto all = pbx.see_for(with_calls(16, 16), 6);
  REQUIRE(said(all) == lines{"sim_calls calls failing"});
  CHECK(all[0].level == severity::critical);
  CHECK(all[0].detail == "16 of 16 calls");
}

TEST_CASE("calls that cannot be judged neither alert nor resolve") {
  using number = std::optional<std::int64_t>;
  const std::vector<std::pair<number, number>> rows{
      {16, std::nullopt}, {16, 0}, {std::nullopt, 16}, {-1, 16}, {INT64_MAX, INT64_MAX}, {INT64_MAX, 1}, {16, -5}};
  for (const auto& [active, most] : rows) {
    watched_instance pbx;
    CHECK(pbx.see_for(with_calls(active, most), 5).empty());
    pbx.see_for(with_calls(16, 16), 4);
    REQUIRE(pbx.is_open(alert_type::sim_calls, {resource_kind::calls, ""}));
    CHECK(pbx.see_for(with_calls(active, most), 5).empty());
  }
}

} // namespace ringdown
