// How long a call may wait for its turn where others share its provider account (docs/decisions/0025).
#pragma once

#include "protocol/types/time.hpp"

#include <chrono>

namespace ringdown {

// So many calls of other tenants may go first. What was asked of the provider in vain ends long before.
inline constexpr duration longest_call_queue = std::chrono::minutes(10);

} // namespace ringdown
