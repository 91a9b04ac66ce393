// What a dialect says against a channel, some of whose secrets only the daemon has. Pure.
#pragma once

#include "protocol/types/tenant_config.hpp"
#include "protocol/wire/dialect.hpp"

#include <optional>
#include <set>
#include <string>

namespace ringdown::api {

// `elsewhere`: secrets that are named and whose values are not here. They count as given, and nothing is said of their form:
// that was judged when they were given, and the daemon judges it again.
[[nodiscard]] std::optional<std::string> fault_of(const wire::dialect& dialect, channel_config channel,
                                                  const std::set<std::string>& elsewhere);

} // namespace ringdown::api
