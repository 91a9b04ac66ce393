#include "actors/net/address.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace ringdown::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; // RFC 4291, 2.5.5.2
constexpr std::size_t mapped_bits = 96;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool bit(const ip_address& address, std::size_t index) {
  return ((address.bytes[index / 8] >> (7U - index % 8U)) & 1U) != 0;
}

failure bad(std::string_view text, std::string_view why) {
  return {failure_kind::invalid, "'" + std::string(text) + "' " + std::string(why)};
}

} // namespace

ip_address v4_address(const std::array<std::uint8_t, 4>& bytes) {
  ip_address address;
  address.is_v4 = true;
  std::ranges::copy(mapped_prefix, address.bytes.begin());
  std::ranges::copy(bytes, address.bytes.begin() + mapped_prefix.size());
  return address;
}

std::optional<ip_address> parse_address(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return v4_address(v4);
  ip_address v6;
  if (inet_pton(AF_INET6, terminated.c_str(), v6.bytes.data()) == 1) return v6;
  return std::nullopt;
}

std::string to_string(const ip_address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4)
    inet_ntop(AF_INET, address.bytes.data() + mapped_prefix.size(), text.data(), text.size());
  else
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

result<network> parse_network(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto base = parse_address(text.substr(0, slash));
  if (!base) return bad(text, "is not an address or a network like 10.0.0.0/8");
  const std::size_t offset = base->is_v4 ? mapped_bits : 0;
  network parsed{*base, 128};
  if (slash < text.size()) {
    const auto prefix = parse_number<std::size_t>(text.substr(slash + 1));
    if (!prefix || *prefix > 128 - offset) return bad(text, "has no valid prefix length");
    parsed.prefix = *prefix + offset;
  }
  for (std::size_t i = parsed.prefix; i < 128; ++i) {
    if (bit(*base, i)) return bad(text, "has bits set behind its prefix");
  }
  return parsed;
}

bool contains(const network& in, const ip_address& address) {
  for (std::size_t i = 0; i < in.prefix; ++i) {
    if (bit(in.base, i) != bit(address, i)) return false;
  }
  return true;
}

result<host_and_port> parse_host_and_port(std::string_view text) {
  if (parse_address(text)) return host_and_port{std::string(text), std::nullopt};
  host_and_port parsed;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = std::min(text.find(']'), text.size());
    parsed.host = text.substr(1, end - 1);
    if (end == text.size() || !parse_address(parsed.host)) return bad(text, "is not an address in brackets");
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    parsed.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (parsed.host.empty()) return bad(text, "has no address");
  if (rest.empty()) return parsed;
  parsed.port = parse_number<std::uint16_t>(rest.substr(1));
  if (!rest.starts_with(':') || !parsed.port) return bad(text, "has no valid port");
  return parsed;
}

} // namespace ringdown::net
