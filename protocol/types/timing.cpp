#include "protocol/types/timing.hpp"

#include <array>

namespace ringdown {

namespace {

constexpr std::array<timing_duration, 35> durations{{
    {"poll_interval", &timing::poll_interval},
    {"confirm_after", &timing::confirm_after},
    {"unreachable_repoll_1", &timing::unreachable_repoll_1},
    {"unreachable_repoll_2", &timing::unreachable_repoll_2},
    {"unreachable_repoll_3", &timing::unreachable_repoll_3},
    {"starting_grace", &timing::starting_grace},
    {"blind_after", &timing::blind_after},
    {"login_pause", &timing::login_pause},
    {"episode_window", &timing::episode_window},
    {"flap_window", &timing::flap_window},
    {"flap_quiet", &timing::flap_quiet},
    {"acknowledge_reminder", &timing::acknowledge_reminder},
    {"snooze_limit", &timing::snooze_limit},
    {"send_by", &timing::send_by},
    {"late_after", &timing::late_after},
    {"fire_deadline", &timing::fire_deadline},
    {"resolve_deadline", &timing::resolve_deadline},
    {"retry_base", &timing::retry_base},
    {"retry_cap", &timing::retry_cap},
    {"attempt_timeout", &timing::attempt_timeout},
    {"provider_window", &timing::provider_window},
    {"provider_quiet", &timing::provider_quiet},
    {"provider_grace", &timing::provider_grace},
    {"backup_after", &timing::backup_after},
    {"loud_after", &timing::loud_after},
    {"call_late_after", &timing::call_late_after},
    {"call_after_path_down", &timing::call_after_path_down},
    {"call_after_app_down", &timing::call_after_app_down},
    {"call_after_trunk", &timing::call_after_trunk},
    {"call_after_outage", &timing::call_after_outage},
    {"ring_again_after", &timing::ring_again_after},
    {"ring_round_2", &timing::ring_round_2},
    {"ring_round_3", &timing::ring_round_3},
    {"ring_round_later", &timing::ring_round_later},
    {"search_gap", &timing::search_gap},
}};

constexpr std::array<timing_count, 5> counts_of{{
    {"confirm_recovery_polls", &timing::confirm_recovery_polls},
    {"degraded_polls", &timing::degraded_polls},
    {"removal_polls", &timing::removal_polls},
    {"flap_changes", &timing::flap_changes},
    {"threshold_samples", &timing::threshold_samples},
}};

} // namespace

std::span<const timing_duration> timing_durations() { return durations; }
std::span<const timing_count> timing_counts() { return counts_of; }

timing timing_override::applied_to(timing base) const {
  for (const span_value& one : spans) base.*one.field = one.value;
  for (const count_value& one : counts) base.*one.field = one.value;
  return base;
}

} // namespace ringdown
