#include "actors/net/boot_clock.hpp"

#include "test/net/client_test.hpp"
#include "test/net/tiny_server.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("one connection serves a lane's requests in order", "[net][lane]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  std::vector<client::pending> all;
  all.reserve(20);
  for (int i = 0; i < 20; ++i) all.push_back(c.send(get(server.url(fmt::format("/{}", i)))));
  for (auto& each : all) CHECK(each.outcome.get().ok());
  CHECK(server.accepted() == 1);
  const auto requests = server.requests();
  for (std::size_t i = 0; i < requests.size(); ++i) CHECK(requests[i].starts_with(fmt::format("GET /{} ", i)));
}

TEST_CASE("lanes share nothing and do not delay one another", "[net][lane]") {
  tiny_server stuck([](peer& p) {
    p.read_request();
    p.hang();
  });
  tiny_server quick([](peer& p) { p.answer_everything("ok"); });
  client c;
  auto hanging = c.send(get(stuck.url()), {.name = "a"});
  CHECK(c.ask(get(quick.url()), {.name = "b"}).ok());
  CHECK(c.ask(get(quick.url()), {.name = "c"}).ok());
  CHECK(quick.accepted() == 2);
}

TEST_CASE("a lane's queue is bounded, and waiting counts against the timeout", "[net][lane]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  const net::lane narrow{.name = "narrow", .connections = 1, .queue = 2};
  auto running = c.send(get(server.url()), narrow);
  auto request = get(server.url());
  request.timeout = 30ms;
  auto waiting = c.send(request, narrow);
  auto due = get(server.url());
  due.send_by = net::boot_now() + 20ms;
  auto due_soon = c.send(due, narrow);
  const auto refused = c.ask(get(server.url()), narrow);
  CHECK(refused.error == transport_error::overloaded);
  CHECK_FALSE(refused.sent);
  const auto gave_up = waiting.outcome.get();
  CHECK(gave_up.error == transport_error::overloaded);
  CHECK(gave_up.elapsed >= 30ms);
  CHECK(due_soon.outcome.get().error == transport_error::too_late);
}

TEST_CASE("a lane may have several connections at once", "[net][lane]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  const net::lane wide{.name = "wide", .connections = 3};
  std::vector<client::pending> all;
  all.reserve(20);
  for (int i = 0; i < 4; ++i) all.push_back(c.send(get(server.url()), wide));
  server.wait_for_requests(3);
  CHECK(server.accepted() == 3);
}

TEST_CASE("connections of a busy lane are kept, although they are given back while others are in use", "[net][lane]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  const net::lane wide{.name = "wide", .connections = 4, .queue = 512};
  std::vector<client::pending> all;
  all.reserve(400);
  for (int i = 0; i < 400; ++i) all.push_back(c.send(get(server.url()), wide));
  for (auto& each : all) CHECK(each.outcome.get().ok());
  CHECK(server.accepted() == 4);
}

TEST_CASE("a connection the peer closed is replaced", "[net][lane]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.answer("ok");
  });
  client c;
  for (int i = 0; i < 5; ++i) CHECK(c.ask(get(server.url())).ok());
  CHECK(server.accepted() == 5);
}

TEST_CASE("a kept connection that dies under a request is retried for GET alone", "[net][lane]") {
  // The first connection answers once, then takes the second request and hangs up without a word.
  tiny_server server([](peer& p) {
    p.read_request();
    p.answer("ok");
    if (!p.read_request()) return;
    if (p.number() == 1) return;
    p.answer("again");
  });
  client c;
  REQUIRE(c.ask(get(server.url())).ok());
  SECTION("GET comes back") {
    CHECK(c.ask(get(server.url())).ok());
    CHECK(server.accepted() == 2);
  }
  SECTION("POST is told of, as sent") {
    const auto outcome = c.ask(post(server.url(), "once"));
    CHECK(outcome.error == transport_error::reset);
    CHECK(outcome.sent);
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("a peer that says to close is believed", "[net][lane]") {
  tiny_server server([](peer& p) {
    while (p.read_request()) p.answer("ok", "Connection: close\r\n");
  });
  client c;
  for (int i = 0; i < 3; ++i) CHECK(c.ask(get(server.url())).ok());
  CHECK(server.accepted() == 3);
}

TEST_CASE("bytes behind an answer are never taken for the next answer", "[net][lane]") {
  tiny_server server([](peer& p) {
    while (p.read_request())
      p.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
  });
  client c;
  for (int i = 0; i < 3; ++i) {
    const auto outcome = c.ask(get(server.url()));
    REQUIRE(outcome.ok());
    CHECK(outcome.response->body == "1");
  }
  CHECK(server.accepted() == 3);
}

TEST_CASE("a closed lane forgets its connections", "[net][lane]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  CHECK(c.ask(get(server.url())).ok());
  c.port().close_lane("lane");
  CHECK(c.ask(get(server.url())).ok());
  CHECK(server.accepted() == 2);
}

TEST_CASE("an idle connection is closed after its time", "[net][lane]") {
  std::promise<void> closed;
  tiny_server server([&](peer& p) {
    p.answer_everything("ok");
    closed.set_value();
  });
  net::client_options options;
  options.keep_idle = 20ms;
  client c(options);
  CHECK(c.ask(get(server.url())).ok());
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
}
