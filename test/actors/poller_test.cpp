// A poller between a scripted PBX, a clock that stands and a tenant that only listens.
#include "actors/poller.hpp"

#include "actors/logic/poll_schedule.hpp"

#include "test/support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

struct silent_log final : log_sink {
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

// Keeps what is asked until the test answers it; rings `due{ticket}` at the test for each.
class scripted_pbx final : public net::http_port {
public:
  explicit scripted_pbx(caf::actor asked) : asked_(std::move(asked)) {}

  std::uint64_t send(const net::lane&, http_request request, net::http_completion done) override {
    const std::lock_guard hold(guard_);
    open_[++last_] = {std::move(request), std::move(done), {}, {}};
    caf::anon_send(asked_, due{last_});
    return last_;
  }
  std::uint64_t send_run(const net::lane& on, std::vector<http_request> requests, net::run_completion done) override {
    if (!in_runs) return http_port::send_run(on, std::move(requests), std::move(done));
    const std::lock_guard hold(guard_);
    open_[++last_] = {requests.front(), {}, std::move(done), std::move(requests)};
    caf::anon_send(asked_, due{last_});
    return last_;
  }
  void cancel(std::uint64_t ticket) override {
    const std::lock_guard hold(guard_);
    cancelled.push_back(ticket);
  }
  void close_lane(const std::string&) override {}

  [[nodiscard]] std::optional<std::chrono::nanoseconds> send_by_of(std::uint64_t ticket) {
    const std::lock_guard hold(guard_);
    return open_.at(ticket).request.send_by;
  }
  [[nodiscard]] std::string url_of(std::uint64_t ticket) {
    const std::lock_guard hold(guard_);
    return open_.at(ticket).request.url;
  }
  void answer(std::uint64_t ticket, int status, std::string body) {
    http_outcome outcome;
    outcome.response = http_response{status, {}, std::move(body), {}};
    outcome.sent = true;
    finish(ticket, std::move(outcome));
  }
  void finish(std::uint64_t ticket, http_outcome outcome) {
    net::http_completion done;
    {
      const std::lock_guard hold(guard_);
      done = std::move(open_.at(ticket).done);
    }
    done(std::move(outcome));
  }

  // Answers so many requests of a run, all with 200.
  void answer_run(std::uint64_t ticket, const std::vector<std::string>& bodies) {
    net::run_completion done;
    {
      const std::lock_guard hold(guard_);
      done = std::move(open_.at(ticket).run_done);
    }
    std::vector<http_outcome> all(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      all[i].response = http_response{200, {}, bodies[i], {}};
      all[i].sent = true;
    }
    done(std::move(all));
  }
  [[nodiscard]] std::vector<std::string> run_of(std::uint64_t ticket) {
    const std::lock_guard hold(guard_);
    std::vector<std::string> urls;
    for (const auto& one : open_.at(ticket).run) urls.push_back(one.url.substr(0, one.url.find('?')));
    return urls;
  }

  std::atomic<bool> in_runs = false; // else only the first of a run is made
  std::vector<std::uint64_t> cancelled;

private:
  struct asking {
    http_request request;
    net::http_completion done;
    net::run_completion run_done;
    std::vector<http_request> run;
  };
  std::mutex guard_;
  caf::actor asked_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, asking> open_;
};

instance_config pbx() {
  instance_config config;
  config.id = instance_id("hq");
  config.url = "https://pbx.example";
  config.client_id = "900";
  config.secret = secret_text("s3cret");
  return config;
}

constexpr const char* token = R"({"access_token":"abc","expires_in":3600})";
constexpr const char* refused = R"({"error":"invalid_client"})";

// The world of one poller: whatever it says to clock, store and tenant arrives at `self`.
struct bench {
  explicit bench(const persistence::login_budget& left = {}, baseline base = {},
                 std::shared_ptr<const lease_board> leases = nullptr) {
    made = std::make_shared<ports>();
    made->leases = std::move(leases);
    made->time.now = [this] { return now; };
    made->time.boot = [] { return std::chrono::nanoseconds(5h); };
    made->time.spread = [] { return 0.0; };
    made->log = &log;
    made->http = &http;
    made->metrics = std::make_shared<node_metrics>();
    made->metrics->store_ready = true;
    made->health = std::make_shared<health_board>();
    const auto listener = caf::actor_cast<caf::strong_actor_ptr>(self);
    made->clock = caf::actor_cast<clock_actor>(listener);
    made->store = caf::actor_cast<store_actor>(listener);
    made->credentials_mark = [](const instance_config& of) { return "mark of " + of.url + of.secret.reveal(); };
    made->start_mark = "t";
    under_test = system.spawn<poller>(ports_ptr(made), made->health->probe("poller/t/hq", "poller", "group/t"),
                                      tenant_id("t"), pbx());
    base.instance = instance_id("hq");
    tell(rebaseline{listener, std::move(base), left});
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    self->wait_for(under_test); // it may cancel what is open as its last act
  }

  template <class Message>
  void tell(Message what) {
    caf::anon_send(under_test, std::move(what));
  }
  template <class Message>
  Message hear() {
    Message heard;
    self->receive([&](const Message& one) { heard = one; },
                  caf::after(20s) >> [] { FAIL("the poller said nothing of this kind"); });
    return heard;
  }
  // Its next wish to be woken, and it is.
  void ring() {
    const auto wish = hear<wake_me>();
    now.steady = std::max(now.steady, wish.at);
    tell(due{wish.token});
  }
  template <class Message>
  bool has() {
    bool heard = false;
    self->receive([&](const Message&) { heard = true; }, caf::after(0s) >> [] {});
    return heard;
  }
  std::uint64_t ask() { return hear<due>().token; }
  void reads_well(std::uint64_t asked) {
    for (int i = 0; i < 4; ++i) {
      http.answer(asked, 200, i == 2 ? R"({"Version":"20.0.10"})" : R"({"value":[]})");
      if (i < 3) asked = ask();
    }
  }

  moment now{wall_time{std::chrono::hours(500'000)}, steady_time{std::chrono::hours(10)}};
  std::shared_ptr<ports> made;
  silent_log log;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  scripted_pbx http{caf::actor_cast<caf::actor>(self)};
  poller_actor under_test;
};

persistence::login_budget spent(std::string mark) {
  return {2, wall_time{std::chrono::hours(500'001)}, std::move(mark)};
}
const std::string own_mark = "mark of https://pbx.examples3cret";

} // namespace

TEST_CASE("another secret ends the poll under way, whose answer harms nobody") {
  for (const bool reading : {false, true}) {
    bench at;
    at.ring();
    auto asked = at.ask();
    if (reading) {
      at.http.answer(asked, 200, token);
      asked = at.ask();
    }
    auto to = pbx();
    to.secret = secret_text("another");
    at.tell(reconfigure_instance{to});
    const auto saved = at.hear<save_budget>();
    CHECK(saved.budget.failures == 0);
    CHECK(saved.budget.credentials == "mark of https://pbx.exampleanother");
    CHECK(at.hear<login_budget_changed>().budget.credentials == saved.budget.credentials);
    CHECK(at.http.cancelled == std::vector<std::uint64_t>{asked});
    at.http.answer(asked, reading ? 200 : 400, reading ? R"({"value":[]})" : refused);
    // It is polled at once, from the beginning, and nothing was counted.
    const auto wish = at.hear<wake_me>();
    CHECK(wish.at <= at.now.steady);
    at.tell(due{wish.token});
    CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
  }
}

TEST_CASE("a corrected secret is tried at once, whatever the pause was") {
  bench at(spent(own_mark));
  at.ring();
  const auto front = at.ask();
  CHECK(at.http.url_of(front) == "https://pbx.example/");
  at.http.answer(front, 200, "<html>");
  static_cast<void>(at.hear<wake_me>());
  auto to = pbx();
  to.secret = secret_text("another");
  at.tell(reconfigure_instance{to});
  CHECK(at.hear<save_budget>().budget.failures == 0);
  const auto wish = at.hear<wake_me>();
  CHECK(wish.at <= at.now.steady);
  at.tell(due{wish.token});
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a budget spent with other credentials is void") {
  bench at(spent("mark of something else"));
  at.ring();
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a tenant that was restarted and read an old budget gives no login back and takes none") {
  bench at;
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  CHECK(at.hear<login_budget_changed>().budget.failures == 1);
  CHECK(at.hear<save_budget>().budget.credentials == own_mark);
  static_cast<void>(at.hear<wake_me>());
  at.tell(rebaseline{caf::actor_cast<caf::strong_actor_ptr>(at.self), {}, {}});
  at.ring();
  // The second is counted before it is made.
  CHECK(at.hear<login_budget_changed>().budget.failures == 2);
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("of several nodes none logs in while a login that failed is not stored, or nothing could be") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 6h}}});
  bench at({}, {}, leases);
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  const auto first = at.hear<save_budget>();
  CHECK(first.budget.failures == 1);
  SECTION("nothing is heard of it: it is said again") {
    at.ring();
    const auto next = at.hear<save_budget>();
    CHECK(next.budget.failures == 1);
    CHECK(next.number > first.number);
    at.tell(login_budget_saved{first.number, true}); // of one that may be older
    at.ring();
    at.tell(login_budget_saved{at.hear<save_budget>().number, true});
  }
  SECTION("the store is away, and keeps it") {
    at.tell(login_budget_saved{first.number, false, true});
    at.ring();
    static_cast<void>(at.hear<save_budget>());
    at.ring();
    at.tell(login_budget_saved{at.hear<save_budget>().number, true});
  }
  SECTION("it is stored, and the store has been lost since") {
    at.tell(login_budget_saved{first.number, true});
    at.made->metrics->store_ready = false;
    at.ring();
    const auto wish = at.hear<wake_me>();
    at.made->metrics->store_ready = true;
    at.now.steady = wish.at;
    at.tell(due{wish.token});
    CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
    CHECK(at.hear<save_budget>().budget.failures == 2);
    return;
  }
  SECTION("it is refused for good: a PBX that is not read is worse") {
    at.tell(login_budget_saved{first.number, false});
  }
  at.ring();
  CHECK(at.hear<save_budget>().budget.failures == 2); // counted before it is made
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
  CHECK(at.made->metrics->logins == 2);
}

TEST_CASE("a node that runs alone logs in though nothing can be stored: it is silent otherwise") {
  bench at;
  at.made->metrics->store_ready = false;
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  at.tell(login_budget_saved{at.hear<save_budget>().number, false, true});
  at.ring();
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

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

TEST_CASE("without the lease of its shard a PBX is read with the token in hand, and none is asked for") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 6h}}});
  bench at({}, {}, leases);
  at.ring();
  auto asked = at.ask();
  CHECK(at.http.url_of(asked) == "https://pbx.example/connect/token");
  CHECK(at.http.send_by_of(asked) == 6h);
  at.http.answer(asked, 200, token);
  leases->write({});
  at.reads_well(at.ask());
  at.ring();
  asked = at.ask();
  CHECK(at.http.url_of(asked).starts_with("https://pbx.example/xapi/"));
  // Somebody else has asked for a token: this one is over, and that says nothing of the PBX.
  at.http.answer(asked, 401, "");
  const auto slot = at.hear<wake_me>();
  CHECK(slot.at > at.now.steady);
  at.now.steady = slot.at;
  at.tell(due{slot.token});
  const auto next = at.hear<wake_me>();
  CHECK(at.made->metrics->login_failures == 0);
  CHECK(at.made->metrics->logins == 1);
  leases->write({{0, {6h, 6h}}});
  at.now.steady = next.at;
  at.tell(due{next.token});
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a login that is not made for want of the lease costs none of the tries that are left") {
  auto leases = std::make_shared<lease_board>();
  bench at({1, std::nullopt, own_mark}, {}, leases);
  at.ring();
  const auto next = at.hear<wake_me>(); // it was not asked for
  leases->write({{0, {6h, 6h}}});
  at.now.steady = next.at;
  at.tell(due{next.token});
  CHECK(at.hear<login_budget_changed>().budget.failures == 2);
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}
