// What ringdownctl ends with (docs/operating.md). 75 and 78 are EX_TEMPFAIL and EX_CONFIG, 70 is EX_SOFTWARE of sysexits.h.
#pragma once

#include "protocol/types/result.hpp"

namespace ringdown::ctl {

inline constexpr int exit_ok = 0;
inline constexpr int exit_negative = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_internal = 70;
inline constexpr int exit_later = 75;
inline constexpr int exit_refused = 78;

// For failures of the store and of the state directory.
[[nodiscard]] int exit_code_of(failure_kind kind);

} // namespace ringdown::ctl
