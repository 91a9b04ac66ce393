// What the instance machine says at first sight, after a restart of its own and of what does not change.
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
  CHECK(pbx.again->about == endpoint::trunks);
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
  CHECK((*row)->state == resource_state::unknown);
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
