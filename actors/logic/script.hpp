// What a call says (V-02): condition and instance, then the thing, one or two plain sentences for each alert; no number of a
// threshold. Pure.
#pragma once

#include "protocol/types/call.hpp"
#include "protocol/types/notice.hpp"
#include "protocol/types/tenant_config.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ringdown::logic {

// "There is a trunk down on instance Acme HQ. The trunk is Bandwidth-Primary."
[[nodiscard]] std::string spoken(const alert_view& what);

// So many alerts are named in one call; nobody listens to more. The key acknowledges these; the others are counted, and ring on.
inline constexpr std::size_t most_named = 20;

// The first `most_named` of them, in the order given, by name; the others are counted.
[[nodiscard]] call_script script_for(const std::vector<alert_view>& what, const tenant_config& config, keypad keys);

// A code read out, twice, digit by digit.
[[nodiscard]] call_script script_for_code(const std::string& code, const tenant_config& config);

// On one line, for a row of the ledger and for who speaks it without fetching it.
[[nodiscard]] std::string joined(const call_script& script);

} // namespace ringdown::logic
