#include "actors/logic/routing.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

bool names(const route_config& rule, alert_type type) {
  return std::ranges::find(rule.types, type) != rule.types.end();
}

// An outage speaks for trunks: while no rule names it, it goes where they go, so that it never silences what it folds.
bool stands_for_trunks(const tenant_config& config, const route_config& rule) {
  return std::ranges::none_of(config.routes,
                              [](const route_config& r) { return names(r, alert_type::provider_outage); }) &&
         (names(rule, alert_type::trunk_down) || names(rule, alert_type::all_trunks_down));
}

bool has_class(const tenant_config& config, const std::vector<channel_kind_facts>& kinds, channel_class wanted) {
  return std::ranges::any_of(config.channels, [&](const channel_config& c) {
    const auto* facts = facts_of(kinds, c.kind);
    return facts != nullptr && facts->is == wanted && c.enabled;
  });
}

// S-T3. Email is a backup and voice and SMS are opted into: none of them by default.
bool told_by_default(const tenant_config& config, const std::vector<channel_kind_facts>& kinds, channel_class is,
                     severity level) {
  switch (level) {
    case severity::info: return false;
    case severity::warning:
      if (has_class(config, kinds, channel_class::chat) || has_class(config, kinds, channel_class::ticket))
        return is == channel_class::chat || is == channel_class::ticket;
      return is == channel_class::push || is == channel_class::webhook;
    case severity::critical:
      return is == channel_class::push || is == channel_class::chat || is == channel_class::ticket ||
             is == channel_class::webhook;
  }
  return false;
}

bool lists(const route_config& rule, const channel_config& channel) {
  return std::ranges::any_of(
      rule.channels, [&](const std::string& one) { return one == channel.id.str() || one == "kind:" + channel.kind; });
}

bool is_about_itself(const alert& a, const channel_config& channel) {
  return a.key.type == alert_type::channel_failing && a.key.resource.key == channel.id.str();
}

} // namespace

const channel_kind_facts* facts_of(const std::vector<channel_kind_facts>& kinds, const std::string& kind) {
  const auto at = std::ranges::find(kinds, kind, &channel_kind_facts::kind);
  return at == kinds.end() ? nullptr : &*at;
}

const route_config* rule_for(const tenant_config& config, alert_type type, severity level) {
  const auto at = std::ranges::find_if(config.routes, [&](const route_config& r) {
    const bool type_fits =
        r.types.empty() || names(r, type) || (type == alert_type::provider_outage && stands_for_trunks(config, r));
    return type_fits && (r.levels.empty() || std::ranges::find(r.levels, level) != r.levels.end());
  });
  return at == config.routes.end() ? nullptr : &*at;
}

std::vector<route_verdict> route(const tenant_config& config, const std::vector<channel_kind_facts>& kinds,
                                 alert_type type, severity level) {
  const route_config* rule = rule_for(config, type, level);
  const std::string matrix =
      rule == nullptr ? "matrix=default" : "matrix=rule" + std::to_string(rule - config.routes.data() + 1);
  std::vector<route_verdict> verdicts;
  for (const channel_config& channel : config.channels) {
    const auto* facts = facts_of(kinds, channel.kind);
    if (facts == nullptr) continue;
    route_verdict made{&channel, facts->delivers, reason::none, matrix};
    // Calls go by [voice] and the on-call chain: only there is it known whose number rings.
    const bool calls = facts->is == channel_class::voice;
    const bool wanted =
        !calls && (rule == nullptr ? told_by_default(config, kinds, facts->is, level) : lists(*rule, channel));
    if (!wanted) {
      made.deciding = reason::not_routed;
      made.gates += ":no";
    } else if (level < channel.floor) {
      made.deciding = reason::below_floor;
      made.gates += ":yes floor=" + std::string(name(channel.floor));
    } else if (!channel.enabled) {
      made.deciding = reason::channel_disabled;
      made.gates += ":yes floor=pass enabled=no";
    } else {
      made.gates += ":yes floor=pass enabled=yes";
    }
    verdicts.push_back(std::move(made));
  }
  return verdicts;
}

std::vector<route_verdict> route(const tenant_config& config, const std::vector<channel_kind_facts>& kinds,
                                 const alert& about) {
  auto verdicts = route(config, kinds, about.key.type, about.level);
  bool itself = false;
  for (route_verdict& one : verdicts) {
    if (!one.told() || !is_about_itself(about, *one.channel)) continue;
    itself = true;
    one.deciding = reason::not_routed;
    one.gates += " itself=yes";
  }
  if (!itself || std::ranges::any_of(verdicts, &route_verdict::told)) return verdicts;
  for (route_verdict& one : verdicts) {
    const auto* facts = facts_of(kinds, one.channel->kind);
    if (is_about_itself(about, *one.channel) || !one.channel->enabled || one.delivers != delivery_kind::interrupt ||
        facts == nullptr || facts->is == channel_class::voice)
      continue;
    one.deciding = reason::none;
    one.gates += " only=itself";
  }
  return verdicts;
}

} // namespace ringdown::logic
