#include "protocol/wire/email/mime.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::wire::email;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    REQUIRE(end != std::string::npos);
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

std::size_t longest_of(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& line : lines_of(text)) longest = std::max(longest, line.size());
  return longest;
}

} // namespace

TEST_CASE("a plain header is one line, a long one is folded at its blanks") {
  CHECK(header_line("Subject", "Trunk down: Lighthouse") == "Subject: Trunk down: Lighthouse\r\n");
  std::string value;
  for (int i = 0; i < 30; ++i) value += "seven77 ";
  const std::string line = header_line("Subject", value);
  CHECK(longest_of(line) <= 76);
  const auto lines = lines_of(line);
  CHECK(lines.size() > 3);
  for (std::size_t i = 1; i < lines.size(); ++i) CHECK(lines[i].starts_with(" seven77"));
}

TEST_CASE("what is not ASCII becomes encoded words of whole characters") {
  CHECK(header_line("Subject", "Söhne") == "Subject: =?UTF-8?B?U8O2aG5l?=\r\n");
  std::string value;
  for (int i = 0; i < 60; ++i) value += "☎";
  const std::string line = header_line("Subject", value);
  CHECK(longest_of(line) <= 76 + 10); // the first word stands behind the name
  for (const std::string& each : lines_of(line)) CHECK(each.ends_with("?="));
  CHECK(header_line("Subject", "=?UTF-8?B?eA==?=").find("eA==?=") == std::string::npos);
}

TEST_CASE("no header can end another or begin one") {
  for (const char* value : {"a\r\nBcc: eve@x", "a\nBcc: eve@x", "a\rBcc: eve@x", "a\r\n\r\nbody"}) {
    const std::string line = header_line("Subject", value);
    CHECK(lines_of(line).size() == 1);
    CHECK(line.find('\n') == line.size() - 1);
  }
  CHECK(longest_of(header_line("Subject", std::string(5000, 'x'))) <= 998);
}

TEST_CASE("quoted-printable keeps lines short and blanks at their ends") {
  CHECK(quoted_printable("1 = 1\n") == "1 =3D 1\r\n");
  CHECK(quoted_printable("Söhne ") == "S=C3=B6hne=20\r\n");
  CHECK(quoted_printable(".\nx") == ".\r\nx\r\n");
  CHECK(quoted_printable("a\r\nb") == "a\r\nb\r\n");
  CHECK(quoted_printable("a\n\nb") == "a\r\n\r\nb\r\n");
  CHECK(quoted_printable("a\tb\rc") == "a=09b=0Dc\r\n");
  CHECK(quoted_printable("") == "");
  const std::string long_line = quoted_printable(std::string(2000, 'x') + "☎");
  CHECK(longest_of(long_line) <= 76);
  CHECK(quoted_printable(std::string(76, 'x')) == std::string(75, 'x') + "=\r\nx\r\n");
}

TEST_CASE("a date is the one of RFC 5322") {
  CHECK(mail_date(wall_time(std::chrono::seconds(1'790'924'400))) == "Fri, 02 Oct 2026 07:00:00 +0000");
  CHECK(mail_date(wall_time(std::chrono::seconds(951'827'696))) == "Tue, 29 Feb 2000 12:34:56 +0000");
  CHECK(mail_date(wall_time()) == "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST_CASE("a part of an id holds nothing that ends it") {
  CHECK(id_part("dl_0123abc") == "dl_0123abc");
  CHECK(id_part("a>b@c\r\n") == "a-b-c--");
  CHECK(id_part("") == "none");
  CHECK(id_part(std::string(500, 'x')).size() == 128);
}

TEST_CASE("a mail is its headers, an empty line and its body") {
  CHECK(write_mail({{"Subject", "x"}}, "y\n") ==
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\ny\r\n");
}
