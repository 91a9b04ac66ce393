// Whom a critical reaches, as a tenant's file stands: calls that would go to nobody, channels that no rule names. Pure.
#pragma once

#include "protocol/types/tenant_config.hpp"

#include <string>
#include <vector>

namespace ringdown::api {

// Of a voice channel: that nobody would be called, or another one than whoever is on call. Verification is not looked at,
// nor what regions_of() the channel forbids.
[[nodiscard]] std::vector<std::string> warn_of_the_called(const tenant_config& config);

// That it hears of no critical, though it is there to interrupt; empty when it does.
[[nodiscard]] std::string warn_of_routes(const tenant_config& config, const channel_config& channel);

// Of the tenant: criticals that no channel is told of; empty for none.
[[nodiscard]] std::string warn_of_the_unheard(const tenant_config& config);

} // namespace ringdown::api
