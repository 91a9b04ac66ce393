#include "actors/net/resolver.hpp"

#include "test/net/client_test.hpp"
#include "test/net/tiny_server.hpp"
#include "test/support/catch.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>

#include <fmt/format.h>

using namespace ringdown;
using namespace ringdown::net;
using namespace std::chrono_literals;

namespace {

// A name server of which some names never answer until released. Shared with threads that may outlive the test.
struct name_server {
  std::mutex guard;
  std::condition_variable changed;
  bool released = false;
  int asked = 0;

  result<addresses> answer(const std::string& host) {
    std::unique_lock lock(guard);
    ++asked;
    changed.notify_all();
    if (host.starts_with("dead")) {
      changed.wait(lock, [&] { return released; });
      return failure{failure_kind::unavailable, "no answer"};
    }
    return addresses{*parse_address("127.0.0.1")};
  }
  void wait_until_asked(int times) {
    std::unique_lock lock(guard);
    changed.wait(lock, [&] { return asked >= times; });
  }
  void release() {
    const std::lock_guard lock(guard);
    released = true;
    changed.notify_all();
  }
};

struct fixture {
  std::shared_ptr<name_server> names = std::make_shared<name_server>();
  lookup_function lookup = [held = names](const std::string& host) { return held->answer(host); };
  ~fixture() { names->release(); }
};

std::future<result<addresses>> ask(resolver& from, const std::string& host) {
  auto promise = std::make_shared<std::promise<result<addresses>>>();
  auto answer = promise->get_future();
  from.resolve(host, [promise](result<addresses> found) { promise->set_value(std::move(found)); });
  return answer;
}

} // namespace

TEST_CASE_METHOD(fixture, "a kept answer is not asked for again", "[net][dns]") {
  resolver r({}, lookup);
  CHECK(ask(r, "a.test").get().ok());
  CHECK(ask(r, "a.test").get().ok());
  CHECK(names->asked == 1);
}

TEST_CASE_METHOD(fixture, "an answer is kept only for its time", "[net][dns]") {
  resolver r({.keep = 0us}, lookup);
  CHECK(ask(r, "a.test").get().ok());
  CHECK(ask(r, "a.test").get().ok());
  CHECK(names->asked == 2);
}

TEST_CASE_METHOD(fixture, "askers of one host share one lookup", "[net][dns]") {
  resolver r({}, lookup);
  auto first = ask(r, "dead.test");
  auto second = ask(r, "dead.test");
  CHECK(ask(r, "b.test").get().ok());
  names->wait_until_asked(2);
  CHECK(names->asked == 2);
  names->release();
  CHECK_FALSE(first.get().ok());
  CHECK_FALSE(second.get().ok());
}

TEST_CASE_METHOD(fixture, "dead lookups do not stop others from being answered", "[net][dns]") {
  resolver r({.threads = 2}, lookup);
  std::vector<std::future<result<addresses>>> dead;
  dead.reserve(40);
  for (int i = 0; i < 40; ++i) dead.push_back(ask(r, fmt::format("dead{}.test", i)));
  names->wait_until_asked(40);
  CHECK(ask(r, "fine.test").get().ok());
}

TEST_CASE_METHOD(fixture, "hosts that failed hold at most half of the threads", "[net][dns]") {
  resolver r({.threads = 1, .most_threads = 4}, lookup);
  std::vector<std::future<result<addresses>>> dead;
  dead.reserve(40);
  for (int i = 0; i < 4; ++i) dead.push_back(ask(r, fmt::format("dead{}.test", i)));
  names->wait_until_asked(4);
  names->release();
  for (auto& each : dead) CHECK_FALSE(each.get().ok());
  dead.clear();
  {
    const std::lock_guard lock(names->guard);
    names->released = false;
  }
  for (int i = 0; i < 4; ++i) dead.push_back(ask(r, fmt::format("dead{}.test", i)));
  names->wait_until_asked(6);
  CHECK(ask(r, "fine.test").get().ok());
  CHECK(names->asked == 7);
}

TEST_CASE_METHOD(fixture, "names asked for the first time that get no answer do not hold all threads against others",
                 "[net][dns]") {
  resolver r({.threads = 1, .most_threads = 4, .slow = 20ms}, lookup);
  std::vector<std::future<result<addresses>>> dead;
  dead.reserve(8);
  for (int i = 0; i < 8; ++i) dead.push_back(ask(r, fmt::format("dead{}.test", i)));
  names->wait_until_asked(4);
  auto fine = ask(r, "fine.test");
  // As a poller asks again at its next poll.
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (fine.wait_for(5ms) != std::future_status::ready && std::chrono::steady_clock::now() < until)
    (void)ask(r, "fine.test");
  REQUIRE(fine.wait_for(0s) == std::future_status::ready);
  CHECK(fine.get().ok());
}

TEST_CASE_METHOD(fixture, "the number of askers is bounded", "[net][dns]") {
  resolver r({.most_waiting = 1}, lookup);
  auto waiting = ask(r, "dead.test");
  const auto refused = ask(r, "dead.test").get();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == failure_kind::unavailable);
}

TEST_CASE_METHOD(fixture, "the resolver's end does not wait for a dead name server", "[net][dns]") {
  {
    resolver r({}, lookup);
    r.resolve("dead.test", [](const result<addresses>&) {});
    names->wait_until_asked(1);
  }
  SUCCEED();
}

TEST_CASE_METHOD(fixture, "a dead name is a dns error within the connect timeout and delays nobody",
                 "[net][dns][client]") {
  test::tiny_server server([](test::peer& p) { p.answer_everything("ok"); });
  test::client c({}, lookup);
  auto request = test::get("http://dead.test/");
  request.connect_timeout = 50ms;
  auto waiting = c.send(request, {.name = "dead"});
  CHECK(c.ask(test::get(fmt::format("http://fine.test:{}/", server.port())), {.name = "fine"}).ok());
  CHECK(c.ask(test::get(server.url()), {.name = "literal"}).ok());
  const auto outcome = waiting.outcome.get();
  CHECK(outcome.error == transport_error::dns);
  CHECK(outcome.stage == http_stage::resolve);
  CHECK_FALSE(outcome.sent);
  CHECK(outcome.elapsed >= 50ms);
}

TEST_CASE("the system resolves localhost", "[net][dns]") {
  const auto found = system_lookup("localhost");
  REQUIRE(found.ok());
  CHECK_FALSE(found->empty());
}
