#include "actors/net/address.hpp"

#include "test/support/catch.hpp"

using namespace ringdown::net;

TEST_CASE("addresses are read and written in their plain forms only", "[net]") {
  CHECK(to_string(*parse_address("192.0.2.1")) == "192.0.2.1");
  CHECK(to_string(*parse_address("2001:DB8::1")) == "2001:db8::1");
  const auto* text = GENERATE("", "1.2.3", "0x7f.0.0.1", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "example.com");
  CHECK_FALSE(parse_address(text).has_value());
}

TEST_CASE("a network contains what its prefix says", "[net]") {
  const auto ten = *parse_network("10.0.0.0/8");
  CHECK(contains(ten, *parse_address("10.255.0.1")));
  CHECK_FALSE(contains(ten, *parse_address("11.0.0.1")));
  CHECK(contains(*parse_network("192.0.2.7"), *parse_address("192.0.2.7")));
  CHECK(contains(*parse_network("fc00::/7"), *parse_address("fd12::1")));
  CHECK(contains(*parse_network("0.0.0.0/0"), *parse_address("8.8.8.8")));
  CHECK_FALSE(contains(*parse_network("0.0.0.0/0"), *parse_address("2001:4860::1")));
}

TEST_CASE("what is not a network is refused by name", "[net]") {
  const auto* text = GENERATE("", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "all", "10/8");
  const auto refused = parse_network(text);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().detail.find(text) != std::string::npos);
}

TEST_CASE("a host may carry a port", "[net]") {
  CHECK(parse_host_and_port("127.0.0.1:80")->port == 80);
  CHECK(parse_host_and_port("[::1]:443")->host == "::1");
  CHECK(parse_host_and_port("::1")->host == "::1");
  CHECK_FALSE(parse_host_and_port("name")->port.has_value());
  const auto* bad = GENERATE("", ":80", "a:", "a:b", "a:65536", "[::1", "[x]:1", "[::1]80");
  INFO(bad);
  CHECK_FALSE(parse_host_and_port(bad).ok());
}
