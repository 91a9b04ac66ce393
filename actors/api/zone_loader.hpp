// The machine's time zones as tables.
#pragma once

#include "protocol/types/zone.hpp"

#include <optional>
#include <string>

namespace ringdown::api {

// An IANA name; nullopt: this machine has no such zone. The table covers the years in which a message can be sent.
[[nodiscard]] std::optional<zone_table> load_zone(const std::string& name);

} // namespace ringdown::api
