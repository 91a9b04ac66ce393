// What a tenant's decisions leave behind beside alerts and deliveries: reasons, audit, mutes, suppressions.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/types/notice.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <string>

namespace ringdown {

// Why one alert was or was not told to one channel at one moment: the gates passed, and the one that decided.
struct decision {
  alert_id alert;
  std::uint32_t episode = 0;
  std::uint32_t version = 0;
  notice_event event = notice_event::fired;
  channel_id channel; // empty: decided before any channel was looked at
  std::string target;
  reason deciding = reason::none;
  std::string gates;  // "phase=firing mask=none matrix=default floor=pass": in order, the deciding one last
  std::string detail; // words for people; no secrets
  delivery_id made;   // the row that came of it; empty: nothing was made
  wall_time at;
  friend bool operator==(const decision&, const decision&) = default;
};

struct audit_entry {
  std::string actor;   // "system", user id, "token:api", "file"
  std::string action;  // "alert.fired", "alert.acknowledged", "config.applied", ...
  std::string subject; // "al_...", "tenant", "channel/noc-push"
  std::string detail;  // JSON or words; no secrets, no person data beyond ids (S-K8)
  wall_time at;
  friend bool operator==(const audit_entry&, const audit_entry&) = default;
};

enum class mute_scope : std::uint8_t { type, everything };
// A muted type, or everything (kill switch of one tenant); ends by itself (S-A10).
struct mute {
  mute_scope scope = mute_scope::type;
  alert_type type = alert_type::instance_unreachable;
  wall_time until;
  std::string by;
  std::string text;
  friend bool operator==(const mute&, const mute&) = default;
};

// Who is on call by hand (E-03): stands above what the file says until somebody changes it.
struct oncall_pointer {
  std::optional<user_id> user; // none: what the file says
  std::string by;
  wall_time at;
  friend bool operator==(const oncall_pointer&, const oncall_pointer&) = default;
};

// Unclaimed interrupt rows of an alert that must not be sent any more.
struct suppression {
  alert_id alert;
  std::uint32_t up_to_version = 0; // rows of this and older versions of any episode
  reason why = reason::acknowledged;
  friend bool operator==(const suppression&, const suppression&) = default;
};

} // namespace ringdown
