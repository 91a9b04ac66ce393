// IP addresses and networks as values, free of any socket library, so that guard and resolver can be tested by tables.
#pragma once

#include "protocol/types/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::net {

// An IPv4 address is held in its IPv4-mapped form; `is_v4` tells how it was meant.
struct ip_address {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  friend bool operator==(const ip_address&, const ip_address&) = default;
};

// Plain forms only: "192.0.2.1", "2001:db8::1" (no brackets, no zone, no port).
[[nodiscard]] std::optional<ip_address> parse_address(std::string_view text);
[[nodiscard]] ip_address v4_address(const std::array<std::uint8_t, 4>& bytes);
[[nodiscard]] std::string to_string(const ip_address& address);

struct network {
  ip_address base;
  std::size_t prefix = 0; // bits, counted over all 16 bytes (an IPv4 /8 is 104)
};

// "10.0.0.0/8", "fc00::/7"; an address alone is a network of one. Bits behind the prefix must be zero.
[[nodiscard]] result<network> parse_network(std::string_view text);
[[nodiscard]] bool contains(const network& in, const ip_address& address);

// "address", "address:port", "[v6]:port" or "name:port"; what `connect_to` and `listen` hold.
struct host_and_port {
  std::string host;
  std::optional<std::uint16_t> port;
};
[[nodiscard]] result<host_and_port> parse_host_and_port(std::string_view text);

} // namespace ringdown::net
