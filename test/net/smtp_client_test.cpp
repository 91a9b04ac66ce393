// What a mail comes to, by what the server does: the table that the client's judgement is made from.
#include "actors/net/smtp_client.hpp"

#include "actors/net/boot_clock.hpp"
#include "test/net/mail_client_test.hpp"
#include "test/net/tiny_mail_server.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

mail_request within(mail_request request, duration timeout) {
  request.timeout = timeout;
  return request;
}

// The authority in a file, which goes with the object.
class trusted {
public:
  trusted() : path_(std::filesystem::temp_directory_path() / fmt::format("ringdown-mail-{}.pem", ::getpid())) {
    std::ofstream(path_) << to_pem(authority.certificate.get());
  }
  ~trusted() { std::filesystem::remove(path_); }
  trusted(const trusted&) = delete;
  trusted& operator=(const trusted&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

  const identity authority = make_authority();

private:
  std::filesystem::path path_;
};

mail_request secured(int port, mail_security how, const trusted& by) {
  mail_request request = mail_to(port);
  request.security = how;
  request.ca_file = by.path();
  request.user = "ringdown";
  request.password = secret_text("topsecret");
  return request;
}

bool heard(const tiny_server& server, const std::string& begins) {
  const auto all = server.requests();
  return std::ranges::any_of(all, [&](const std::string& line) { return line.starts_with(begins); });
}

} // namespace

TEST_CASE("a mail arrives as it was given, in one conversation", "[net][mail]") {
  tiny_server server(mail_script({}));
  mail_client c;
  auto request = mail_to(server.port());
  const std::string longest(998, 'x');
  request.text = "Subject: down\r\n\r\n.\r\n..two\r\n" + longest + "\r\n.\r\n";
  const auto outcome = c.ask(request);
  CHECK(outcome.error == transport_error::none);
  CHECK(outcome.code == 250);
  CHECK(outcome.enhanced == "2.0.0");
  CHECK_FALSE(outcome.maybe_taken);
  CHECK(outcome.elapsed > 0us);
  c.end();
  server.wait_for_requests(7);
  const auto lines = server.requests();
  CHECK(lines[0] == "EHLO ringdown.test");
  CHECK(lines[1] == "MAIL FROM:<alerts@ringdown.test>");
  CHECK(lines[2] == "RCPT TO:<jo@harbour.test>");
  CHECK(lines[3] == "DATA");
  CHECK(lines[5] == "Subject: down\r\n\r\n..\r\n...two\r\n" + longest + "\r\n..\r\n"); // dots doubled, none added
  CHECK(lines[6] == "QUIT");
}

TEST_CASE("what the server answers decides, at whatever step", "[net][mail]") {
  const auto [verb, words, code] =
      GENERATE(table<std::string, std::string, int>({{"", "554 5.3.2 not today\r\n", 554},
                                                     {"", "421 4.3.2 closing\r\n", 421},
                                                     {"MAIL", "451 4.7.1 greylisted\r\n", 451},
                                                     {"RCPT", "550 5.1.1 no such user\r\n", 550},
                                                     {"RCPT", "450-4.2.0 busy\r\n450 4.2.0 still\r\n", 450},
                                                     {"DATA", "503 5.5.1 no\r\n", 503},
                                                     {".", "552 5.3.4 too big\r\n", 552},
                                                     {".", "452 4.3.1 full\r\n", 452}}));
  INFO(verb << " " << words);
  tiny_server server(mail_script({.says = {{verb, words}}}));
  const auto outcome = mail_client().ask(mail_to(server.port()));
  CHECK(outcome.code == code);
  CHECK(outcome.enhanced == words.substr(4, 5));
  CHECK(outcome.error == transport_error::none);
  CHECK_FALSE(outcome.maybe_taken);
  CHECK(outcome.detail.find("user") == std::string::npos); // no word of the far end's
}

TEST_CASE("only what is cut behind the final dot may have been taken", "[net][mail]") {
  const auto [how, error, maybe] = GENERATE(table<mail_manners, transport_error, bool>(
      {{{.says = {{".", cuts}}}, transport_error::reset, true},
       {{.says = {{".", hangs}}}, transport_error::timeout, true},
       {{.says = {{".", "354 go on\r\n"}}}, transport_error::malformed, true},
       {{.cut_in_text = true}, transport_error::reset, false},
       {{.says = {{"DATA", cuts}}}, transport_error::reset, false},
       {{.says = {{"RCPT", hangs}}}, transport_error::timeout, false},
       {{.says = {{"", hangs}}}, transport_error::timeout, false},
       {{.says = {{"", cuts}}}, transport_error::reset, false},
       {{.says = {{"", "HTTP/1.1 400 Bad Request\r\n\r\n"}}}, transport_error::timeout, false}}));
  tiny_server server(mail_script(how));
  mail_client c;
  auto request = within(mail_to(server.port()), 400ms);
  if (how.cut_in_text) request.text += std::string("x\r\n") + std::string(998, 'y') + "\r\n";
  if (how.cut_in_text)
    for (int i = 0; i < 4000; ++i)
      request.text += std::string(998, 'y') + "\r\n"; // more than the kernel's buffers take
  const auto outcome = c.ask(request);
  INFO(outcome.detail);
  CHECK(outcome.error == error);
  CHECK(outcome.code == 0);
  CHECK(outcome.maybe_taken == maybe);
}

TEST_CASE("a server that hangs after its answer delays nobody", "[net][mail]") {
  tiny_server server(mail_script({.says = {{"QUIT", hangs}}}));
  mail_client c;
  const auto outcome = c.ask(within(mail_to(server.port()), 5s));
  CHECK(outcome.code == 250);
  CHECK(outcome.elapsed < 3s);
}

TEST_CASE("a server that refuses and then hangs is cut at the end of the mail's time", "[net][mail]") {
  tiny_server server(mail_script({.says = {{"RCPT", "550 5.1.1 no such user\r\n"}, {"QUIT", hangs}}}));
  mail_client c;
  const auto outcome = c.ask(within(mail_to(server.port()), 300ms));
  CHECK(outcome.code == 550);
  CHECK(outcome.elapsed < 5s);
}

TEST_CASE("replies without end are given up", "[net][mail]") {
  std::string endless;
  for (int i = 0; i < 2000; ++i) endless += "250-" + std::string(100, 'x') + "\r\n";
  tiny_server server(mail_script({.says = {{"EHLO", endless}}}));
  const auto outcome = mail_client().ask(mail_to(server.port()));
  INFO(outcome.detail);
  // Some libcurls have a limit of their own, which comes first when the lines come in a burst.
  CHECK((outcome.error == transport_error::too_large || outcome.error == transport_error::reset));
  CHECK(outcome.elapsed < 5s);
  CHECK_FALSE(outcome.maybe_taken);
}

TEST_CASE("nobody listening is told apart from nobody found", "[net][mail]") {
  closed_port closed;
  mail_client c({}, [](const std::string&) -> result<net::addresses> {
    return failure{failure_kind::not_found, "no such name"};
  });
  CHECK(c.ask(mail_to(closed.number())).error == transport_error::connect_refused);
  auto request = mail_to(25);
  request.host = "mx.harbour.test";
  CHECK(c.ask(request).error == transport_error::dns);
}

TEST_CASE("the next address is tried when one refuses, and a name is looked up only by us", "[net][mail]") {
  tiny_server server(mail_script({}));
  mail_client c({}, [](const std::string& host) -> result<net::addresses> {
    CHECK(host == "mx.harbour.test");
    return net::addresses{*net::parse_address("127.0.0.9"), *net::parse_address("127.0.0.1")};
  });
  auto request = mail_to(server.port());
  request.host = "mx.harbour.test";
  CHECK(c.ask(request).code == 250);
}

TEST_CASE("addresses that are not listed are not connected to, whatever name they have", "[net][mail]") {
  tiny_server server(mail_script({}));
  for (const char* address : {"10.0.0.1", "::1", "169.254.169.254"}) {
    mail_client c({}, [address](const std::string&) -> result<net::addresses> {
      return net::addresses{*net::parse_address(address)};
    });
    auto request = mail_to(server.port());
    request.host = "mx.harbour.test";
    CHECK(c.ask(request).error == transport_error::refused_address);
    request.host = address;
    CHECK(c.ask(request).error == transport_error::refused_address);
  }
  CHECK(server.accepted() == 0);
}

TEST_CASE("a mail that could say more than it means to is not begun", "[net][mail]") {
  tiny_server server(mail_script({}));
  mail_client c;
  const auto refused = [&](auto change) {
    mail_request request = mail_to(server.port());
    change(request);
    const auto outcome = c.ask(request);
    CHECK(outcome.error == transport_error::malformed);
    CHECK(outcome.detail.find("RCPT") == std::string::npos);
  };
  refused([](mail_request& r) { r.to = "jo@harbour.test>\r\nRCPT TO:<eve@harbour.test"; });
  refused([](mail_request& r) { r.from = "a@b.test\nDATA"; });
  refused([](mail_request& r) { r.ehlo = "x\r\nMAIL"; });
  refused([](mail_request& r) { r.host = "127.0.0.1/x@mx"; });
  refused([](mail_request& r) { r.user = "a\rb"; });
  refused([](mail_request& r) { r.text = "Subject: x\n\nbare\n"; });
  refused([](mail_request& r) { r.text = "Subject: x\r\n\r\n" + std::string(999, 'x') + "\r\n"; });
  CHECK(server.accepted() == 0);
}

TEST_CASE("what may no longer be sent leaves no byte of the text", "[net][mail]") {
  tiny_server server(mail_script({}));
  mail_client c;
  auto request = mail_to(server.port());
  request.send_by = net::boot_now() - 1ms;
  CHECK(c.ask(request).error == transport_error::too_late);
  CHECK(server.accepted() == 0);
}

TEST_CASE("send_by is judged again when the server is ready for the text", "[net][mail]") {
  std::promise<void> passed;
  tiny_server server([&](peer& p) {
    p.say("220 mx.test\r\n");
    while (const auto line = p.read_line()) {
      p.note(*line);
      if (*line == "DATA") passed.get_future().wait();
      p.say(*line == "DATA" ? "354 go on\r\n" : "250 ok\r\n");
    }
  });
  mail_client c;
  auto request = mail_to(server.port());
  request.send_by = net::boot_now() + 150ms;
  auto sent = c.send(request);
  server.wait_for_requests(4);
  while (net::boot_now() <= *request.send_by) std::this_thread::yield();
  passed.set_value();
  const auto outcome = sent.outcome.get();
  CHECK(outcome.error == transport_error::too_late);
  CHECK_FALSE(outcome.maybe_taken);
  CHECK_FALSE(heard(server, "Subject:"));
}

TEST_CASE("without STARTTLS nothing is said of login or mail", "[net][mail]") {
  const trusted by;
  tiny_server server(mail_script({.offers_login = true}));
  mail_client c;
  const auto outcome = c.ask(secured(server.port(), mail_security::starttls, by));
  CHECK(outcome.error == transport_error::tls_other);
  CHECK_FALSE(outcome.maybe_taken);
  CHECK_FALSE(heard(server, "AUTH"));
  CHECK_FALSE(heard(server, "MAIL"));
}

TEST_CASE("a login goes over TLS, begun in either way", "[net][mail]") {
  const trusted by;
  const identity good = make_certificate(by.authority, "IP:127.0.0.1");
  const auto how = GENERATE(mail_security::starttls, mail_security::implicit);
  const bool later = how == mail_security::starttls;
  tiny_server server(mail_script({.starttls = later ? &good : nullptr, .offers_login = true}), later ? nullptr : &good);
  mail_client c;
  const auto outcome = c.ask(secured(server.port(), how, by));
  INFO(outcome.detail);
  CHECK(outcome.code == 250);
  CHECK(heard(server, "AUTH"));
}

TEST_CASE("a refused login says so, and a busy one too", "[net][mail]") {
  const trusted by;
  const identity good = make_certificate(by.authority, "IP:127.0.0.1");
  for (const int code : {535, 454}) {
    tiny_server server(mail_script({.says = {{"AUTH", fmt::format("{} {}.7.8 no\r\n", code, code / 100)}},
                                    .starttls = &good,
                                    .offers_login = true}));
    mail_client c;
    const auto outcome = c.ask(secured(server.port(), mail_security::starttls, by));
    CHECK(outcome.login_refused);
    CHECK(outcome.code == code);
    CHECK(outcome.detail.find("topsecret") == std::string::npos);
    CHECK_FALSE(heard(server, "MAIL"));
  }
}

TEST_CASE("a certificate that does not hold ends it before anything is said", "[net][mail]") {
  const trusted by;
  const auto [name, valid, ca_file, error] = GENERATE_REF(table<std::string, validity, std::string, transport_error>(
      {{"IP:127.0.0.2", {}, by.path(), transport_error::tls_name},
       {"IP:127.0.0.1", {-7200, -3600}, by.path(), transport_error::tls_expired},
       {"IP:127.0.0.1", {}, "", transport_error::tls_untrusted}, // the system's store does not know it
       {"IP:127.0.0.1", {}, "/nowhere/ca.pem", transport_error::tls_other}}));
  const identity shown = make_certificate(by.authority, name, valid);
  tiny_server server(mail_script({.starttls = &shown, .offers_login = true}));
  mail_client c;
  auto request = secured(server.port(), mail_security::starttls, by);
  request.ca_file = ca_file;
  const auto outcome = c.ask(request);
  INFO(outcome.detail);
  CHECK(outcome.error == error);
  CHECK_FALSE(heard(server, "AUTH"));
}

TEST_CASE("without TLS a login goes to this machine alone", "[net][mail]") {
  net::smtp_options options;
  options.egress_allow = {"10.0.0.0/8"};
  mail_client c(options, [](const std::string&) -> result<net::addresses> {
    return net::addresses{*net::parse_address("10.1.2.3")};
  });
  auto request = mail_to(25);
  request.host = "mx.harbour.test";
  request.user = "ringdown";
  request.password = secret_text("topsecret");
  CHECK(c.ask(request).error == transport_error::tls_other);
  tiny_server server(mail_script({.offers_login = true}));
  request.host = "127.0.0.1";
  request.port = server.port();
  CHECK(c.ask(request).code == 250);
  CHECK(heard(server, "AUTH"));
}
