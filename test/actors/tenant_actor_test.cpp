// What a tenant hands to pollers that start, between a store and a poller that only listen.
#include "actors/tenant_actor.hpp"

#include "test/support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

// What is said at the level of a warning.
struct kept_log final : log_sink {
  void write(log_level level, std::string_view event, std::initializer_list<log_field>) override {
    const std::scoped_lock lock(guard);
    if (level == log_level::warning) said.emplace_back(event);
  }
  std::mutex guard;
  std::vector<std::string> said;
};

std::shared_ptr<const tenant_config> with_instances(std::initializer_list<const char*> ids) {
  auto made = std::make_shared<tenant_config>();
  made->id = tenant_id("t");
  for (const char* id : ids) {
    instance_config one;
    one.id = instance_id(id);
    made->instances.push_back(std::move(one));
  }
  return made;
}

std::shared_ptr<tenant_config> with_channels(std::initializer_list<const char*> kinds) {
  auto made = std::make_shared<tenant_config>();
  made->id = tenant_id("t");
  for (const char* kind : kinds) {
    channel_config one;
    one.id = channel_id(kind);
    one.kind = kind;
    made->channels.push_back(std::move(one));
  }
  return made;
}

struct bench {
  explicit bench(const std::shared_ptr<const tenant_config>& tenants = with_instances({"hq"})) {
    auto made = std::make_shared<ports>();
    made->time.now = [] { return moment{wall_time{std::chrono::hours(500'000)}, steady_time{1h}}; };
    made->time.spread = [] { return 0.0; };
    made->log = &log;
    made->metrics = metrics;
    made->link_token = [](const tenant_id&, const alert_id&, std::uint32_t, const std::string&) { return "token"; };
    made->health = std::make_shared<health_board>();
    made->clock = caf::actor_cast<clock_actor>(listener());
    made->store = caf::actor_cast<store_actor>(listener());
    under_test = system.spawn<tenant>(
        ports_ptr(made), made->health->probe("tenant/t", "tenant", "group/t"), tenants,
        std::vector<logic::channel_kind_facts>{{"push", channel_class::push, delivery_kind::interrupt},
                                               {"tickets", channel_class::ticket, delivery_kind::mirror},
                                               {"phone", channel_class::voice, delivery_kind::interrupt}});
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    self->wait_for(under_test);
  }

  [[nodiscard]] caf::strong_actor_ptr listener() { return caf::actor_cast<caf::strong_actor_ptr>(self); }
  template <class Message>
  void tell(Message what) {
    caf::anon_send(under_test, std::move(what));
  }
  void load(persistence::tenant_snapshot stored) {
    stored.tenant = tenant_id("t");
    tell(tenant_loaded{std::make_shared<const persistence::tenant_snapshot>(std::move(stored)), {}, {}, true});
  }
  // A channel that has caught up and has room.
  void attach_channel(const char* id) {
    tell(channel_ready{channel_id(id), listener(), 4});
    look_for_rows asked;
    self->receive([&](const look_for_rows& one) { asked = one; }, caf::after(20s) >> [] { FAIL("not asked to look"); });
    tell(channel_idle{channel_id(id), asked.number});
  }
  // The one row of the next transaction.
  delivery next_row() {
    std::vector<delivery> rows;
    self->receive([&](const commit_batch& one) { rows = one.batch->deliveries; },
                  caf::after(20s) >> [] { FAIL("nothing was committed"); });
    REQUIRE(rows.size() == 1);
    return rows.front();
  }
  void ask_for_test(const char* channel) {
    command asked;
    asked.id = channel;
    asked.tenant = tenant_id("t");
    asked.kind = command_kind::test_channel;
    asked.subject = channel;
    tell(command_stored{asked});
  }
  // What a poller that starts now begins with.
  rebaseline start_poller() {
    tell(poller_ready{instance_id("hq"), listener()});
    rebaseline heard;
    self->receive([&](const rebaseline& one) { heard = one; }, caf::after(20s) >> [] { FAIL("no baseline was sent"); });
    return heard;
  }

  kept_log log;
  std::shared_ptr<node_metrics> metrics = std::make_shared<node_metrics>();
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  tenant_actor under_test;
};

persistence::tenant_snapshot stored_with(std::uint32_t failures) {
  persistence::tenant_snapshot stored;
  stored.budgets[instance_id("hq")] = {failures, std::nullopt, "mark"};
  return stored;
}

} // namespace

TEST_CASE("a poller that restarts begins with what its predecessor left of the login budget") {
  bench at;
  at.load(stored_with(2));
  CHECK(at.start_poller().budget.failures == 2);
  at.tell(login_budget_changed{instance_id("hq"), {0, std::nullopt, "other"}});
  const auto after = at.start_poller().budget;
  CHECK(after.failures == 0);
  CHECK(after.credentials == "other");
  at.tell(login_budget_changed{instance_id("hq"), {1, std::nullopt, "other"}});
  CHECK(at.start_poller().budget.failures == 1);
}

TEST_CASE("what a poller told before the store answered is newer than what it read") {
  bench at;
  at.tell(login_budget_changed{instance_id("hq"), {1, std::nullopt, "mark"}});
  at.load(stored_with(0));
  CHECK(at.start_poller().budget.failures == 1);
}

TEST_CASE("a tenant that died before it heard how a call's row ended hears it when it loads") {
  persistence::tenant_snapshot stored;
  alert about;
  about.tenant = tenant_id("t");
  about.id = alert_id("al_1");
  about.key = {instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, "1"}};
  stored.alerts = {about};
  call_record wanted;
  wanted.call = delivery_id("dl_1");
  wanted.channel = channel_id("phone");
  wanted.lead = about.id;
  wanted.number = "+12025550101";
  wanted.made = wanted.changed = wall_time{std::chrono::hours(500'000)};
  stored.calls = {wanted};
  delivery row;
  row.id = wanted.call;
  row.channel = wanted.channel;
  row.alert = about.id;
  row.reference = "CA1";
  call_stage stage = call_stage::placed;
  SECTION("it was taken") { row.state = delivery_state::sent; }
  SECTION("it was not") {
    row.state = delivery_state::dead;
    row.reference.clear();
    stage = call_stage::ended;
  }
  stored.settled = {row};
  bench at(with_channels({"phone"}));
  at.load(std::move(stored));
  std::vector<call_record> calls;
  while (calls.empty())
    at.self->receive([&](const commit_batch& one) { calls = one.batch->calls; },
                     caf::after(20s) >> [] { FAIL("nothing was committed"); });
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].stage == stage);
  CHECK(calls[0].reference == row.reference);
}

TEST_CASE("the budget of an instance that was taken away is forgotten") {
  bench at;
  at.load(stored_with(2));
  at.tell(reconfigure_tenant{with_instances({})});
  at.tell(login_budget_changed{instance_id("hq"), {2, std::nullopt, "mark"}});
  at.tell(reconfigure_tenant{with_instances({"hq"})});
  CHECK(at.start_poller().budget.failures == 0);
}

TEST_CASE("a poller is told which open alerts are out of sight") {
  persistence::tenant_snapshot stored;
  for (const char* trunk : {"1", "2"}) {
    alert one;
    one.tenant = tenant_id("t");
    one.id = alert_id(std::string("al_") + trunk);
    one.key = {instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, trunk}};
    if (one.key.resource.key == "2") one.unseen_since = wall_time{1h};
    stored.alerts.push_back(one);
  }
  bench at;
  at.load(std::move(stored));
  const baseline base = at.start_poller().base;
  CHECK(base.open.size() == 2);
  REQUIRE(base.unseen.size() == 1);
  CHECK(base.unseen[0].resource.key == "2");
}

TEST_CASE("a poller is not told of an alert that stays open for a while after its resource has come up") {
  persistence::tenant_snapshot stored;
  alert one;
  one.tenant = tenant_id("t");
  one.id = alert_id("al_1");
  one.key = {instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, "1"}};
  one.flapping = true;
  one.current = condition::ok;
  stored.alerts.push_back(one);
  bench at;
  at.load(std::move(stored));
  CHECK(at.start_poller().base.open.empty());
}

TEST_CASE("a mirror's row is left for its channel to claim, because only a claim says what it mirrors so far") {
  bench at(with_channels({"push", "tickets"}));
  at.load({});
  at.attach_channel("push");
  at.attach_channel("tickets");
  at.ask_for_test("push");
  CHECK(at.next_row().state == delivery_state::claimed);
  at.ask_for_test("tickets");
  const delivery row = at.next_row();
  CHECK(row.state == delivery_state::pending);
  CHECK(row.attempts == 0);
}

TEST_CASE("whoever runs the node hears of a call that was due and is not made") {
  const auto without_people = with_channels({"push", "phone"});
  without_people->voice.types = {alert_type::trunk_down};
  bench at(without_people);
  at.load({});
  command drill;
  drill.id = "d";
  drill.tenant = tenant_id("t");
  drill.kind = command_kind::drill;
  at.tell(command_stored{drill});
  at.self->receive_while([&] { return at.metrics->calls_to_nobody == 0; })(
      [&](const wake_me& asked) { at.tell(due{asked.token}); }, [](const commit_batch&) {}, [](const look_for_rows&) {},
      caf::after(20s) >> [] { FAIL("nobody was to be called"); });
  const std::scoped_lock lock(at.log.guard);
  CHECK(at.log.said == std::vector<std::string>{"call_not_made"});
}
