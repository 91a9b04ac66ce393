// What keeps an alert quiet (S-A1): a set computed anew from what is true now, never a state of its own. Pure.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/record.hpp"

#include <map>
#include <optional>
#include <vector>

namespace ringdown::logic {

struct mask_verdict {
  mask_set masks = 0;
  std::optional<alert_id> parent; // what speaks for it
};

// `alerts` are the tenant's, `mutes` its mutes; `folded_into` is the peer's bridge alert or the outage it is
// part of, where there is one.
[[nodiscard]] mask_verdict masks_of(const alert& a, const std::map<alert_key, alert>& alerts,
                                    const std::vector<mute>& mutes, const std::optional<alert_id>& folded_into,
                                    wall_time now);

// The reason a masked alert is not told; the outermost mask decides. A mute of everything is the kill switch (S-T8).
[[nodiscard]] reason reason_of(mask_set masks, const std::vector<mute>& mutes, wall_time now);

} // namespace ringdown::logic
