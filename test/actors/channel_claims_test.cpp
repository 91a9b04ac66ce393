// How many rows a webhook asks the store for: between a store and a tenant that only listen, and a far end that answers when
// the test says so.
#include "actors/channel_actor.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

// Answers every exchange at once, unless it is silent.
class ready_http final : public net::http_port {
public:
  std::uint64_t send(const net::lane&, http_request request, net::http_completion done) override {
    const std::uint64_t ticket = ++sent;
    latest_send_by = request.send_by.value_or(std::chrono::nanoseconds::max());
    if (silent) return ticket;
    http_outcome outcome;
    outcome.response.emplace();
    outcome.response->status = status;
    done(std::move(outcome));
    return ticket;
  }
  void cancel(std::uint64_t) override {}
  void close_lane(const std::string&) override {}

  std::atomic<int> status{200};
  std::atomic<bool> silent{false};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::chrono::nanoseconds> latest_send_by{};
};

channel_config hook() {
  channel_config config;
  config.id = channel_id("hook");
  config.kind = "webhook";
  config.settings = {{"url", "https://hooks.example/in"}};
  config.secrets = {{"secret", secret_text("whsec_" + std::string(32, 'q'))}};
  return config;
}

struct bench {
  explicit bench(std::shared_ptr<const lease_board> leases = nullptr, const channel_config& settings = hook()) {
    world->leases = std::move(leases);
    world->time.now = [] { return moment{wall_time{std::chrono::hours(500'000)}, steady_time{1h}}; };
    world->time.boot = [] { return std::chrono::nanoseconds(5h); };
    world->time.spread = [] { return 0.0; };
    world->http = &http;
    world->metrics = std::make_shared<node_metrics>(std::vector<std::string>{settings.kind});
    world->clock = caf::actor_cast<clock_actor>(pointer(clock));
    world->store = caf::actor_cast<store_actor>(pointer(store));
    under_test = system.spawn<channel>(world, world->health->probe("channel/t/hook", "channel", "group/t"),
                                       tenant_id("t"), settings, timing());
    caf::anon_send(under_test, tenant_attached{pointer(tenant)});
    hear<recover_rows>();
    caf::anon_send(under_test, rows_recovered{true});
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    world->clock = nullptr;
    world->store = nullptr;
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    clock->wait_for(under_test);
  }

  [[nodiscard]] static caf::strong_actor_ptr pointer(caf::scoped_actor& who) {
    return caf::actor_cast<caf::strong_actor_ptr>(who);
  }
  template <class Message>
  Message hear() {
    Message heard;
    store->receive([&](const Message& one) { heard = one; },
                   caf::after(test::patience) >> [] { FAIL("it was not said"); });
    return heard;
  }
  // The claim gets all it asked for, and there is more.
  void give(std::size_t limit) {
    open_ += limit;
    rows_claimed answer;
    answer.ok = true;
    answer.rows.due_left = true;
    for (std::size_t i = 0; i < limit; ++i) {
      delivery row;
      row.id = delivery_id("dl_" + std::to_string(++made_));
      row.tenant = tenant_id("t");
      row.channel = channel_id("hook");
      row.kind = delivery_kind::log;
      row.state = delivery_state::claimed;
      answer.rows.rows.push_back(std::move(row));
    }
    caf::anon_send(under_test, std::move(answer));
  }
  // As many outcomes are stored, one by one. What is asked for then.
  std::size_t take_all(std::size_t limit) {
    give(limit);
    std::size_t next = 0;
    while (next == 0)
      store->receive([&](const settle_rows& done) { store_them(done); },
                     [&](const claim_rows& asked) { next = asked.request.limit; },
                     caf::after(test::patience) >> [&] { FAIL("it asks for no more"); });
    return next;
  }

  // A storm that was taken quickly: so many rows are asked for at once.
  std::size_t storm() {
    std::size_t asked = hear<claim_rows>().request.limit;
    for (int i = 0; i < 200 && asked <= 8; ++i) asked = take_all(asked); // what is in hand makes a claim smaller
    while (open_ > 0) store_them(hear<settle_rows>());
    return asked;
  }
  // So many rows go back to the table, and it is not said that anybody was asked to take them.
  void hear_handed_back(std::size_t many) {
    for (; many > 0; --many) {
      const auto back = hear<settle_rows>().settlements;
      REQUIRE(back.size() == 1);
      CHECK(back[0].state == delivery_state::pending);
      CHECK(back[0].ledger.outcome == outcome_kind::not_sent);
    }
  }

  test::event_log log;
  std::shared_ptr<ports> world = test::make_world(log);
  ready_http http;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor clock{system};
  caf::scoped_actor store{system};
  caf::scoped_actor tenant{system};
  channel_actor under_test;

private:
  void store_them(const settle_rows& done) {
    settlements_stored stored;
    for (const auto& one : done.settlements) stored.rows.push_back(one.ledger.delivery);
    open_ -= stored.rows.size();
    caf::anon_send(under_test, std::move(stored));
  }

  int made_ = 0;
  std::size_t open_ = 0; // rows given whose outcome was not stored
};

} // namespace

TEST_CASE("a webhook that takes a storm quickly is given its rows in batches, and one by one when it fails") {
  bench at;
  std::size_t asked = at.hear<claim_rows>().request.limit;
  CHECK(asked == 4);
  std::size_t most = 0;
  for (int i = 0; i < 8; ++i) most = std::max(most, asked = at.take_all(asked));
  CHECK(most >= 32);
  CHECK(most <= 68);
  at.http.status = 503;
  for (int i = 0; i < 3; ++i) asked = at.take_all(asked);
  CHECK(asked <= 4);
}

TEST_CASE("a webhook that is switched off, or sent elsewhere, begins nothing that it was given before") {
  bench at;
  const std::size_t asked = at.storm();
  REQUIRE(asked > 8);
  channel_config changed = hook();
  SECTION("with rows in hand") {
    at.http.silent = true;
    const std::uint64_t before = at.http.sent;
    SECTION("off") { changed.enabled = false; }
    SECTION("another address") { changed.settings["url"] = "https://other.example/in"; }
    at.give(asked);
    caf::anon_send(at.under_test, reconfigure_channel{changed, timing()});
    at.hear_handed_back(asked - 4);
    CHECK(at.http.sent == before + 4);
  }
  SECTION("with a claim under way") {
    const std::uint64_t before = at.http.sent;
    changed.enabled = false;
    caf::anon_send(at.under_test, reconfigure_channel{changed, timing()});
    at.give(asked);
    at.hear_handed_back(asked);
    CHECK(at.http.sent == before);
  }
}

TEST_CASE("without the lease of its shard a channel begins nothing and claims nothing, and with it again both") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {5h - 1ms, 6h}}, {1, {6h, 6h}}});
  bench at(leases);
  // It looks again, and until then asks for nothing.
  at.clock->receive([](const wake_me&) {}, caf::after(test::patience) >> [] { FAIL("it does not look again"); });
  delivery row;
  row.id = delivery_id("dl_born_claimed");
  row.kind = delivery_kind::log;
  row.state = delivery_state::claimed;
  caf::anon_send(at.under_test, deliveries_ready{{row}});
  at.hear_handed_back(1);
  CHECK(at.http.sent == 0);
  leases->write({{0, {5h + 1ms, 5h + 2ms}}});
  caf::anon_send(at.under_test, look_for_rows{1});
  at.give(at.hear<claim_rows>().request.limit);
  static_cast<void>(at.hear<settle_rows>());
  CHECK(at.http.sent > 0);
  CHECK(at.http.latest_send_by.load() == 5h + 2ms);
}

TEST_CASE("what a call that goes on is asked leaves under the lease") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 7h}}});
  channel_config phone;
  phone.id = channel_id("phone");
  phone.kind = "twilio";
  phone.settings = {{"account", "AC" + std::string(32, '1')}, {"from", "+4930123456"}};
  phone.secrets = {{"auth_token", secret_text(std::string(32, '2'))}};
  bench at(leases, phone);
  caf::anon_send(at.under_test, hang_up_call{delivery_id("dl_1"), "CA" + std::string(32, '3'), call_stage::placed});
  at.clock->receive([](const wake_me&) {}, caf::after(test::patience) >> [] { FAIL("it does not follow the call"); });
  REQUIRE(at.http.sent == 1);
  CHECK(at.http.latest_send_by.load() == 7h);
}

TEST_CASE("a refused outcome is forgotten, and no other that is on its way to the store") {
  bench at;
  at.hear<claim_rows>();
  at.give(2);
  at.hear<settle_rows>();
  at.hear<settle_rows>();
  caf::anon_send(at.under_test, settlements_stored{{}, {delivery_id("dl_1")}});
  caf::anon_send(at.under_test, settlements_stored{{delivery_id("dl_2")}, {}});
  delivery_settled told;
  at.tenant->receive([&](const delivery_settled& one) { told = one; },
                     caf::after(test::patience) >> [] { FAIL("it was not said"); });
  CHECK(told.delivery == delivery_id("dl_2"));
  CHECK(told.state == delivery_state::sent);
}
