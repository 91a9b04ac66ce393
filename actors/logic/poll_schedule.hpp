// When an instance is polled: evenly over the interval, at a phase that depends only on who it is (D-01).
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

namespace ringdown::logic {

// Fraction of the interval, in [0, 1), the same on every node and after every restart.
[[nodiscard]] double phase_of(const tenant_id& tenant, const instance_id& instance);

// The first slot strictly after `now`. Slots lie at k * interval + phase * interval on the steady clock, so a late poll
// does not shift the later ones; phases are cut to a twentieth of the interval, 500 ms at most, so that polls have company.
[[nodiscard]] steady_time next_slot(double phase, duration interval, steady_time now);

} // namespace ringdown::logic
