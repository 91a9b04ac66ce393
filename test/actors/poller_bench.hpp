// A poller between a scripted PBX, a clock that stands and a tenant that only listens.
#pragma once

#include "actors/poller.hpp"

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

namespace ringdown::poller_test {

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

inline instance_config pbx() {
  instance_config config;
  config.id = instance_id("hq");
  config.url = "https://pbx.example";
  config.client_id = "900";
  config.secret = secret_text("s3cret");
  return config;
}

inline constexpr const char* token = R"({"access_token":"abc","expires_in":3600})";
inline constexpr const char* refused = R"({"error":"invalid_client"})";

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

inline persistence::login_budget spent(std::string mark) {
  return {2, wall_time{std::chrono::hours(500'001)}, std::move(mark)};
}
const std::string own_mark = "mark of https://pbx.examples3cret";

} // namespace ringdown::poller_test
