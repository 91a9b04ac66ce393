#include "protocol/types/mail.hpp"

#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;

TEST_CASE("a mailbox is one plain address") {
  for (const char* text : {"jo@harbour.example", "a.b+c=d@x", "o'neil@mx-1.harbour.example"}) CHECK(is_mailbox(text));
  for (const std::string& text :
       {std::string(), std::string("jo"), std::string("@x"), std::string("jo@"), std::string("a@b@c"),
        std::string("jo@x>"), std::string("<jo@x>"), std::string("jo@x\r\n"), std::string("j o@x"),
        std::string("\"jo\"@x"), std::string(".jo@x"), std::string("jo@x..y"), std::string("j\xC3\xB6@x"),
        std::string("jo@x,eve@x"), std::string(65, 'a') + "@x", "a@" + std::string(254, 'b')})
    CHECK_FALSE(is_mailbox(text));
}

TEST_CASE("a name for EHLO is a domain or an address in brackets") {
  for (const char* text : {"ringdown.harbour.example", "x", "[127.0.0.1]", "[IPv6:2001:db8::1]"})
    CHECK(is_mail_name(text));
  for (const char* text : {"", "a b", "a\r\nMAIL", "[]", "[127.0.0.1", "a/b", ".x", "x."})
    CHECK_FALSE(is_mail_name(text));
}

TEST_CASE("names of securities are read as they are written") {
  for (const auto one : {mail_security::starttls, mail_security::implicit, mail_security::none})
    CHECK(parse_mail_security(name(one)) == one);
  CHECK_FALSE(parse_mail_security("tls"));
}

TEST_CASE("an enhanced code is taken only where one stands") {
  CHECK(enhanced_code("550 5.1.1 no such user") == "5.1.1");
  CHECK(enhanced_code("250-2.0.0\r\n") == "2.0.0");
  CHECK(enhanced_code("451 4.7.650 wait") == "4.7.650");
  for (const char* text : {"", "550", "550 ", "550 5", "550 5.1", "550 5.1.", "550 5.1.1x", "550 4.1.1 other class",
                           "550 3.1.1 x", "550 5.1111.1 x", "5505.1.1 x", "abc 5.1.1 x", "550\t5.1.1"})
    CHECK(enhanced_code(text).empty());
}

TEST_CASE("what no server may be told is named by its field") {
  mail_request request;
  request.host = "mx.harbour.example";
  request.ehlo = "ringdown.harbour.example";
  request.from = "alerts@harbour.example";
  request.to = "jo@harbour.example";
  request.text = "Subject: x\r\n\r\ny\r\n";
  CHECK_FALSE(fault_of(request));
  const auto fault = [&](auto change) {
    mail_request broken = request;
    change(broken);
    const auto found = fault_of(broken);
    return found ? found->substr(0, found->find(':')) : std::string("none");
  };
  CHECK(fault([](mail_request& r) { r.host = "mx.harbour.example:25"; }) == "host");
  CHECK(fault([](mail_request& r) { r.host = "2001:db8::1"; }) == "none");
  CHECK(fault([](mail_request& r) { r.port = 0; }) == "port");
  CHECK(fault([](mail_request& r) { r.ehlo = ""; }) == "ehlo");
  CHECK(fault([](mail_request& r) { r.from = "x"; }) == "from");
  CHECK(fault([](mail_request& r) { r.to = "a@b\r\nDATA"; }) == "to");
  CHECK(fault([](mail_request& r) { r.user = "a\nb"; }) == "user");
  CHECK(fault([](mail_request& r) { r.password = secret_text("a\nb"); }) == "password");
  for (const char* text : {"", "no end", "bare\nfeed\r\n", "bare\rreturn\r\n", "\xC3\xB6\r\n"})
    CHECK(fault([&](mail_request& r) { r.text = text; }) == "text");
  CHECK(fault([](mail_request& r) { r.text = std::string(998, 'x') + "\r\n"; }) == "none");
  CHECK(fault([](mail_request& r) { r.text = std::string(999, 'x') + "\r\n"; }) == "text");
}
