// What a caller named and nobody has: 404, with the name that was probably meant.
#pragma once

#include "actors/api/context.hpp"

#include <optional>

namespace ringdown::api {

[[nodiscard]] server_response no_such_tenant(const context& in, const tenant_id& written);
// `tenant`: whose; none: anybody's.
[[nodiscard]] server_response no_such_channel(const context& in, const std::optional<tenant_id>& tenant,
                                              const channel_id& written);

// Why a list has nothing in it, where that is because of a name that is not configured; nullopt otherwise. What a removed
// tenant or channel left is listed as ever.
[[nodiscard]] std::optional<server_response> unknown_in_empty(const context& in, const std::optional<tenant_id>& tenant,
                                                              const std::optional<channel_id>& channel = {});

} // namespace ringdown::api
