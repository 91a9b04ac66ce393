#include "bin/ringdownctl/reason_words.hpp"

#include "protocol/types/reason.hpp"

#include <fmt/format.h>

namespace ringdown::ctl {

namespace {

std::string_view words_of(reason why) {
  switch (why) {
    case reason::none: return "";
    case reason::first: return "it is new";
    case reason::again: return "it broke again within the same episode";
    case reason::raised: return "it got worse than what was told before";
    case reason::recovered: return "it recovered";
    case reason::mask_lifted: return "what kept it quiet is over, and it still fails";
    case reason::reminder_due: return "it is acknowledged and still fails";
    case reason::asked: return "a person asked for it";
    case reason::summary: return "told together with others in one message";
    case reason::backup: return "nobody had accepted it yet";
    case reason::late: return "the channel before it did not accept it in time";
    case reason::escalation_due: return "nobody had acknowledged it";
    case reason::handed_over: return "a new person is on call";
    case reason::duplicate: return "nothing changed";
    case reason::not_routed: return "the routing does not send this there";
    case reason::below_floor: return "the channel's floor is above this severity";
    case reason::no_channel: return "the tenant has no channel for it";
    case reason::channel_disabled: return "the channel is disabled";
    case reason::channel_removed: return "the channel was removed";
    case reason::masked_parent: return "a wider outage speaks for it";
    case reason::correlated: return "it is part of a provider outage, which speaks for it";
    case reason::masked_blind: return "its PBX cannot be read";
    case reason::masked_maintenance: return "a maintenance window is open";
    case reason::masked_snooze: return "it is snoozed";
    case reason::masked_mute: return "alerts of this type are muted";
    case reason::kill_switch: return "the tenant is silenced";
    case reason::acknowledged: return "it was acknowledged";
    case reason::resolved_first: return "it recovered before this was sent";
    case reason::snoozed_first: return "it was snoozed before this was sent";
    case reason::never_told: return "nobody had been told that it broke";
    case reason::not_above_told: return "this severity was told already";
    case reason::flapping: return "it changes too often, and is told once it is steady";
    case reason::superseded: return "newer news replaced it";
    case reason::settling: return "two more complete polls are awaited";
    case reason::no_consent: return "no consent to calls is recorded for that number";
    case reason::not_verified: return "that number was never verified";
    case reason::nobody_callable: return "nobody can be called";
    case reason::budget_spent: return "the budget for it is spent";
    case reason::type_not_for_voice: return "alerts of this type do not ring";
    case reason::number_busy: return "a call to that number was live";
    case reason::not_critical: return "only critical alerts ring";
    case reason::call_due: return "its call comes later";
    case reason::first_sight: return "what fails when its PBX is first seen never rings";
    case reason::refused: return "the provider refused it for good";
    case reason::expired: return "it was not accepted before its deadline";
    case reason::poison: return "three attempts to handle it crashed";
    case reason::outcome_unknown: return "nobody knows whether it arrived, and it was not repeated";
  }
  return "";
}

} // namespace

std::string reason_words(std::string_view reason_name) {
  const auto known = parse_reason(reason_name);
  const std::string_view words = known ? words_of(*known) : std::string_view();
  return words.empty() || reason_name.empty() ? std::string(reason_name) : fmt::format("{} ({})", words, reason_name);
}

} // namespace ringdown::ctl
