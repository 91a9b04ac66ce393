#include "actors/api/reach_warnings.hpp"

#include "actors/logic/oncall_chain.hpp"
#include "actors/logic/routing.hpp"
#include "protocol/wire/dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ringdown::api {

namespace {

// Why somebody is not called, as the end of "jo has no ..."; empty when they are.
std::string_view lack_of(const std::string& phone, const std::string& consent) {
  if (phone.empty()) return "phone";
  return consent.empty() ? std::string_view("voice_consent") : std::string_view();
}

std::string_view lack_of(const user_config& user) { return lack_of(user.phone, user.voice_consent); }

bool may_be_called(const tenant_config& config, const std::optional<user_id>& who) {
  const user_config* user = who ? config.find(*who) : nullptr;
  return user != nullptr && lack_of(*user).empty();
}

std::optional<std::string> called_by_a_step(const tenant_config& config) {
  for (const escalation_step& step : config.escalation.steps)
    for (const std::string& one : step.notify)
      if (one.starts_with("user:") && may_be_called(config, user_id(one.substr(5)))) return one.substr(5);
  return std::nullopt;
}

// Who is called where the on-call user is not; nullopt for nobody.
std::optional<std::string> called_instead(const tenant_config& config) {
  if (!config.voice.fallback.empty() && !config.voice.fallback_consent.empty()) return "[voice] fallback";
  if (may_be_called(config, config.voice.owner)) return config.voice.owner->str();
  return called_by_a_step(config);
}

// "jo has no phone", "there is none".
std::string state_of(const tenant_config& config, const std::optional<user_id>& who) {
  const user_config* user = who ? config.find(*who) : nullptr;
  return user == nullptr ? "there is none" : fmt::format("{} has no {}", user->id.str(), lack_of(*user));
}

std::string state_of_fallback(const voice_config& voice) {
  return voice.fallback.empty() ? "there is none" : "it has no fallback_consent";
}

std::vector<logic::channel_kind_facts> kinds_of_channels() {
  std::vector<logic::channel_kind_facts> kinds;
  for (const wire::dialect& one : wire::dialects()) {
    const auto described = one.describe();
    kinds.push_back({std::string(described.kind), described.is, described.rows});
  }
  return kinds;
}

bool is_told(const tenant_config& config, const channel_config& channel, alert_type type) {
  const auto verdicts = logic::route(config, kinds_of_channels(), type, severity::critical);
  const auto at = std::ranges::find(verdicts, &channel, &logic::route_verdict::channel);
  return at != verdicts.end() && at->told();
}

// A step of the escalation tells it, or whoever it belongs to: on call may be anybody.
bool is_told_by_a_step(const tenant_config& config, const channel_config& channel) {
  const auto names = [&](const std::string& one) {
    if (one == "oncall") return channel.user.has_value();
    return one == "channel:" + channel.id.str() || (channel.user && one == "user:" + channel.user->str());
  };
  return std::ranges::any_of(config.escalation.steps,
                             [&](const escalation_step& step) { return std::ranges::any_of(step.notify, names); });
}

bool has_enabled(const tenant_config& config, const std::vector<logic::channel_kind_facts>& kinds,
                 channel_class wanted) {
  return std::ranges::any_of(config.channels, [&](const channel_config& one) {
    const auto* facts = logic::facts_of(kinds, one.kind);
    return one.enabled && facts != nullptr && facts->is == wanted;
  });
}

bool is_critical(const tenant_config& config, const alert_type_facts& type) {
  const auto set = config.severities.find(std::string(type.name));
  return (set == config.severities.end() ? type.usual : set->second) == severity::critical;
}

bool rings(const tenant_config& config, alert_type type) {
  alert what;
  what.key.type = type;
  what.level = severity::critical;
  return logic::is_for_calls(what, config);
}

enum class hearing { somebody, nobody, nobody_on_purpose };

hearing hearing_of(const tenant_config& config, const std::vector<logic::channel_kind_facts>& kinds, alert_type type) {
  if (rings(config, type) && has_enabled(config, kinds, channel_class::voice)) return hearing::somebody;
  if (std::ranges::any_of(logic::route(config, kinds, type, severity::critical), &logic::route_verdict::told))
    return hearing::somebody;
  const route_config* rule = logic::rule_for(config, type, severity::critical);
  return rule != nullptr && rule->channels.empty() ? hearing::nobody_on_purpose : hearing::nobody;
}

} // namespace

std::vector<std::string> warn_of_the_called(const tenant_config& config) {
  const auto& oncall = config.oncall.user;
  if (may_be_called(config, oncall)) return {};
  const auto instead = called_instead(config);
  if (instead && oncall) return {fmt::format("on call: {}: {} is called instead", state_of(config, oncall), *instead)};
  if (instead) return {};
  return {
      fmt::format("nobody would be called: of the [oncall] user, the [voice] fallback and its owner nobody can be "
                  "({}; {}; {})",
                  state_of(config, oncall), state_of_fallback(config.voice), state_of(config, config.voice.owner))};
}

std::string warn_of_routes(const tenant_config& config, const channel_config& channel) {
  if (config.routes.empty() || is_told_by_a_step(config, channel)) return {};
  for (const alert_type_facts& one : alert_types())
    if (is_told(config, channel, one.type)) return {};
  return "[[routing.rule]]: it hears of no critical: no rule that fits one names it";
}

std::string warn_of_the_unheard(const tenant_config& config) {
  const auto kinds = kinds_of_channels();
  // A mail comes later, as the backup; a step of the escalation as well.
  const bool later = has_enabled(config, kinds, channel_class::email) || !config.escalation.steps.empty();
  if (config.instances.empty() || later) return {};
  std::string unheard;
  bool any_heard = false;
  for (const alert_type_facts& one : alert_types()) {
    if (one.type == alert_type::drill || !is_critical(config, one)) continue;
    const hearing how = hearing_of(config, kinds, one.type);
    any_heard = any_heard || how == hearing::somebody;
    if (how == hearing::nobody) unheard += fmt::format("{}{}", unheard.empty() ? "" : ", ", one.name);
  }
  if (!any_heard) return "a critical reaches no channel: nobody would hear of an outage";
  if (unheard.empty()) return {};
  return fmt::format(
      "[[routing.rule]]: a critical of {} reaches no channel: what the rule names for it is not there to "
      "be told, or not enabled",
      unheard);
}

} // namespace ringdown::api
