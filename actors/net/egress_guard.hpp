// Which addresses we connect to (SSRF). Judged on the resolved address right before connecting, never on a name, so that a
// name that changes its mind (DNS rebinding) gains nothing. Pure; any thread.
#pragma once

#include "actors/net/address.hpp"

#include "protocol/types/http.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::net {

enum class address_kind {
  global, // global unicast
  site,   // private, unique local, carrier-grade NAT (which overlay networks use)
  special // loopback, link-local and metadata, multicast, documentation, tunnels, reserved
};

// IPv6 forms that carry an IPv4 address are judged by what they carry (mapped, 64:ff9b::/96) or are special (6to4,
// Teredo, local NAT64, compatible): those may end anywhere.
[[nodiscard]] address_kind classify(const ip_address& address);

class egress_guard {
public:
  egress_guard() = default;
  explicit egress_guard(std::vector<network> allowed) : allowed_(std::move(allowed)) {}

  // pbx: global and site; channel: global. Whatever [egress] allow lists is fine for both.
  [[nodiscard]] bool permits(const ip_address& address, egress_class as) const;

private:
  std::vector<network> allowed_;
};

// failure invalid names the entry that is not a network.
[[nodiscard]] result<egress_guard> make_egress_guard(const std::vector<std::string>& allow);

} // namespace ringdown::net
