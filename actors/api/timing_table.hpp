// The [timing] table of any of our files: every duration and count of the rules by name.
#pragma once

#include "actors/api/toml_reader.hpp"
#include "protocol/types/timing.hpp"

namespace ringdown::api {

[[nodiscard]] timing_override read_timing(const toml::table& table, const std::string& where, fault_list& faults);

} // namespace ringdown::api
