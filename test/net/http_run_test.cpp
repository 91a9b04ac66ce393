// Requests that follow one another without the caller's word in between.
#include "test/net/client_test.hpp"
#include "test/net/tiny_server.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

using outcomes = std::vector<http_outcome>;

struct pending_run {
  std::uint64_t ticket = 0;
  std::future<outcomes> all;
};

pending_run begin(client& c, const tiny_server& server, int count, duration timeout = 5s) {
  std::vector<http_request> run;
  for (int i = 1; i <= count; ++i) {
    run.push_back(get(server.url(fmt::format("/{}", i))));
    run.back().timeout = timeout;
  }
  auto promise = std::make_shared<std::promise<outcomes>>();
  pending_run begun{0, promise->get_future()};
  begun.ticket = c.port().send_run({.name = "lane"}, std::move(run),
                                   [promise](outcomes all) { promise->set_value(std::move(all)); });
  return begun;
}

// Answers the n-th request of a connection with the n-th text, as it stands.
tiny_server::script saying(std::vector<std::string> texts) {
  return [texts = std::move(texts)](peer& p) {
    for (const std::string& text : texts)
      if (!p.read_request() || !p.say(text)) return;
  };
}

std::string ok(const std::string& body, const std::string& header = "") {
  return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", header, body.size(), body);
}

} // namespace

TEST_CASE("a run is made in its order on one connection, and its answers come together", "[net][client]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  const auto all = begin(c, server, 3).all.get();
  REQUIRE(all.size() == 3);
  for (const auto& one : all) CHECK(one.ok());
  CHECK(server.accepted() == 1);
  const auto asked = server.requests();
  for (std::size_t i = 0; i < 3; ++i) CHECK(asked.at(i).starts_with(fmt::format("GET /{} ", i + 1)));
  // The connection was kept for whoever asks next.
  CHECK(c.ask(get(server.url())).ok());
  CHECK(server.accepted() == 1);
}

TEST_CASE("a run ends with the first answer that is not 200, which is its last outcome", "[net][client]") {
  for (const char* refused :
       {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 None\r\n\r\n", "nonsense\r\n\r\n"}) {
    tiny_server server(saying({ok("a"), refused, ok("c")}));
    client c;
    const auto all = begin(c, server, 3).all.get();
    REQUIRE(all.size() == 2);
    CHECK(all[0].response->body == "a");
    CHECK_FALSE((all[1].ok() && all[1].response->status == 200));
    CHECK(server.requests().size() == 2);
  }
}

TEST_CASE("a peer that closes after an answer is connected to anew in the middle of a run", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.say(ok("one", "Connection: close\r\n"));
  });
  client c;
  const auto all = begin(c, server, 3).all.get();
  REQUIRE(all.size() == 3);
  for (const auto& one : all) CHECK(one.ok());
  CHECK(server.accepted() == 3);
}

TEST_CASE("a peer that hangs up unannounced in the middle of a run is asked once more", "[net][client]") {
  tiny_server server(saying({ok("a")}));
  client c;
  const auto all = begin(c, server, 2).all.get();
  REQUIRE(all.size() == 2);
  CHECK(all[1].ok());
  CHECK(server.accepted() == 2);
}

TEST_CASE("what a peer says unasked after an answer is not taken for the next answer", "[net][client]") {
  tiny_server server([](peer& p) {
    while (p.read_request()) p.say(ok("mine") + ok("smuggled"));
  });
  client c;
  for (const auto& one : begin(c, server, 3).all.get()) CHECK(one.response->body == "mine");
  CHECK(server.accepted() == 3);
}

TEST_CASE("each request of a run has its own time", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.answer("a");
    p.read_request();
    p.hang();
  });
  client c;
  const auto all = begin(c, server, 3, 60ms).all.get();
  REQUIRE(all.size() == 2);
  CHECK(all[0].ok());
  CHECK(all[1].error == transport_error::timeout);
  CHECK(all[1].elapsed >= 60ms);
  CHECK(all[1].sent);
}

TEST_CASE("a run that is cancelled keeps what was answered before", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.answer("a");
    p.read_request();
    p.hang();
  });
  client c;
  auto run = begin(c, server, 3);
  server.wait_for_requests(2);
  c.port().cancel(run.ticket);
  const auto all = run.all.get();
  REQUIRE(all.size() == 2);
  CHECK(all[0].ok());
  CHECK(all[1].error == transport_error::cancelled);
}

TEST_CASE("a run whose lane was closed ends with the answer that was under way", "[net][client]") {
  std::promise<void> closed;
  tiny_server server([&](peer& p) {
    p.read_request();
    closed.get_future().wait();
    p.answer("a");
    while (p.read_request()) p.answer("b");
  });
  client c;
  auto run = begin(c, server, 3);
  server.wait_for_requests(1);
  c.port().close_lane("lane");
  // Behind it on the same thread: when this is refused, the lane was closed.
  CHECK_FALSE(c.ask(get("gopher://x/"), {.name = "lane"}).ok());
  closed.set_value();
  CHECK(run.all.get().size() == 1);
}

TEST_CASE("a run that cannot begin has one outcome", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  auto running = begin(c, server, 2);
  auto waiting = begin(c, server, 2);
  server.wait_for_requests(1);
  c.end();
  CHECK(running.all.get().size() == 1);
  const auto unsent = waiting.all.get();
  REQUIRE(unsent.size() == 1);
  CHECK(unsent.front().error == transport_error::cancelled);
  CHECK_FALSE(unsent.front().sent);
}
