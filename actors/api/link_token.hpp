// The token of an acknowledge link: who may acknowledge which episode of which alert, signed, so that last night's link
// cannot acknowledge tonight's outage (S-A9). Not secret in itself, but worth as much as the acknowledgement.
#pragma once

#include "protocol/types/ids.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::api {

struct link_claim {
  tenant_id tenant;
  alert_id alert;
  std::uint32_t episode = 0;
  std::string person; // user id, or "channel:<id>"
  friend bool operator==(const link_claim&, const link_claim&) = default;
};

// HMAC-SHA256 under a key this module never sees.
using signer = std::function<std::array<std::uint8_t, 32>(std::string_view)>;

// URL-safe: unreserved characters and at most some 200 of them.
[[nodiscard]] std::string make_link_token(const link_claim& claim, const signer& sign);
// nullopt: not ours, changed, or cut.
[[nodiscard]] std::optional<link_claim> read_link_token(std::string_view token, const signer& sign);

} // namespace ringdown::api
