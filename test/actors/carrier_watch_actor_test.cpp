// The watch over carriers among tenants that only listen, and a tenant beside a watch that only listens.
#include "actors/carrier_watch_actor.hpp"

#include "actors/tenant_actor.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

const std::string carrier = "sip.carrier.example";
const std::set<std::string> nothing;
const wall_time noon = from_micros(1'790'000'000'000'000);

template <class Message>
Message next(caf::scoped_actor& self, const char* what) {
  std::optional<Message> heard;
  self->receive([&](const Message& one) { heard = one; }, caf::after(test::patience) >> [&] { FAIL("no " << what); });
  return *heard;
}

// Nothing else has come: what the listener sends itself is the next thing it hears.
void heard_no_more(caf::scoped_actor& self) {
  caf::anon_send(caf::actor(self), due{77});
  bool silent = false;
  self->receive([&](const due& rang) { silent = rang.token == 77; },
                [](const carriers_elsewhere&) { FAIL("it was told"); },
                [](const carriers_seen&) { FAIL("it reports"); });
  CHECK(silent);
}

struct world_at_noon {
  world_at_noon() {
    world = test::make_world(log);
    world->time.now = [this] { return moment{noon, steady_time{steady.load()}}; };
    world->time.spread = [] { return 0.0; };
  }
  std::atomic<std::chrono::seconds> steady{1h};
  test::event_log log;
  std::shared_ptr<ports> world;
  caf::actor_system_config config;
  caf::actor_system system{config};
};

struct watched : world_at_noon {
  explicit watched(std::vector<carrier_alias> known = {}) {
    world->node.carriers = std::move(known);
    watch = system.spawn<carrier_watch>(world, world->health->probe("carrier_watch", "carrier_watch", "root"));
  }
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { caf::anon_send_exit(watch, caf::exit_reason::user_shutdown); }

  void report(caf::scoped_actor& who, const std::string& tenant, std::uint64_t number, int places, bool failing = true,
              const std::string& at = carrier) {
    carriers_seen seen{tenant_id(tenant), caf::actor_cast<caf::strong_actor_ptr>(who), number, {}};
    for (int i = 0; i < places; ++i)
      seen.places.push_back(
          {static_cast<std::uint32_t>(i), {{at, true, failing ? std::optional(noon) : std::nullopt, false}}});
    caf::anon_send(watch, std::move(seen));
  }
  static carriers_elsewhere answer(caf::scoped_actor& who) { return next<carriers_elsewhere>(who, "answer"); }

  carrier_watch_actor watch;
};

} // namespace

TEST_CASE("the watch answers each report, and tells the others when that changes what they may know") {
  watched at;
  caf::scoped_actor acme(at.system);
  caf::scoped_actor beta(at.system);
  caf::scoped_actor third(at.system);
  at.report(acme, "acme", 1, 2);
  CHECK(at.answer(acme).registrars == nothing);
  at.report(third, "third", 1, 2, true, "sip.other.example");
  CHECK(at.answer(third).registrars == nothing);
  at.report(beta, "beta", 5, 2);
  const auto heard = at.answer(beta);
  CHECK(heard.registrars == std::set{carrier});
  CHECK(heard.number == 5);
  const auto other = at.answer(acme);
  CHECK(other.registrars == std::set{carrier});
  CHECK(other.number == 1);
  at.report(beta, "beta", 6, 2, false);
  CHECK(at.answer(beta).registrars == std::set{carrier});
  CHECK(at.answer(acme).registrars == nothing);
  heard_no_more(third);
}

TEST_CASE("a tenant that ends is forgotten, and one that starts anew begins with nothing") {
  watched at;
  caf::scoped_actor acme(at.system);
  at.report(acme, "acme", 1, 2);
  CHECK(at.answer(acme).registrars == nothing);
  {
    caf::scoped_actor beta(at.system);
    at.report(beta, "beta", 1, 2);
    CHECK(at.answer(beta).registrars == std::set{carrier});
    CHECK(at.answer(acme).registrars == std::set{carrier});
    caf::scoped_actor again(at.system);
    at.report(again, "beta", 1, 1);
    CHECK(at.answer(again).registrars == std::set{carrier});
    CHECK(at.answer(acme).registrars == nothing);
    at.report(again, "beta", 2, 2);
    CHECK(at.answer(again).registrars == std::set{carrier});
    CHECK(at.answer(acme).registrars == std::set{carrier});
  }
  CHECK(at.answer(acme).registrars == nothing);
}

TEST_CASE("the operator's table makes registrars one carrier") {
  watched at({{"carrier", {carrier, "sip2.carrier.example"}}});
  caf::scoped_actor acme(at.system);
  caf::scoped_actor beta(at.system);
  at.report(acme, "acme", 1, 1);
  CHECK(at.answer(acme).registrars == nothing);
  at.report(beta, "beta", 1, 2, true, "sip2.carrier.example");
  CHECK(at.answer(beta).registrars == nothing); // one place elsewhere
  CHECK(at.answer(acme).registrars == std::set{carrier});
}

// --- the tenant ---------------------------------------------------------------------------------------------------------

namespace {

struct reporting : world_at_noon {
  reporting() {
    auto settings = test::usual_config();
    settings.channels = {test::channel("desk", "psa"), test::channel("noc-push", "ntfy")};
    world->clock = caf::actor_cast<clock_actor>(others);
    world->store = caf::actor_cast<store_actor>(store);
    under_test = system.spawn<tenant>(world, world->health->probe("tenant/acme", "tenant", "group/acme"),
                                      std::make_shared<const tenant_config>(settings), test::kinds());
    persistence::tenant_snapshot stored;
    stored.tenant = tenant_id("acme");
    persistence::tenant_snapshot::instance_part hq{test::hq, {}, {trunk(resource_state::registered)}};
    hq.health.reach = reachability::reachable;
    stored.instances.push_back(std::move(hq));
    caf::anon_send(
        under_test,
        tenant_loaded{std::make_shared<const persistence::tenant_snapshot>(std::move(stored)), {}, {}, true});
    caf::anon_send(under_test, poller_ready{test::hq, caf::actor_cast<caf::strong_actor_ptr>(poller)});
    generation = next<rebaseline>(poller, "baseline").base.generation;
  }
  reporting(const reporting&) = delete;
  reporting& operator=(const reporting&) = delete;
  ~reporting() {
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    others->wait_for(under_test);
    world->clock = nullptr;
    world->store = nullptr;
  }

  static resource_record trunk(resource_state state) {
    resource_record one;
    one.ref = {resource_kind::trunk, "T1"};
    one.label = "T1";
    one.provider = carrier;
    one.state = state;
    one.since = noon;
    return one;
  }
  void polled(resource_state state) {
    poll_news news;
    news.instance = test::hq;
    news.generation = generation;
    news.sequence = ++sequence;
    news.changed.push_back(trunk(state));
    auto seen = state == resource_state::registered ? test::healthy(alert_type::trunk_down)
                                                    : test::failing(alert_type::trunk_down);
    seen.since = seen.seen = noon;
    news.transitions.push_back(std::move(seen));
    caf::anon_send(under_test, std::move(news));
  }
  // The text of the fire in the next transaction.
  std::string told() {
    std::string text;
    const auto batch = next<commit_batch>(store, "commit").batch;
    for (const delivery& row : batch->deliveries) text = row.content.text;
    return text;
  }
  void introduce(caf::scoped_actor& watch) {
    caf::anon_send(under_test, carrier_watch_at{caf::actor_cast<caf::strong_actor_ptr>(watch)});
  }
  void answer(std::uint64_t number, std::set<std::string> registrars) {
    caf::anon_send(under_test, carriers_elsewhere{number, std::move(registrars)});
  }

  caf::scoped_actor others{system};
  caf::scoped_actor store{system};
  caf::scoped_actor poller{system};
  tenant_actor under_test;
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
};

bool says_so(const std::string& text) { return text.find(logic::fails_elsewhere) != std::string::npos; }

} // namespace

TEST_CASE("a tenant reports its trunks in numbers, one report at a time, and says what it hears") {
  reporting at;
  caf::scoped_actor watch(at.system);
  at.introduce(watch);
  const auto first = next<carriers_seen>(watch, "report");
  REQUIRE(first.places.size() == 1);
  REQUIRE(first.places[0].trunks.size() == 1);
  CHECK(first.places[0].trunks[0] == trunk_sign{carrier, true, std::nullopt, false});
  at.polled(resource_state::unregistered);
  CHECK_FALSE(says_so(at.told()));
  at.polled(resource_state::registered);
  CHECK_FALSE(says_so(at.told()));
  at.polled(resource_state::unregistered);
  CHECK_FALSE(says_so(at.told()));
  heard_no_more(watch); // it waits for its answer
  at.answer(first.number, {});
  const auto second = next<carriers_seen>(watch, "second report");
  REQUIRE(second.places.size() == 1);
  CHECK(second.places[0].place == first.places[0].place);
  CHECK(second.places[0].trunks.at(0).failing == noon);
  at.answer(second.number, {carrier});
  CHECK(says_so(at.told())); // the ticket's note
  at.polled(resource_state::registered);
  CHECK_FALSE(says_so(at.told()));
}

TEST_CASE("a watch that hangs delays nothing, and what it said before is doubted") {
  reporting at;
  caf::scoped_actor watch(at.system);
  at.introduce(watch);
  at.answer(next<carriers_seen>(watch, "report").number, {carrier});
  at.polled(resource_state::unregistered);
  CHECK(says_so(at.told()));
  CHECK(next<carriers_seen>(watch, "second report").number == 2); // never answered
  at.polled(resource_state::registered);
  at.told();
  at.steady = 1h + 11s;
  at.polled(resource_state::unregistered);
  const std::string text = at.told();
  CHECK_FALSE(text.empty());
  CHECK_FALSE(says_so(text));
  heard_no_more(watch);
}

TEST_CASE("when the watch ends what it said is forgotten, and its successor is told everything") {
  reporting at;
  caf::scoped_actor watch(at.system);
  at.introduce(watch);
  at.answer(next<carriers_seen>(watch, "report").number, {carrier});
  caf::anon_send(at.under_test, carrier_watch_at{});
  at.polled(resource_state::unregistered);
  CHECK_FALSE(says_so(at.told()));
  caf::scoped_actor successor(at.system);
  at.introduce(successor);
  const auto report = next<carriers_seen>(successor, "report");
  REQUIRE(report.places.size() == 1);
  CHECK(report.places[0].trunks.at(0).failing == noon);
  at.answer(report.number - 1, {carrier}); // of the predecessor
  at.polled(resource_state::registered);
  at.told();
  at.polled(resource_state::unregistered);
  CHECK_FALSE(says_so(at.told()));
}

TEST_CASE("without a watch a tenant reports to nobody and tells what it tells") {
  reporting at;
  at.polled(resource_state::unregistered);
  const std::string text = at.told();
  CHECK_FALSE(text.empty());
  CHECK_FALSE(says_so(text));
}
