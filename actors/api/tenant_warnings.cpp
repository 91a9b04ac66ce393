#include "actors/api/tenant_warnings.hpp"

#include "actors/api/reach_warnings.hpp"
#include "actors/logic/numbers.hpp"
#include "protocol/wire/dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::size_t most_named = 5;

// "hq, branch and 3 more".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_named); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most_named) text += fmt::format(" and {} more", names.size() - most_named);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& one : words) text += (text.empty() ? "" : ", ") + one;
  return text;
}

// PBXes whose tickets would belong to nobody.
std::vector<std::string> without_company(const tenant_config& config) {
  std::vector<std::string> found;
  for (const instance_config& one : config.instances) {
    const customer_config* owner = config.find(one.customer);
    if (owner == nullptr || owner->company.empty()) found.push_back(one.id.str());
  }
  return found;
}

std::vector<std::string> look_at_tickets(const tenant_config& config, const channel_config& channel) {
  if (!wire::setting(channel, "company").empty()) return {};
  const auto orphans = without_company(config);
  if (!orphans.empty())
    return {
        fmt::format("company: neither the channel has one nor the customer of {}: no ticket is opened for what fails "
                    "there. Give the [[customer]] its company, its number in the PSA, or the channel a company for "
                    "those without",
                    listed(orphans))};
  return {"company: the channel has none: what belongs to no customer (a drill, a failing channel) opens no ticket"};
}

bool anybody_agreed(const tenant_config& config) {
  const bool fallback = !config.voice.fallback.empty() && !config.voice.fallback_consent.empty();
  return fallback || std::ranges::any_of(config.users, [](const user_config& one) {
           return !one.phone.empty() && !one.voice_consent.empty();
         });
}

std::string region_warning(const std::string& whose, const std::string& phone,
                           const std::vector<std::string>& regions) {
  const auto verdict = logic::usable_number(phone, regions);
  if (verdict.fault == logic::number_fault::region_denied && !verdict.region.empty())
    return fmt::format(
        "regions: the channel calls numbers of {} only, and that of {} is one of {}: it is never called "
        "unless {} is added",
        joined(regions), whose, verdict.region, verdict.region);
  if (verdict.fault == logic::number_fault::none) return {};
  return fmt::format("phone: that of {} is no number that could be called", whose);
}

std::vector<std::string> look_at_numbers(const tenant_config& config, const channel_config& channel) {
  const auto regions = logic::regions_of(channel);
  std::vector<std::string> found;
  for (const user_config& one : config.users)
    if (!one.phone.empty() && !one.voice_consent.empty())
      found.push_back(region_warning(one.id.str(), one.phone, regions));
  if (!config.voice.fallback.empty() && !config.voice.fallback_consent.empty())
    found.push_back(region_warning("[voice] fallback", config.voice.fallback, regions));
  std::erase_if(found, [](const std::string& one) { return one.empty(); });
  return found;
}

std::vector<std::string> look_at_calls(const tenant_config& config, const channel_config& channel,
                                       callback_reach reach) {
  std::vector<std::string> found;
  if (config.voice.types.empty()) found.emplace_back("[voice] types: none is named, so nothing rings");
  if (!anybody_agreed(config))
    found.emplace_back(
        "voice_consent: no [[user]] has a phone and a voice_consent, nor [voice] a fallback and a "
        "fallback_consent: nobody may be called");
  else if (!config.voice.types.empty())
    found = warn_of_the_called(config);
  if (reach == callback_reach::missing && config.voice.keys == keypad::on)
    found.emplace_back(
        "[http] public_url of the daemon's file is not set: calls have no keys, so that no call can be "
        "acknowledged on the phone");
  for (std::string& one : look_at_numbers(config, channel)) found.push_back(std::move(one));
  return found;
}

std::string never_rings(const channel_id& first) {
  return fmt::format(
      "kind: of several channels that call, only the first that is enabled does, \"{}\": nothing ever "
      "rings over this one",
      first.str());
}

bool has_field(const wire::dialect_description& description, std::string_view name) {
  return std::ranges::find(description.fields, name, &wire::field_description::name) != description.fields.end();
}

// Calls go by [voice], and mail is a backup.
bool interrupts(const wire::dialect_description& description) {
  return description.rows == delivery_kind::interrupt && description.is != channel_class::voice &&
         description.is != channel_class::email;
}

} // namespace

std::string to_text(const config_warning& warning) {
  return warning.channel.empty() ? warning.text
                                 : fmt::format("channel \"{}\": {}", warning.channel.str(), warning.text);
}

std::vector<config_warning> warnings_of(const tenant_config& config, callback_reach reach) {
  std::vector<config_warning> found;
  const channel_config* calls = nullptr; // the one that does
  const std::string unheard = warn_of_the_unheard(config);
  for (const channel_config& channel : config.channels) {
    const wire::dialect* dialect = wire::find_dialect(channel.kind);
    if (dialect == nullptr || !channel.enabled) continue;
    const auto description = dialect->describe();
    std::vector<std::string> texts;
    if (description.is == channel_class::ticket && has_field(description, "company"))
      texts = look_at_tickets(config, channel);
    if (description.is == channel_class::voice && calls != nullptr) {
      texts = {never_rings(calls->id)};
    } else if (description.is == channel_class::voice) {
      calls = &channel;
      texts = look_at_calls(config, channel, reach);
    }
    if (unheard.empty() && interrupts(description))
      if (std::string text = warn_of_routes(config, channel); !text.empty()) texts.push_back(std::move(text));
    for (std::string& one : texts) found.push_back({channel.id, std::move(one)});
  }
  if (!unheard.empty()) found.push_back({{}, unheard});
  return found;
}

} // namespace ringdown::api
