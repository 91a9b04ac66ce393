// What is sound in a tenant's file and will not work as it stands: a ticket that nobody owns, a phone that never rings. Told by
// check-config, diff, apply and test-channel; it keeps nothing from being applied. Pure.
#pragma once

#include "protocol/types/tenant_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ringdown::api {

// Whether voice providers can reach the node ([http] public_url): without a daemon or its file nobody knows.
enum class callback_reach : std::uint8_t { given, missing, unknown };

struct config_warning {
  channel_id channel; // empty: the tenant
  std::string text;   // names the setting first: "company: ..."
};
[[nodiscard]] std::string to_text(const config_warning& warning); // `channel "tickets": company: ...`

// Of enabled channels, in their order; then of the tenant.
[[nodiscard]] std::vector<config_warning> warnings_of(const tenant_config& config, callback_reach reach);

} // namespace ringdown::api
