// The keeper of account rates between channels that only listen and a clock that is turned by hand.
#include "actors/account_keeper.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/support/catch.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

constexpr account_limits one_a_second{.per = 1s, .burst = 1, .at_once = 0};

struct bench {
  bench() {
    world->time.now = [this] { return moment{wall_time{std::chrono::hours(500'000)}, steady_time{steady.load()}}; };
    world->clock = caf::actor_cast<clock_actor>(as_pointer(clock));
    under_test = system.spawn<account_keeper>(world, world->health->probe("accounts", "accounts", "root"));
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    world->clock = nullptr;
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    clock->wait_for(under_test);
  }

  [[nodiscard]] static caf::strong_actor_ptr as_pointer(caf::scoped_actor& who) {
    return caf::actor_cast<caf::strong_actor_ptr>(who);
  }
  void want(caf::scoped_actor& who, const std::string& tenant) {
    caf::anon_send(under_test,
                   permit_wanted{"twilio/a", one_a_second, tenant_id(tenant), urgency::routine, 0, as_pointer(who)});
  }
  // The clock strikes what was last asked of it.
  void strike_after(std::chrono::nanoseconds later) {
    const auto asked = hear<wake_me>(clock);
    steady = steady.load() + later;
    caf::anon_send(under_test, due{asked.token});
  }
  template <class Message>
  static Message hear(caf::scoped_actor& who) {
    Message heard;
    who->receive([&](const Message& said) { heard = said; },
                 caf::after(test::patience) >> [] { FAIL("it was not said"); });
    return heard;
  }

  std::atomic<std::chrono::nanoseconds> steady{100s};
  test::event_log log;
  std::shared_ptr<ports> world = test::make_world(log);
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor clock{system};
  caf::scoped_actor one{system};
  caf::scoped_actor other{system};
  account_actor under_test;
};

} // namespace

TEST_CASE("who has to wait is told so at once, and is given its permit when its time has come") {
  bench at;
  at.want(at.one, "acme");
  at.hear<permit_queued>(at.one);
  at.want(at.other, "bolt");
  at.hear<permit_queued>(at.other);
  CHECK(at.world->metrics->permits_waiting == 2);
  at.strike_after(1s);
  CHECK(at.hear<permit_given>(at.one).account == "twilio/a");
  at.strike_after(1s);
  CHECK(at.hear<permit_given>(at.other).account == "twilio/a");
}

TEST_CASE("a refused account gives nothing until its pause is over, and the metrics show it") {
  bench at;
  at.want(at.one, "acme");
  at.hear<permit_queued>(at.one);
  static_cast<void>(at.hear<wake_me>(at.clock));
  caf::anon_send(at.under_test, account_refused{"twilio/a", 30s});
  const auto asked = at.hear<wake_me>(at.clock);
  CHECK(asked.at == steady_time{130s});
  CHECK(at.world->metrics->accounts_paused == 1);
  at.steady = 130s;
  caf::anon_send(at.under_test, due{asked.token});
  at.hear<permit_given>(at.one);
  at.want(at.other, "bolt"); // is answered after all of the above was done
  at.hear<permit_queued>(at.other);
  CHECK(at.world->metrics->accounts_paused == 0);
}

TEST_CASE("an asker that dies leaves its turn to the next") {
  bench at;
  {
    caf::scoped_actor dying{at.system};
    at.want(dying, "acme");
    bench::hear<permit_queued>(dying);
  }
  at.want(at.other, "bolt");
  at.hear<permit_queued>(at.other);
  at.strike_after(1s);
  at.hear<permit_given>(at.other);
}

TEST_CASE("of three nodes each lets one begin in three times the interval") {
  bench at;
  auto board = std::make_shared<lease_board>();
  lease_answer heard;
  for (const std::string name : {"n1", "n2", "n3"}) heard.nodes.push_back({incarnation_id(name), name});
  board->note(heard, {});
  at.world->leases = board;
  for (caf::scoped_actor* one : {&at.one, &at.other}) {
    at.want(*one, "acme");
    at.hear<permit_queued>(*one);
  }
  at.strike_after(3s);
  at.hear<permit_given>(at.one);
  CHECK(at.hear<wake_me>(at.clock).at == steady_time{106s});
}
