// An alert is one condition of one resource; the rules of its life are SEMANTICS "Alert".
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/ladder.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/severity.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

enum class alert_type : std::uint8_t {
  instance_unreachable,
  instance_auth_failed,
  instance_degraded,
  trunk_down,
  all_trunks_down,
  sbc_offline,
  bridge_down,
  sim_calls,
  service_down,
  channel_failing,
  provider_outage,
  drill                 // an exercise that somebody asked for: a critical down the real path
};

struct alert_type_facts {
  alert_type type;
  std::string_view name; // as written in configuration, API, webhook
  category belongs_to;
  severity usual; // default; trunk_down by role, sim_calls by threshold
  resource_kind about;
  std::string_view phrase; // "Trunk down"
};
// Every type, in the order of the enum.
[[nodiscard]] std::span<const alert_type_facts> alert_types();
[[nodiscard]] const alert_type_facts& facts(alert_type type);
[[nodiscard]] std::string_view name(alert_type type);
[[nodiscard]] std::optional<alert_type> parse_alert_type(std::string_view text);

// What keeps an alert quiet is a set, never a state (S-A1).
enum class mask : std::uint8_t { parent = 1, blind = 2, maintenance = 4, snooze = 8, mute = 16 };
using mask_set = std::uint8_t;
[[nodiscard]] constexpr bool has(mask_set set, mask one) { return (set & static_cast<mask_set>(one)) != 0; }
[[nodiscard]] constexpr mask_set with(mask_set set, mask one) {
  return static_cast<mask_set>(set | static_cast<mask_set>(one));
}
[[nodiscard]] constexpr mask_set without(mask_set set, mask one) {
  return static_cast<mask_set>(set & ~static_cast<mask_set>(one));
}
[[nodiscard]] std::string_view name(mask one);

enum class alert_phase : std::uint8_t { firing, acknowledged, resolved };
[[nodiscard]] std::string_view name(alert_phase phase);
[[nodiscard]] std::optional<alert_phase> parse_alert_phase(std::string_view text);

struct acknowledgement {
  std::string by;  // user id, or "channel:<id>" / "token:<name>" where no person is known
  std::string via; // "link", "api", "cli"; "provider_outage": of the alert it was folded into (S-C4)
  wall_time at;
  std::uint32_t episode = 0;
  friend bool operator==(const acknowledgement&, const acknowledgement&) = default;
};

// What followed when a channel did not take a critical in time (S-T6): each once.
enum class loudness : std::uint8_t {
  none,
  next_told, // that person's next channel
  failing    // and the channel is called failing
};

// One target that has been told, or is being told, of this episode (S-A12).
struct told_target {
  channel_id channel;
  std::string target;
  delivery_id fire;                // the latest row that told it of the fire or a rise
  severity level = severity::info; // the highest told
  wall_time at{};                  // when that row was made
  bool accepted = false;           // its channel took it, or may have
  loudness loud = loudness::none;  // what was done because it did not
  friend bool operator==(const told_target&, const told_target&) = default;
};

struct alert_key {
  instance_id instance; // empty: of the tenant itself (a provider, a channel)
  alert_type type = alert_type::instance_unreachable;
  resource_ref resource;
  friend bool operator==(const alert_key&, const alert_key&) = default;
  friend auto operator<=>(const alert_key&, const alert_key&) = default;
};

struct alert {
  alert_id id; // constant for (tenant, key) and group of episodes begun by the same fire
  tenant_id tenant;
  alert_key key;
  std::string label;    // display name of the resource
  std::string provider; // trunks: registrar host
  alert_phase phase = alert_phase::firing;
  severity level = severity::info;
  std::optional<severity> told; // S-A3 high-water mark of this episode
  std::uint32_t episode = 1;
  std::uint32_t version = 1; // rises with each fire and each rise
  cause why = cause::none;
  std::string detail;
  wall_time opened;                    // this episode's first fire as we saw it
  wall_time since;                     // when the condition began, as far as known
  std::optional<wall_time> not_before; // S-A6: it began between not_before and since
  std::optional<wall_time> resolved;
  bool removed = false;                  // closed because the resource is gone (D-09)
  std::optional<wall_time> unseen_since; // S-A2: resource Unknown since; the alert stays open
  mask_set masks = 0;
  std::optional<wall_time> snoozed_until;
  std::optional<alert_id> parent; // what masks it, or the alert it was folded into
  bool settling = false;          // last mask lifted; told after two complete polls (S-A1)
  bool first_sight = false;       // S-A14: told in a summary, never a call
  bool flapping = false;
  bool drill = false;
  bool backed_up = false;                 // S-T3: nobody had accepted it, the backups were told
  condition current = condition::failing; // what the resource does now; differs from phase while flapping
  std::vector<wall_time> changes;         // of the last flap window, newest last, at most 16
  std::optional<acknowledgement> ack;
  std::optional<wall_time> reminded; // last reminder of an acknowledged critical (S-A9)
  std::vector<told_target> targets;
  std::optional<call_ladder> ladder;          // S-T4; none: no calls are due
  std::optional<escalation_state> escalation; // S-T7
  std::string trace;                          // of the transition that opened the episode
  friend bool operator==(const alert&, const alert&) = default;
};

// Of the tenant as a whole: no PBX is polled to learn how it goes on.
[[nodiscard]] inline bool is_of_tenant(const alert_key& key) { return key.instance.empty(); }

// Firing and unmasked (S-A1).
[[nodiscard]] bool is_notifiable(const alert& a);

} // namespace ringdown
