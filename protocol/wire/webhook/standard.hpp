// Signed webhooks by Standard Webhooks 1.0.0: webhook-id is the delivery's id, so a receiver knows a repeat. Body and
// key are the same for every attempt; timestamp and signature are made anew.
#pragma once

#include "protocol/types/secret_text.hpp"
#include "protocol/types/time.hpp"
#include "protocol/wire/dialect.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ringdown::wire::webhook {

[[nodiscard]] dialect_description describe_standard();
[[nodiscard]] std::optional<std::string> check_standard(const channel_config& channel);
[[nodiscard]] dialect_step start_standard(const delivery_job& job);
[[nodiscard]] dialect_step resume_standard(const delivery_job& job, const conversation& at, const http_outcome& answer);
[[nodiscard]] std::string standard_address(const channel_config& channel, const delivery& row);

inline constexpr dialect standard{describe_standard, check_standard, start_standard, resume_standard, standard_address};

// The key in "whsec_" + base64, 24 to 64 bytes; nullopt when it is not of that form.
[[nodiscard]] std::optional<std::string> signing_key(const secret_text& secret);

// The value of webhook-signature: one "v1,<base64>" per key, parted by spaces. Keys are raw bytes.
[[nodiscard]] std::string signature(std::span<const std::string> keys, std::string_view id, wall_time at,
                                    std::string_view body);

} // namespace ringdown::wire::webhook
