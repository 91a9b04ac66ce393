// Why something was told or was not: the one enum used by code, store, API, metrics and docs (CONTRACT).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringdown {

enum class reason : std::uint8_t {
  none,
  // told because
  first,  // the alert opened
  again,  // re-fired within the same episode
  raised, // severity above what was told
  recovered,
  mask_lifted,
  reminder_due,
  asked,   // test, renotify or resend by a person
  summary, // folded into one first-sight or grouped notice
  backup,  // nobody accepted it yet (S-T3)
  late,    // its channel did not accept it in time (S-T6)
  escalation_due,
  handed_over, // a new person is on call (S-T7)
  // not told because
  duplicate,   // nothing changed
  not_routed,  // the matrix sends this type and severity nowhere, or not to this channel
  below_floor, // under the channel's floor severity
  no_channel,  // routed to a kind of channel the tenant does not have
  channel_disabled,
  channel_removed,
  masked_parent,
  correlated, // folded into a provider outage (S-C3)
  masked_blind,
  masked_maintenance,
  masked_snooze,
  masked_mute,
  kill_switch,
  acknowledged,
  resolved_first, // resolved before the fire was sent (S-A15)
  snoozed_first,
  never_told,     // nothing to resolve: its fire was not sent
  not_above_told, // severity not above the high-water mark (S-A3)
  flapping,
  superseded, // a newer version of the same mirror, or a stale episode
  settling,   // waiting for two complete polls after a mask lifted
  no_consent, // nobody may ring that number: no consent to calls is recorded
  not_verified,
  nobody_callable,
  budget_spent,
  type_not_for_voice,
  number_busy,  // a call to it is live (S-T5)
  not_critical, // only criticals ring
  call_due,     // it is called about later, unless it ends before
  first_sight,  // it failed already when its PBX was first seen: never called about
  // ended because
  refused,        // permanent answer of the provider
  expired,        // deadline of the delivery passed
  poison,         // three crashes while handling it (S-D5)
  outcome_unknown // S-D6: not resent
};

[[nodiscard]] std::string_view name(reason why);
[[nodiscard]] std::optional<reason> parse_reason(std::string_view text);

} // namespace ringdown
