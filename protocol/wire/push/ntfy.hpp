// Push over ntfy (ntfy.sh or self-hosted): one JSON publish per delivery. The server knows no idempotency key, so an
// outcome may stay unknown; sequence_id (server 2.16 and later, ignored before) makes a repeat replace what is shown.
#pragma once

#include "protocol/wire/dialect.hpp"

namespace ringdown::wire::push {

[[nodiscard]] dialect_description describe_ntfy();
[[nodiscard]] std::optional<std::string> check_ntfy(const channel_config& channel);
[[nodiscard]] dialect_step start_ntfy(const delivery_job& job);
[[nodiscard]] dialect_step resume_ntfy(const delivery_job& job, const conversation& at, const http_outcome& answer);
[[nodiscard]] std::string ntfy_address(const channel_config& channel, const delivery& row);

inline constexpr dialect ntfy{describe_ntfy, check_ntfy, start_ntfy, resume_ntfy, ntfy_address};

} // namespace ringdown::wire::push
