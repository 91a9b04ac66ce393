// A channel of a kind whose provider account takes only so much: between a store, a tenant and a keeper of rates that only
// listen, and an http port that never answers by itself.
#include "actors/channel_actor.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

class scripted_http final : public net::http_port {
public:
  explicit scripted_http(log_sink& log) : log_(log) {}

  std::uint64_t send(const net::lane&, http_request, net::http_completion done) override {
    const std::lock_guard hold(guard_);
    done_ = std::move(done);
    log_.info("asked", {});
    return 1;
  }
  void cancel(std::uint64_t) override {}
  void close_lane(const std::string&) override {}

  void answer(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
    http_outcome outcome;
    outcome.response.emplace();
    outcome.response->status = status;
    outcome.response->headers = std::move(headers);
    outcome.response->body = "ok";
    const std::lock_guard hold(guard_);
    std::exchange(done_, nullptr)(std::move(outcome));
  }

private:
  log_sink& log_;
  std::mutex guard_;
  net::http_completion done_;
};

channel_config hook() {
  channel_config config;
  config.id = channel_id("chat");
  config.kind = "slack";
  config.secrets = {{"webhook_url", secret_text("https://hooks.example/services/T1/B1/quiet")}};
  return config;
}

struct bench {
  bench() {
    world->time.now = [this] { return moment{wall_time{std::chrono::hours(500'000)}, steady_time{steady.load()}}; };
    world->time.boot = [] { return std::chrono::nanoseconds(5h); };
    world->time.spread = [] { return 0.0; };
    world->http = &http;
    world->metrics = std::make_shared<node_metrics>(std::vector<std::string>{"slack"});
    world->clock = caf::actor_cast<clock_actor>(pointer(clock));
    world->store = caf::actor_cast<store_actor>(pointer(store));
    under_test = system.spawn<channel>(world, world->health->probe("channel/t/chat", "channel", "group/t"),
                                       tenant_id("t"), hook(), timing());
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
  static Message hear(caf::scoped_actor& who) {
    Message heard;
    who->receive([&](const Message& one) { heard = one; },
                 caf::after(test::patience) >> [] { FAIL("it was not said"); });
    return heard;
  }

  // Introduced, recovered, and its first look begun.
  void begin() {
    caf::anon_send(under_test, accounts_attached{pointer(accounts)});
    caf::anon_send(under_test, tenant_attached{pointer(tenant)});
    hear<recover_rows>(store);
    caf::anon_send(under_test, rows_recovered{true});
    CHECK(hear<channel_ready>(tenant).window == 0);
  }
  // The wake-up that was asked for at that time comes.
  void ring(steady_time when) {
    wake_me asked;
    while (asked.at != when) asked = hear<wake_me>(clock);
    caf::anon_send(under_test, due{asked.token});
  }
  // The claim under way is answered: what is due waits for room.
  void rows_wait(urgency how) {
    persistence::claimed_rows rows;
    rows.waiting = how;
    rows.due_left = true;
    caf::anon_send(under_test, rows_claimed{rows, true});
  }
  void hand_over_one() {
    persistence::claimed_rows rows;
    delivery made;
    made.id = delivery_id("dl_1");
    made.tenant = tenant_id("t");
    made.channel = channel_id("chat");
    made.kind = delivery_kind::mirror;
    made.content.title = "Trunk down";
    made.attempts = 1;
    made.give_up_at = wall_time{std::chrono::hours(500'001)};
    rows.rows = {made};
    caf::anon_send(under_test, rows_claimed{rows, true});
  }

  std::atomic<std::chrono::nanoseconds> steady{100s};
  test::event_log log;
  scripted_http http{log};
  std::shared_ptr<ports> world = test::make_world(log);
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor clock{system};
  caf::scoped_actor store{system};
  caf::scoped_actor tenant{system};
  caf::scoped_actor accounts{system};
  channel_actor under_test;
};

} // namespace

TEST_CASE("a row of a shared account is claimed only once a permit for it is there") {
  bench at;
  at.begin();
  const auto look = at.hear<claim_rows>(at.store).request;
  CHECK(look.limit == 0);
  CHECK(look.order == persistence::claim_order::by_urgency);
  at.rows_wait(urgency::first_critical);
  const auto wish = at.hear<permit_wanted>(at.accounts);
  CHECK(wish.how == urgency::first_critical);
  CHECK(wish.tenant == tenant_id("t"));
  CHECK(wish.account.find("quiet") == std::string::npos);
  caf::anon_send(at.under_test, permit_given{wish.account});
  CHECK(at.hear<claim_rows>(at.store).request.limit == 1);
  at.hand_over_one();
  REQUIRE(at.log.wait_for("asked"));
  at.http.answer(200);
  const auto stored = at.hear<settle_rows>(at.store).settlements.at(0);
  CHECK(stored.state == delivery_state::sent);
  caf::anon_send(at.under_test, settlements_stored{{delivery_id("dl_1")}, {}});
  CHECK(at.hear<permit_over>(at.accounts).how == permit_end::used);
}

TEST_CASE("a permit that finds nothing to send is given back") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  at.rows_wait(urgency::routine);
  const auto wish = at.hear<permit_wanted>(at.accounts);
  caf::anon_send(at.under_test, permit_given{wish.account});
  at.hear<claim_rows>(at.store);
  caf::anon_send(at.under_test, rows_claimed{{}, true}); // acknowledged meanwhile
  CHECK(at.hear<permit_over>(at.accounts).how == permit_end::unused);
}

TEST_CASE("a permit of an account of before is given back there") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  caf::anon_send(at.under_test, permit_given{"slack/another"});
  const auto back = at.hear<permit_over>(at.accounts);
  CHECK(back.account == "slack/another");
  CHECK(back.how == permit_end::unused);
}

TEST_CASE("without an answer for 2 s a channel goes on, says so, and asks again for the next") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  at.rows_wait(urgency::routine);
  at.hear<permit_wanted>(at.accounts);
  SECTION("nobody answers") {
    at.steady = 102s;
    caf::anon_send(at.under_test, look_for_rows{1});
    CHECK(at.hear<claim_rows>(at.store).request.limit == 0);
    at.rows_wait(urgency::routine);
    CHECK(at.hear<claim_rows>(at.store).request.limit == 1);
    CHECK(at.world->metrics->permits_assumed == 1);
    CHECK(at.log.wait_for("permit_assumed"));
  }
  SECTION("it is known to wait for its turn") {
    caf::anon_send(at.under_test, permit_queued{});
    at.steady = 102s;
    caf::anon_send(at.under_test, look_for_rows{1});
    CHECK(at.hear<claim_rows>(at.store).request.limit == 0);
    at.rows_wait(urgency::routine);
    at.hear<permit_wanted>(at.accounts);
    CHECK(at.world->metrics->permits_assumed == 0);
  }
}

TEST_CASE("while it waits for its turn a channel asks again, and now and then looks whether all that waits still may") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  at.rows_wait(urgency::first_critical);
  at.hear<permit_wanted>(at.accounts);
  std::chrono::nanoseconds wakes = 102s;
  for (; wakes < 110s; wakes += 2s) {
    caf::anon_send(at.under_test, permit_queued{});
    at.steady = wakes;
    at.ring(steady_time{wakes});
    CHECK(at.hear<permit_wanted>(at.accounts).how == urgency::first_critical); // and no look went before it
  }
  caf::anon_send(at.under_test, permit_queued{});
  at.steady = wakes;
  at.ring(steady_time{wakes});
  CHECK(at.hear<claim_rows>(at.store).request.limit == 0);
  at.rows_wait(urgency::repeated_critical);
  CHECK(at.hear<permit_wanted>(at.accounts).how == urgency::repeated_critical);
}

TEST_CASE("a channel where nothing waits any more asks for no permit") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  at.rows_wait(urgency::first_critical);
  at.hear<permit_wanted>(at.accounts);
  caf::anon_send(at.under_test, permit_queued{});
  caf::anon_send(at.under_test, look_for_rows{1});
  at.hear<claim_rows>(at.store);
  caf::anon_send(at.under_test, rows_claimed{{}, true}); // acknowledged meanwhile
  at.steady = 102s;
  at.ring(steady_time{102s});
  CHECK(at.hear<claim_rows>(at.store).request.limit == 0);
}

TEST_CASE("a provider that says it is too much rests the whole account, as long as it said") {
  bench at;
  at.begin();
  at.hear<claim_rows>(at.store);
  at.rows_wait(urgency::routine);
  const auto wish = at.hear<permit_wanted>(at.accounts);
  caf::anon_send(at.under_test, permit_given{wish.account});
  at.hear<claim_rows>(at.store);
  at.hand_over_one();
  REQUIRE(at.log.wait_for("asked"));
  at.http.answer(429, {{"Retry-After", "30"}});
  const auto refused = at.hear<account_refused>(at.accounts);
  CHECK(refused.account == wish.account);
  CHECK(refused.wait == duration(30s));
}
