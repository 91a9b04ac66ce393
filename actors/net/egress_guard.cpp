#include "actors/net/egress_guard.hpp"

#include <algorithm>
#include <array>

namespace ringdown::net {

namespace {

struct prefix {
  std::array<std::uint8_t, 16> bytes;
  std::size_t bits;
};

bool in(const ip_address& address, const prefix& range) {
  return contains(network{ip_address{range.bytes, false}, range.bits}, address);
}

constexpr prefix v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::size_t bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, 96 + bits};
}

constexpr prefix v6(std::uint16_t a, std::uint16_t b, std::size_t bits) {
  return {{static_cast<std::uint8_t>(a >> 8U), static_cast<std::uint8_t>(a & 255U), static_cast<std::uint8_t>(b >> 8U),
           static_cast<std::uint8_t>(b & 255U)},
          bits};
}

// Source of all ranges: IANA IPv4 and IPv6 special-purpose address registries.
constexpr std::array site_ranges{
    v4(10, 0, 0, 8),    v4(172, 16, 0, 12), v4(192, 168, 0, 16), // private, RFC 1918
    v4(100, 64, 0, 10),                                          // carrier-grade NAT, RFC 6598
    v6(0xfc00, 0, 7),                                            // unique local, RFC 4193
};

constexpr std::array special_v4{
    v4(0, 0, 0, 8),     v4(127, 0, 0, 8),     v4(169, 254, 0, 16), // this network, loopback, link-local and metadata
    v4(192, 0, 0, 24),  v4(192, 88, 99, 24),                       // protocol assignments, 6to4 relays
    v4(192, 0, 2, 24),  v4(198, 51, 100, 24), v4(203, 0, 113, 24), // documentation
    v4(198, 18, 0, 15), v4(224, 0, 0, 4),     v4(240, 0, 0, 4),    // benchmarks, multicast, reserved and broadcast
};

constexpr prefix global_v6 = v6(0x2000, 0, 3);
constexpr std::array special_v6{
    v6(0x2001, 0, 23),      // protocol assignments, with Teredo 2001::/32
    v6(0x2001, 0x0db8, 32), // documentation
    v6(0x2002, 0, 16),      // 6to4
    v6(0x3fff, 0, 20),      // documentation, RFC 9637
};

constexpr prefix mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr prefix nat64 = v6(0x0064, 0xff9b, 96); // RFC 6052; the local form 64:ff9b:1::/48 is special

// Amazon's metadata service: inside the unique local range, but never somebody's PBX.
constexpr std::array<std::uint8_t, 16> metadata_v6{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};

ip_address carried(const ip_address& address) {
  if (!in(address, mapped) && !in(address, nat64)) return address;
  return v4_address({address.bytes[12], address.bytes[13], address.bytes[14], address.bytes[15]});
}

template <class Ranges>
bool in_any(const Ranges& ranges, const ip_address& address) {
  return std::ranges::any_of(ranges, [&](const prefix& range) { return in(address, range); });
}

} // namespace

address_kind classify(const ip_address& address) {
  const ip_address judged = carried(address);
  if (judged.bytes == metadata_v6) return address_kind::special;
  if (in_any(site_ranges, judged)) return address_kind::site;
  if (judged.is_v4) return in_any(special_v4, judged) ? address_kind::special : address_kind::global;
  return in(judged, global_v6) && !in_any(special_v6, judged) ? address_kind::global : address_kind::special;
}

bool egress_guard::permits(const ip_address& address, egress_class as) const {
  const ip_address judged = carried(address);
  if (std::ranges::any_of(allowed_, [&](const network& n) { return contains(n, judged) || contains(n, address); }))
    return true;
  switch (classify(address)) {
    case address_kind::global: return true;
    case address_kind::site: return as == egress_class::pbx;
    case address_kind::special: return false;
  }
  return false;
}

result<egress_guard> make_egress_guard(const std::vector<std::string>& allow) {
  std::vector<network> networks;
  for (const std::string& entry : allow) {
    auto parsed = parse_network(entry);
    if (!parsed) return parsed.error();
    networks.push_back(*parsed);
  }
  return egress_guard{std::move(networks)};
}

} // namespace ringdown::net
