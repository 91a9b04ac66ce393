// When a poller asks, and in what order.
#include "actors/logic/poll_schedule.hpp"
#include "test/actors/poller_bench.hpp"

namespace {

using namespace ringdown;
using namespace ringdown::poller_test;

TEST_CASE("a reload that changes nothing keeps the earlier look") {
  baseline known;
  known.known = true;
  known.health.reach = reachability::reachable;
  bench at({}, known);
  at.ring();
  at.http.answer(at.ask(), 502, "");
  const auto wish = at.hear<wake_me>();
  CHECK(wish.at == at.now.steady + 5s);
  at.tell(reconfigure_instance{pbx()});
  CHECK(at.hear<wake_me>().at == wish.at);
}

TEST_CASE("a PBX that asks to be left alone is, up to a minute") {
  bench at;
  at.ring();
  at.http.answer(at.ask(), 200, token);
  at.reads_well(at.ask());
  at.ring();
  const auto asked = at.ask();
  const auto begun = at.now.steady;
  http_outcome busy;
  busy.response = http_response{503, {{"Retry-After", "45"}}, "", {}};
  busy.sent = true;
  at.http.finish(asked, busy);
  for (int i = 0; i < 3; ++i) at.http.finish(at.ask(), busy);
  CHECK(at.hear<wake_me>().at >= begun + 45s);
}

TEST_CASE("a poll that is over before its slot has come is not made again at that slot") {
  bench at;
  at.ring();
  at.http.answer(at.ask(), 200, token);
  at.reads_well(at.ask());
  const auto slot = at.hear<wake_me>();
  at.now.steady = slot.at - 4ms; // the clock rings what is due within its slack
  at.tell(due{slot.token});
  at.reads_well(at.ask());
  CHECK(at.hear<wake_me>().at == slot.at + timing{}.poll_interval);
}

TEST_CASE("a poll is one run of its four lists, and one look at all their answers") {
  bench at;
  at.http.in_runs = true;
  at.ring();
  at.http.answer_run(at.ask(), {token});
  const auto run = at.ask();
  const std::string base = "https://pbx.example/xapi/v1/";
  CHECK(at.http.run_of(run) == std::vector{base + "Trunks", base + "Sbcs", base + "SystemStatus", base + "Services"});
  at.http.answer_run(run, {R"({"value":[]})", R"({"value":[]})", R"({"Version":"20.0.10"})", R"({"value":[]})"});
  static_cast<void>(at.hear<wake_me>());
  CHECK(at.made->metrics->polls_complete == 1);
}

TEST_CASE("what a run did not come to is asked for afterwards, and what is not wanted any more is left out") {
  bench at;
  at.http.in_runs = true;
  at.ring();
  at.http.answer_run(at.ask(), {token});
  const std::string base = "https://pbx.example/xapi/v1/";
  // The trunks go on on another page: the SBCs that were read ahead are read again.
  const std::string first = R"({"value":[],"@odata.nextLink":")" + base + R"(Trunks?$skip=50"})";
  at.http.answer_run(at.ask(), {first, R"({"value":[]})"});
  const auto more = at.ask();
  CHECK(at.http.run_of(more) == std::vector{base + "Trunks"});
  CHECK(at.http.url_of(more) == base + "Trunks?$skip=50");
  at.http.answer_run(more, {R"({"value":[]})"});
  // From now on nothing is asked ahead of this PBX.
  for (const char* list : {"Sbcs", "SystemStatus", "Services"}) {
    const auto next = at.ask();
    CHECK(at.http.run_of(next) == std::vector{base + list});
    at.http.answer_run(next, {R"({"Version":"20.0.10","value":[]})"});
  }
  static_cast<void>(at.hear<wake_me>());
  CHECK(at.made->metrics->polls_complete == 1);
}

TEST_CASE("after a start, PBXes with an open alert are looked at first") {
  const auto first_look = [](std::vector<alert_key> open) {
    baseline known;
    known.known = true;
    known.open = std::move(open);
    bench at({}, known);
    return at.hear<wake_me>().at - at.now.steady;
  };
  const double phase = logic::phase_of(tenant_id("t"), instance_id("hq"));
  REQUIRE(phase > 0.2);
  CHECK(first_look({}) > 6s);
  CHECK(first_look({}) <= 30s);
  CHECK(first_look({{instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, "7"}}}) <= 3s);
}

TEST_CASE("where all nodes together watch few PBXes, they are all looked at soon after a take-over") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 6h}}});
  lease_answer said;
  said.shards = {{0, {}, 1, true, 10}, {1, {}, 1, true, 20}};
  leases->note(said, 5h);
  bench few({}, {}, leases);
  CHECK(few.hear<wake_me>().at - few.now.steady <= 90ms);
  said.shards[1].weight = 20'000;
  leases->note(said, 5h);
  bench many({}, {}, leases);
  CHECK(many.hear<wake_me>().at - many.now.steady > 6s);
}

} // namespace
