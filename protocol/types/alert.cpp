#include "protocol/types/alert.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<alert_type_facts, 12> all_types{{
    {alert_type::instance_unreachable, "instance_unreachable", category::infrastructure, severity::critical,
     resource_kind::instance, "PBX unreachable"},
    {alert_type::instance_auth_failed, "instance_auth_failed", category::configurable, severity::warning,
     resource_kind::instance, "PBX refuses our login"},
    {alert_type::instance_degraded, "instance_degraded", category::configurable, severity::info,
     resource_kind::instance, "PBX answers only in part"},
    {alert_type::trunk_down, "trunk_down", category::infrastructure, severity::critical, resource_kind::trunk,
     "Trunk down"},
    {alert_type::all_trunks_down, "all_trunks_down", category::infrastructure, severity::critical,
     resource_kind::instance, "All trunks down"},
    {alert_type::sbc_offline, "sbc_offline", category::infrastructure, severity::critical, resource_kind::sbc,
     "SBC offline"},
    {alert_type::bridge_down, "bridge_down", category::infrastructure, severity::warning, resource_kind::bridge,
     "Bridge down"},
    {alert_type::sim_calls, "sim_calls", category::infrastructure, severity::warning, resource_kind::calls,
     "Simultaneous calls high"},
    {alert_type::service_down, "service_down", category::infrastructure, severity::critical, resource_kind::service,
     "Service down"},
    {alert_type::channel_failing, "channel_failing", category::configurable, severity::warning, resource_kind::channel,
     "Channel failing"},
    {alert_type::provider_outage, "provider_outage", category::infrastructure, severity::critical,
     resource_kind::provider, "Provider outage"},
    {alert_type::drill, "drill", category::infrastructure, severity::critical, resource_kind::instance, "Drill"},
}};

constexpr std::array<std::string_view, 3> phase_names{"firing", "acknowledged", "resolved"};

} // namespace

std::span<const alert_type_facts> alert_types() { return all_types; }
const alert_type_facts& facts(alert_type type) { return all_types[static_cast<std::size_t>(type)]; }
std::string_view name(alert_type type) { return facts(type).name; }

std::optional<alert_type> parse_alert_type(std::string_view text) {
  for (const alert_type_facts& one : all_types)
    if (one.name == text) return one.type;
  return std::nullopt;
}

std::string_view name(mask one) {
  switch (one) {
    case mask::parent: return "parent";
    case mask::blind: return "blind";
    case mask::maintenance: return "maintenance";
    case mask::snooze: return "snooze";
    case mask::mute: return "mute";
  }
  return "unknown";
}

std::string_view name(alert_phase phase) { return name_in(phase_names, phase); }
std::optional<alert_phase> parse_alert_phase(std::string_view text) { return parse_in<alert_phase>(phase_names, text); }

bool is_notifiable(const alert& a) { return a.phase == alert_phase::firing && a.masks == 0; }

} // namespace ringdown
