// Tickets in Autotask (Datto, Kaseya), closed loop: opened by a fire, noted on while it lasts, closed by its end. The API
// knows no idempotency key, so our reference is in each ticket's externalID, and a repeat begins with a search for it.
#pragma once

#include "protocol/wire/dialect.hpp"

namespace ringdown::wire::psa {

// autotask_settings.cpp
[[nodiscard]] dialect_description describe_autotask();
[[nodiscard]] std::optional<std::string> check_autotask(const channel_config& channel);
[[nodiscard]] std::string autotask_address(const channel_config& channel, const delivery& row);
[[nodiscard]] std::string autotask_account(const channel_config& channel, const std::string& base_url);
// autotask.cpp
[[nodiscard]] dialect_step start_autotask(const delivery_job& job);
[[nodiscard]] dialect_step resume_autotask(const delivery_job& job, const conversation& at, const http_outcome& answer);
// autotask_discovery.cpp
[[nodiscard]] discovery_step discover_autotask(const discovery_job& job, const conversation& at,
                                               const http_outcome* answer);

inline constexpr dialect autotask{describe_autotask, check_autotask, start_autotask, resume_autotask, autotask_address,
                                  discover_autotask, nullptr,        nullptr,        autotask_account};

} // namespace ringdown::wire::psa
