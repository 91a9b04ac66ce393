#include "actors/net/http_server.hpp"

#include "test/net/raw_client.hpp"
#include "test/support/catch.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <vector>

#include <fmt/format.h>

using namespace ringdown;
using namespace ringdown::net;
using ringdown::test::raw_client;
using namespace std::chrono_literals;

namespace {

server_options on_any_port() {
  server_options options;
  options.listen = "127.0.0.1:0";
  return options;
}

void echo(const server_request& request, const respond& answer) {
  answer({200, {{"X-Method", request.method}}, request.path + "|" + request.query + "|" + request.body});
}

std::unique_ptr<http_server> serve(server_options options, request_handler handler = echo) {
  auto made = serve_http(std::move(options), std::move(handler));
  REQUIRE(made.ok());
  return std::move(made).value();
}

// Said as every other error is, though no handler was asked.
void check_problem(const std::string& response, const std::string& status) {
  CHECK(response.find("Content-Type: application/problem+json\r\n") != std::string::npos);
  CHECK(response.find("\"status\":" + status + ",") != std::string::npos);
  CHECK(response.find("\"detail\":\"") != std::string::npos);
}

std::string status_of(const std::string& response) { return response.size() > 12 ? response.substr(9, 3) : response; }

} // namespace

TEST_CASE("a request reaches the handler decoded, and its answer the client", "[net][server]") {
  const auto server = serve(on_any_port());
  raw_client c(server->address());
  c.say("POST /a%20b/c?x=%20y HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  const auto response = c.read_response();
  CHECK(response.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(response.find("X-Method: POST\r\n") != std::string::npos);
  CHECK(response.find("Date: ") != std::string::npos);
  CHECK(response.ends_with("\r\n\r\n/a b/c|x=%20y|body"));
}

TEST_CASE("a chunked body is put together, also byte by byte", "[net][server]") {
  const auto server = serve(on_any_port());
  const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto [body, seen] = GENERATE(table<std::string, std::string>(
      {{"0\r\n\r\n", "/c||"}, {"5;a=b\r\nhello\r\n6\r\n there\r\n0\r\nX: y\r\n\r\n", "/c||hello there"}}));
  raw_client c(server->address());
  c.say(head);
  // The server has one thread: once it has answered somebody else, it has read what was there before.
  raw_client other(server->address());
  for (const char piece : body) {
    c.say(std::string(1, piece));
    other.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(status_of(other.read_response()) == "200");
  }
  CHECK(c.read_response().ends_with("\r\n\r\n" + seen));
}

TEST_CASE("the head of a chunk has a limit", "[net][server]") {
  const auto server = serve(on_any_port());
  raw_client c(server->address());
  c.say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(40UL * 1024, 'x'));
  CHECK(status_of(c.read_response()) == "431");
}

TEST_CASE("a connection serves many requests, also sent ahead", "[net][server]") {
  const auto server = serve(on_any_port());
  raw_client c(server->address());
  c.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(c.read_response().ends_with("/1||"));
  CHECK(c.read_response().ends_with("/2||"));
  c.say("GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(c.read_response().ends_with("/3||"));
  CHECK(c.read_to_end().empty());
}

TEST_CASE("HEAD has the length but not the body", "[net][server]") {
  const auto server = serve(on_any_port());
  raw_client c(server->address());
  c.say("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto all = c.read_to_end();
  CHECK(all.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("what is not a request, or hides something, is answered 400", "[net][server]") {
  const std::string raw =
      GENERATE("nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
               "GET /%0d%0aSet-Cookie HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
               "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
               "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
               "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  INFO(raw);
  const auto server = serve(on_any_port());
  raw_client c(server->address());
  c.say(raw);
  const auto response = c.read_to_end();
  CHECK(status_of(response) == "400");
  check_problem(response, "400");
}

TEST_CASE("too large a body is 413 and too large a header 431", "[net][server]") {
  auto options = on_any_port();
  options.max_body = 1000;
  options.max_header = 1000;
  const auto server = serve(options);
  const auto [raw, status] = GENERATE(table<std::string, std::string>(
      {{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'), "413"},
       {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(2048, 'x') +
            "\r\n0\r\n\r\n",
        "413"},
       {"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(2000, 'x') + "\r\n\r\n", "431"}}));
  raw_client c(server->address());
  c.say(raw);
  const auto response = c.read_to_end();
  CHECK(status_of(response) == status);
  check_problem(response, status);
}

TEST_CASE("a slow writer is cut", "[net][server]") {
  auto options = on_any_port();
  options.read_timeout = 40ms;
  const auto server = serve(options);
  const auto* begun = GENERATE("", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
  raw_client c(server->address());
  c.say(begun);
  CHECK(c.read_to_end().empty());
}

TEST_CASE("an idle kept connection is closed", "[net][server]") {
  auto options = on_any_port();
  options.idle_timeout = 40ms;
  const auto server = serve(options);
  raw_client c(server->address());
  c.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(c.read_response()) == "200");
  CHECK(c.read_to_end().empty());
}

TEST_CASE("connections beyond the limit are answered 503", "[net][server]") {
  auto options = on_any_port();
  options.max_connections = 1;
  const auto server = serve(options);
  raw_client first(server->address());
  first.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(first.read_response()) == "200");
  raw_client second(server->address());
  const auto refusal = second.read_to_end();
  CHECK(status_of(refusal) == "503");
  check_problem(refusal, "503");
  first.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(first.read_response()) == "200");
}

TEST_CASE("a handler may answer later from another thread", "[net][server]") {
  std::future<void> elsewhere;
  const auto server = serve(on_any_port(), [&](const server_request&, const respond& answer) {
    elsewhere = std::async(std::launch::async, [answer] { answer({202, {}, "later"}); });
  });
  raw_client c(server->address());
  c.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(c.read_response()) == "202");
}

TEST_CASE("without an answer in time the client gets 504, and a late answer changes nothing", "[net][server]") {
  auto options = on_any_port();
  options.handler_timeout = 30ms;
  respond late;
  const auto server = serve(options, [&](const server_request& request, const respond& answer) {
    if (request.path == "/never")
      late = answer;
    else
      answer({200, {}, "fine"});
  });
  raw_client c(server->address());
  c.say("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto response = c.read_response();
  CHECK(status_of(response) == "504");
  check_problem(response, "504");
  late({200, {}, "too late"});
  c.say("GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(c.read_response().ends_with("fine"));
}

TEST_CASE("headers that would split the response are left out", "[net][server]") {
  const auto server = serve(on_any_port(), [](const server_request&, const respond& answer) {
    answer({200, {{"X-Bad", "a\r\nSet-Cookie: b"}, {"X-Good", "c"}, {"Content-Length", "99"}}, "ok"});
  });
  raw_client c(server->address());
  c.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto response = c.read_response();
  CHECK(response.find("Set-Cookie") == std::string::npos);
  CHECK(response.find("X-Good: c") != std::string::npos);
  CHECK(response.find("Content-Length: 2\r\n") != std::string::npos);
}

TEST_CASE("when it stops accepting, open requests are still answered", "[net][server]") {
  std::promise<respond> asked;
  const auto server =
      serve(on_any_port(), [&](const server_request&, respond answer) { asked.set_value(std::move(answer)); });
  raw_client busy(server->address());
  raw_client idle(server->address());
  busy.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = asked.get_future().get();
  server->stop_accepting();
  CHECK(idle.read_to_end().empty());
  answer({200, {}, "still"});
  const auto response = busy.read_to_end();
  CHECK(response.ends_with("still"));
  CHECK(response.find("Connection: close") != std::string::npos);
  CHECK_FALSE(raw_client::can_connect(server->address()));
}

TEST_CASE("stopping does not wait for a handler that never answers", "[net][server]") {
  std::promise<respond> asked;
  auto server =
      serve(on_any_port(), [&](const server_request&, respond answer) { asked.set_value(std::move(answer)); });
  raw_client c(server->address());
  c.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = asked.get_future().get();
  server->stop();
  server->stop();
  server.reset();
  answer({200, {}, "nobody is there"});
  CHECK(c.read_to_end().empty());
}

TEST_CASE("a taken or senseless address is refused", "[net][server]") {
  const auto server = serve(on_any_port());
  auto options = on_any_port();
  options.listen = server->address();
  const auto taken = serve_http(options, echo);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().kind == failure_kind::unavailable);
  options.listen = GENERATE("", "127.0.0.1", "localhost:80", "127.0.0.1:http");
  CHECK_FALSE(serve_http(options, echo).ok());
}
