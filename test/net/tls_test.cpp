#include "actors/net/tls.hpp"

#include "test/net/client_test.hpp"
#include "test/net/tiny_server.hpp"
#include "test/support/catch.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

class ca_file {
public:
  explicit ca_file(const identity& authority) { write(authority); }
  ~ca_file() { std::filesystem::remove(path_); }
  ca_file(const ca_file&) = delete;
  ca_file& operator=(const ca_file&) = delete;
  void write(const identity& authority) const { std::ofstream(path_) << to_pem(authority.certificate.get()); }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = fmt::format("{}/ringdown-ca-{}.pem", std::filesystem::temp_directory_path().string(), ::getpid());
};

// A server with a certificate for pbx.test and 127.0.0.1, and the authority that signed it.
struct world {
  explicit world(const std::string& names = "DNS:pbx.test,IP:127.0.0.1", validity valid = {})
      : own(make_certificate(authority, names, valid)),
        trusted(authority),
        server(
            [](peer& p) {
              while (p.read_request()) p.answer(p.resumed() ? "resumed" : "full");
            },
            &own) {}

  identity authority = make_authority();
  identity own;
  ca_file trusted;
  tiny_server server;
  client c;

  [[nodiscard]] http_request request() const {
    auto made = get(server.url());
    made.tls.ca_file = trusted.path();
    return made;
  }
};

void check_refused(world& in, const http_request& request, transport_error error) {
  const auto outcome = in.c.ask(request);
  CHECK(outcome.error == error);
  CHECK(outcome.stage == http_stage::tls);
  CHECK_FALSE(outcome.sent);
  CHECK_FALSE(outcome.detail.empty());
  CHECK(in.server.requests().empty());
}

} // namespace

TEST_CASE("a certificate of the given authority for the right address is accepted", "[net][tls]") {
  world w;
  const auto outcome = w.c.ask(w.request());
  REQUIRE(outcome.ok());
  REQUIRE(outcome.response->certificate_expires.has_value());
  const auto left = *outcome.response->certificate_expires - std::chrono::system_clock::now();
  CHECK(left > 23h);
  CHECK(left < 25h);
}

TEST_CASE("a name is verified although an address is connected to", "[net][tls]") {
  world w;
  auto request = w.request();
  request.url = "https://pbx.test/";
  request.connect_to = fmt::format("127.0.0.1:{}", w.server.port());
  CHECK(w.c.ask(request).ok());
  request.url = "https://other.test/";
  const auto refused = w.c.ask(request);
  CHECK(refused.error == transport_error::tls_name);
  request.tls.server_name = "pbx.test";
  CHECK(w.c.ask(request).ok());
}

TEST_CASE("an unknown authority is not trusted", "[net][tls]") {
  world w;
  check_refused(w, get(w.server.url()), transport_error::tls_untrusted);
}

TEST_CASE("a certificate for another name is told apart", "[net][tls]") {
  world w("DNS:other.test,IP:127.0.0.9");
  check_refused(w, w.request(), transport_error::tls_name);
}

TEST_CASE("an expired certificate and one of tomorrow are told apart", "[net][tls]") {
  const auto valid = GENERATE(validity{-7200, -60}, validity{3600, 7200});
  world w("IP:127.0.0.1", valid);
  check_refused(w, w.request(), transport_error::tls_expired);
}

TEST_CASE("a pinned key needs neither authority nor name nor dates", "[net][tls]") {
  world w("DNS:other.test", {-7200, -60});
  auto request = get(w.server.url());
  request.tls.pin = net::public_key_pin(w.own.certificate.get());
  CHECK(net::is_pin(request.tls.pin));
  const auto outcome = w.c.ask(request);
  REQUIRE(outcome.ok());
  CHECK(outcome.response->certificate_expires < std::chrono::system_clock::now());
}

TEST_CASE("another key than the pinned one is refused, whoever signed it", "[net][tls]") {
  world w;
  auto request = w.request();
  request.tls.pin = net::public_key_pin(w.authority.certificate.get());
  check_refused(w, request, transport_error::tls_pin);
}

TEST_CASE("a policy that cannot be carried out refuses instead of trusting", "[net][tls]") {
  world w;
  auto request = w.request();
  SECTION("no such file") { request.tls.ca_file = "/nonexistent/ca.pem"; }
  SECTION("not a pin") { request.tls.pin = "sha256//abc"; }
  check_refused(w, request, transport_error::tls_other);
}

TEST_CASE("a peer that does not speak TLS, or hangs up, is none of the certificate's errors", "[net][tls]") {
  const std::string words = GENERATE("HTTP/1.1 400 Bad Request\r\n\r\n", "");
  tiny_server server([words](peer& p) { p.say(words); });
  client c;
  const auto outcome = c.ask(get(fmt::format("https://127.0.0.1:{}/", server.port())));
  CHECK((outcome.error == transport_error::tls_other || outcome.error == transport_error::reset));
  CHECK(outcome.stage == http_stage::tls);
  CHECK_FALSE(outcome.sent);
}

TEST_CASE("a peer silent in the handshake times out unsent and holds up nobody", "[net][tls]") {
  tiny_server silent([](peer& p) { p.hang(); });
  world w;
  net::client_options options;
  options.handshakes_at_once = 1;
  client c(options);
  auto stuck = get(fmt::format("https://127.0.0.1:{}/", silent.port()));
  stuck.timeout = 5s;
  auto waiting = c.send(stuck, {.name = "silent"});
  CHECK(c.ask(w.request(), {.name = "fine"}).ok());
  CHECK(waiting.outcome.wait_for(0s) == std::future_status::timeout);
  stuck.timeout = 50ms;
  const auto outcome = c.ask(stuck, {.name = "silent too"});
  CHECK(outcome.error == transport_error::timeout);
  CHECK(outcome.stage == http_stage::tls);
  CHECK_FALSE(outcome.sent);
}

TEST_CASE("a lane resumes its sessions, another lane begins anew", "[net][tls]") {
  const identity authority = make_authority();
  const identity own = make_certificate(authority, "IP:127.0.0.1");
  const ca_file trusted(authority);
  tiny_server server(
      [](peer& p) {
        p.read_request();
        p.answer(p.resumed() ? "resumed" : "full", "Connection: close\r\n");
      },
      &own);
  client c;
  auto request = get(server.url());
  request.tls.ca_file = trusted.path();
  CHECK(c.ask(request).response->body == "full");
  CHECK(c.ask(request).response->body == "resumed");
  CHECK(c.ask(request, {.name = "other"}).response->body == "full");
  request.tls.pin = net::public_key_pin(own.certificate.get());
  CHECK(c.ask(request).response->body == "full");
}

TEST_CASE("a connection is shared only under the same policy", "[net][tls]") {
  world w;
  CHECK(w.c.ask(w.request()).ok());
  CHECK(w.c.ask(get(w.server.url())).error == transport_error::tls_untrusted);
  CHECK(w.server.accepted() == 2);
}

TEST_CASE("a body over TLS is whole or an error", "[net][tls]") {
  const identity authority = make_authority();
  const identity own = make_certificate(authority, "IP:127.0.0.1");
  const ca_file trusted(authority);
  const std::string body(500'000, 'b');
  tiny_server server(
      [&](peer& p) {
        p.read_request();
        p.answer(body);
        p.read_request();
        p.say("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\npart");
      },
      &own);
  client c;
  auto request = get(server.url());
  request.tls.ca_file = trusted.path();
  const auto whole = c.ask(request);
  REQUIRE(whole.ok());
  CHECK(whole.response->body == body);
  request.method = http_method::post;
  request.body = std::string(300'000, 'p');
  CHECK(c.ask(request).error == transport_error::reset);
}
