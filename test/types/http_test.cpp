#include "protocol/types/http.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <vector>

using namespace ringdown;
using namespace std::chrono_literals;

namespace {

url_parts parsed(std::string_view url) {
  INFO(url);
  auto parts = parse_url(url);
  REQUIRE(parts.ok());
  return *parts;
}

// Tue, 24 Nov 2026 12:00:00 GMT
constexpr wall_time noon{std::chrono::seconds(1'795'521'600)};

std::optional<duration> told_to_wait(std::string value) {
  return retry_after({{"retry-after", std::move(value)}}, noon);
}

} // namespace

TEST_CASE("a url is taken apart and its port filled in by scheme", "[http]") {
  const auto plain = parsed("HTTP://Example.COM");
  CHECK(plain.scheme == "http");
  CHECK(plain.host == "example.com");
  CHECK(plain.port == 80);
  CHECK(plain.target == "/");

  const auto full = parsed("https://pbx-1.example.com:5001/xapi/v1/Trunks?$select=Id&x=a%20b#top");
  CHECK(full.host == "pbx-1.example.com");
  CHECK(full.port == 5001);
  CHECK(full.target == "/xapi/v1/Trunks?$select=Id&x=a%20b");

  CHECK(parsed("https://example.com").port == 443);
  CHECK(parsed("https://example.com?x=1").target == "/?x=1");
  CHECK(parsed("https://example.com#frag").target == "/");
  CHECK(parsed("https://example.com./").host == "example.com");
}

TEST_CASE("addresses are hosts too, IPv6 without its brackets", "[http]") {
  CHECK(parsed("https://127.0.0.5:8443/").host == "127.0.0.5");
  const auto v6 = parsed("https://[2001:DB8::1]:8443/a");
  CHECK(v6.host == "2001:db8::1");
  CHECK(v6.port == 8443);
  CHECK(parsed("http://[::1]").port == 80);
}

TEST_CASE("urls that hide something or mean two things are refused", "[http]") {
  const auto* url = GENERATE("", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://", "https:///x",
                             "https://user@example.com/", "https://user:word@example.com/", "https://example.com:0/",
                             "https://example.com:65536/", "https://example.com:/", "https://example.com:80a/",
                             "https://example.com:+80/", "https://exa mple.com/", "https://example.com/a b",
                             "https://example.com/\r\nHost: x", "https://example.com/\x01",
                             "https://ex\xc3\xa4mple.com/", "https://example.com\\@evil/", "https://[::1/",
                             "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://::1/",
                             "https://a..b/", "https://-a.example/", "https://.example/", "https://%31.example/");
  INFO(url);
  const auto refused = parse_url(url);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == failure_kind::invalid);
  CHECK_FALSE(refused.error().detail.empty());
}

TEST_CASE("IPv4 in octal, hex, integer or short form is refused", "[http]") {
  const auto* url = GENERATE("http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
                             "http://127.1/", "http://127.0.0.01/", "http://127.0.0.256/", "http://1.2.3.4.5/",
                             "http://127.0.0.0x1/", "http://127.0.0.1.0x/");
  INFO(url);
  CHECK_FALSE(parse_url(url).ok());
}

TEST_CASE("very long urls and labels are refused", "[http]") {
  CHECK(parse_url("https://example.com/" + std::string(8000, 'a')).ok());
  CHECK_FALSE(parse_url("https://example.com/" + std::string(8192, 'a')).ok());
  CHECK_FALSE(parse_url("https://" + std::string(64, 'a') + ".com/").ok());
}

TEST_CASE("headers are found whatever their case, the first wins", "[http]") {
  const http_headers headers{{"Content-Type", "text/html"}, {"X-A", "1"}, {"x-a", "2"}};
  CHECK(header(headers, "content-type") == "text/html");
  CHECK(header(headers, "X-a") == "1");
  CHECK_FALSE(header(headers, "X").has_value());
}

TEST_CASE("Retry-After is read as seconds or as a date, between a second and an hour", "[http]") {
  CHECK(told_to_wait("30") == 30s);
  CHECK(told_to_wait(" 30 ") == 30s);
  CHECK(told_to_wait("0") == 1s);
  CHECK(told_to_wait("86400") == 1h);
  CHECK(told_to_wait("99999999999999999999999999") == 1h);
  CHECK(told_to_wait("Tue, 24 Nov 2026 12:02:00 GMT") == 2min);
  CHECK(told_to_wait("Tuesday, 24-Nov-26 12:02:00 GMT") == 2min);
  CHECK(told_to_wait("Tue Nov 24 12:02:00 2026") == 2min);
  CHECK(told_to_wait("Tue, 24 Nov 2026 11:00:00 GMT") == 1s);
  CHECK(told_to_wait("Tue, 24 Nov 2099 11:00:00 GMT") == 1h);
}

TEST_CASE("a Retry-After that is neither is as if it were not there", "[http]") {
  const auto* value = GENERATE("", "soon", "-5", "1.5", "5s", "Tue, 24 Nov 2026 12:02:00",
                               "Tue, 99 Nov 2026 12:02:00 GMT", "Tue, 24 Nov 2026 12:02:00 GMT and more");
  INFO(value);
  CHECK_FALSE(told_to_wait(value).has_value());
  CHECK_FALSE(retry_after({}, noon).has_value());
}

TEST_CASE("percent encoding leaves only unreserved characters", "[http]") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("a b&c=d/e?f'") == "a%20b%26c%3Dd%2Fe%3Ff%27");
  CHECK(percent_encode("\xc3\xa4") == "%C3%A4");
  CHECK(percent_encode(std::string_view("\0", 1)) == "%00");
}

TEST_CASE("every transport error and method has a name of its own", "[http]") {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(transport_error::overloaded); ++i)
    names.push_back(name(static_cast<transport_error>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(name(http_method::del) == "DELETE");
  CHECK(name(http_method::patch) == "PATCH");
}
