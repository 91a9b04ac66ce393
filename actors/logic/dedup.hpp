// What a transition does to an alert: the one place where "told again or not" is decided (PRODUCT L-01, L-02; SEMANTICS
// S-A3, S-A7). Pure: the alert as it was, the transition and the time in; the alert as it is now, what changed and why out.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/timing.hpp"
#include "protocol/types/transition.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringdown::logic {

// The detail of a resource that its administrator switched off: its alert ends by that, and nothing has come up again.
inline constexpr std::string_view switched_off = "switched off at the PBX";

enum class alert_change : std::uint8_t {
  none,     // nothing an outsider would see
  opened,   // a new episode
  reopened, // failed again inside the episode window: the same episode, told again
  raised,   // above the highest level told in the episode: told again, the acknowledgement is broken
  lowered,  // fell, or rose to no more than the episode was told at: only mirrors and logs follow
  resolved,
  removed,      // closed because the resource is gone
  unseen,       // its resource became Unknown; it stays open
  flap_started, // told once more as flapping, then quiet
  flapped       // one more change while flapping: recorded only
};

struct dedup_result {
  alert after;
  alert_change change = alert_change::none;
  reason why = reason::duplicate;
};

// `before`: the alert of this key as last known; none: never alerted. `level` is the transition's, after configuration.
// A fire begins with nobody told and no mask; the high-water mark `told` never falls within an episode. `trace` ids, ids and
// masks are the caller's.
[[nodiscard]] dedup_result dedup(const std::optional<alert>& before, const transition& seen, severity level,
                                 const timing& times, wall_time now);

// Ends an open alert: what time and people had added to it goes. Masks are the caller's.
void close(alert& a, wall_time now);

// A flapping alert that was quiet long enough: resolved when it ended up, plain firing and told again when it ended down;
// nothing while its resource is Unknown.
[[nodiscard]] dedup_result end_of_flapping(const alert& before, const timing& times, wall_time now);

} // namespace ringdown::logic
