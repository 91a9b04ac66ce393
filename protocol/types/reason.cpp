#include "protocol/types/reason.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 47> reason_names{"none",
                                                        "first",
                                                        "again",
                                                        "raised",
                                                        "recovered",
                                                        "mask_lifted",
                                                        "reminder_due",
                                                        "asked",
                                                        "summary",
                                                        "backup",
                                                        "late",
                                                        "escalation_due",
                                                        "handed_over",
                                                        "duplicate",
                                                        "not_routed",
                                                        "below_floor",
                                                        "no_channel",
                                                        "channel_disabled",
                                                        "channel_removed",
                                                        "masked_parent",
                                                        "correlated",
                                                        "masked_blind",
                                                        "masked_maintenance",
                                                        "masked_snooze",
                                                        "masked_mute",
                                                        "kill_switch",
                                                        "acknowledged",
                                                        "resolved_first",
                                                        "snoozed_first",
                                                        "never_told",
                                                        "not_above_told",
                                                        "flapping",
                                                        "superseded",
                                                        "settling",
                                                        "no_consent",
                                                        "not_verified",
                                                        "nobody_callable",
                                                        "budget_spent",
                                                        "type_not_for_voice",
                                                        "number_busy",
                                                        "not_critical",
                                                        "call_due",
                                                        "first_sight",
                                                        "refused",
                                                        "expired",
                                                        "poison",
                                                        "outcome_unknown"};

} // namespace

std::string_view name(reason value) { return name_in(reason_names, value); }
std::optional<reason> parse_reason(std::string_view text) { return parse_in<reason>(reason_names, text); }

} // namespace ringdown
