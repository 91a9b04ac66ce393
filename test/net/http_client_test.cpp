#include "actors/net/http_client.hpp"

#include "actors/net/boot_clock.hpp"

#include "test/net/client_test.hpp"
#include "test/net/tiny_server.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

http_request within(http_request request, duration timeout) {
  request.timeout = timeout;
  return request;
}

// Says one thing to the first request and hangs up.
http_outcome told(const std::string& raw, http_request request = {}) {
  tiny_server server([raw](peer& p) {
    if (p.read_request()) p.say(raw);
  });
  client c;
  request.url = server.url();
  return c.ask(std::move(request));
}

} // namespace

TEST_CASE("a request arrives as asked and its answer comes back whole", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.say(
        "HTTP/1.1 201 Created\r\nX-Kind: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
        "world\r\n0\r\n\r\n");
  });
  client c;
  auto request = post(server.url("/things?a=b#c"), "{\"x\":1}");
  request.headers = {{"Content-Type", "application/json"}, {"webhook-id", "dl_1"}};
  const auto outcome = c.ask(request);
  REQUIRE(outcome.ok());
  CHECK(outcome.response->status == 201);
  CHECK(outcome.response->body == "hello world");
  CHECK(header(outcome.response->headers, "x-kind") == "test");
  CHECK_FALSE(outcome.response->certificate_expires.has_value());
  CHECK(outcome.sent);
  CHECK(outcome.elapsed > 0us);
  CHECK(server.requests().front() ==
        fmt::format("POST /things?a=b HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: ringdown\r\n"
                    "Content-Type: application/json\r\nwebhook-id: dl_1\r\nContent-Length: 7\r\n\r\n{{\"x\":1}}",
                    server.port()));
}

TEST_CASE("redirects are answers, not orders", "[net][client]") {
  const auto outcome = told("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(outcome.ok());
  CHECK(outcome.response->status == 302);
}

TEST_CASE("interim responses are passed over", "[net][client]") {
  const auto outcome =
      told("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  REQUIRE(outcome.ok());
  CHECK(outcome.response->body == "ok");
}

TEST_CASE("what is cut off or is not HTTP is told apart", "[net][client]") {
  const auto [raw, error] = GENERATE(table<std::string, transport_error>(
      {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", transport_error::reset},
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", transport_error::reset},
       {"HTTP/1.1 200 OK\r\nContent-Le", transport_error::reset},
       {"", transport_error::reset},
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", transport_error::malformed},
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", transport_error::malformed},
       {"HTTP/1.1 101 Switching Protocols\r\n\r\n", transport_error::malformed},
       {"HTTP/1.1 099 What\r\n\r\nis this", transport_error::malformed}}));
  INFO(raw);
  const auto outcome = told(raw);
  CHECK(outcome.error == error);
  CHECK_FALSE(outcome.ok());
  CHECK(outcome.sent);
}

TEST_CASE("a huge body is given up at the limit instead of being read", "[net][client]") {
  const std::string chunk(64UL * 1024, 'x');
  std::atomic<std::size_t> taken = 0;
  const bool announced = GENERATE(true, false);
  tiny_server server([&](peer& p) {
    p.read_request();
    p.say(announced ? "HTTP/1.1 200 OK\r\nContent-Length: 62914560\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 960 && p.say(chunk); ++i) taken += chunk.size();
  });
  client c;
  auto request = get(server.url());
  request.response_limit = 64UL * 1024;
  const auto outcome = c.ask(request);
  CHECK(outcome.error == transport_error::too_large);
  CHECK(outcome.stage == http_stage::receive);
  c.end();
  CHECK(taken < 60UL * 1024 * 1024);
}

TEST_CASE("a length beyond all memory is refused, also when the body comes with it", "[net][client]") {
  for (const char* body : {"", "x"})
    CHECK(told(std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n") + body).error ==
          transport_error::too_large);
}

TEST_CASE("a header without end is given up", "[net][client]") {
  CHECK(told("HTTP/1.1 200 OK\r\nX-A: " + std::string(80UL * 1024, 'a')).error == transport_error::too_large);
}

TEST_CASE("a peer that never answers is a timeout after sending", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  const auto outcome = c.ask(within(get(server.url()), 50ms));
  CHECK(outcome.error == transport_error::timeout);
  CHECK(outcome.stage == http_stage::receive);
  CHECK(outcome.sent);
}

TEST_CASE("a refused connection is not sent", "[net][client]") {
  const closed_port nobody;
  client c;
  const auto outcome = c.ask(get(fmt::format("http://127.0.0.1:{}/", nobody.number())));
  CHECK(outcome.error == transport_error::connect_refused);
  CHECK(outcome.stage == http_stage::connect);
  CHECK_FALSE(outcome.sent);
}

TEST_CASE("past its time to send by nothing leaves", "[net][client]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  auto request = get(server.url());
  request.send_by = net::boot_now() - 1ms;
  const auto late = c.ask(request);
  CHECK(late.error == transport_error::too_late);
  CHECK_FALSE(late.sent);
  request.send_by = net::boot_now() + 10s;
  CHECK(c.ask(request).ok());
  CHECK(server.requests().size() == 1);
}

TEST_CASE("addresses the guard refuses are not connected to", "[net][client]") {
  client c;
  for (const char* url : {"http://[::1]:9/", "http://169.254.169.254/", "http://192.168.1.1/", "http://0.0.0.0/"}) {
    const auto outcome = c.ask(get(url));
    CHECK(outcome.error == transport_error::refused_address);
    CHECK_FALSE(outcome.sent);
  }
  auto elsewhere = get("http://example.com/");
  elsewhere.connect_to = "10.1.2.3:80";
  CHECK(c.ask(elsewhere).error == transport_error::refused_address);
}

TEST_CASE("one forbidden address among the answers forbids the name", "[net][client]") {
  client c({}, [](const std::string&) {
    return result<net::addresses>{{*net::parse_address("127.0.0.1"), *net::parse_address("10.0.0.1")}};
  });
  CHECK(c.ask(get("http://mixed.test/")).error == transport_error::refused_address);
}

TEST_CASE("the next address is tried when one refuses", "[net][client]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); }, nullptr, "127.0.0.3");
  client c({}, [](const std::string&) {
    return result<net::addresses>{{*net::parse_address("127.0.0.2"), *net::parse_address("127.0.0.3")}};
  });
  CHECK(c.ask(get(fmt::format("http://two.test:{}/", server.port()))).ok());
}

TEST_CASE("an address given instead of the name is used, the name is still asked for", "[net][client]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c({}, [](const std::string&) { return result<net::addresses>{failure{failure_kind::internal, "asked"}}; });
  auto request = get("http://pbx.test/x");
  request.connect_to = fmt::format("127.0.0.1:{}", server.port());
  REQUIRE(c.ask(request).ok());
  CHECK(server.requests().front().find("Host: pbx.test\r\n") != std::string::npos);
}

TEST_CASE("what would break the framing of a request is refused unsent", "[net][client]") {
  tiny_server server([](peer& p) { p.answer_everything("ok"); });
  client c;
  auto request = get(server.url());
  SECTION("a header value with a line break") { request.headers = {{"X", "a\r\nY: b"}}; }
  SECTION("a header name with a space") { request.headers = {{"X Y", "a"}}; }
  SECTION("a length of the caller's") { request.headers = {{"content-length", "5"}}; }
  SECTION("a url that is none") { request.url = "gopher://x/"; }
  const auto outcome = c.ask(request);
  CHECK(outcome.error == transport_error::malformed);
  CHECK_FALSE(outcome.sent);
  CHECK(server.accepted() == 0);
}

TEST_CASE("a cancelled request says so, once, wherever it is", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  auto running = c.send(get(server.url()));
  auto waiting = c.send(get(server.url()));
  server.wait_for_requests(1);
  c.port().cancel(waiting.ticket);
  const auto unsent = waiting.outcome.get();
  CHECK(unsent.error == transport_error::cancelled);
  CHECK_FALSE(unsent.sent);
  c.port().cancel(running.ticket);
  const auto sent = running.outcome.get();
  CHECK(sent.error == transport_error::cancelled);
  CHECK(sent.sent);
  c.port().cancel(running.ticket);
  c.port().cancel(12345);
}

TEST_CASE("the end of the client cancels what is under way and what waits", "[net][client]") {
  tiny_server server([](peer& p) {
    p.read_request();
    p.hang();
  });
  client c;
  auto running = c.send(get(server.url()));
  auto waiting = c.send(get(server.url()));
  server.wait_for_requests(1);
  c.end();
  CHECK(running.outcome.get().error == transport_error::cancelled);
  CHECK(waiting.outcome.get().error == transport_error::cancelled);
}

TEST_CASE("an allow list that is none refuses the client", "[net][client]") {
  net::client_options options;
  options.egress_allow = {"localhost"};
  CHECK_FALSE(net::make_http_client(options).ok());
}
