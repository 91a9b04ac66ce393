#include "actors/logic/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace ringdown::logic {

namespace {

constexpr std::size_t longest_name = 80;

// A name is said as it is written, on one line.
std::string said(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, longest_name))
    text += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U && name.size() > longest_name)
    text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0U) text.pop_back();
  return text;
}

std::string thing_of(const alert_view& what) { return said(what.label.empty() ? what.resource.key : what.label); }

std::string condition_and_thing(std::string_view condition, std::string_view thing, const alert_view& what) {
  const std::string first = fmt::format("There is {} on instance {}.", condition, said(what.instance_name));
  const std::string name = thing_of(what);
  return name.empty() ? first : fmt::format("{} The {} is {}.", first, thing, name);
}

std::string opening_of(const tenant_config& config) {
  return config.voice.opening.empty() ? fmt::format("Ringdown for {}.", said(config.name)) : config.voice.opening;
}

std::string count_words(std::size_t count) {
  return count == 1 ? std::string("There is one critical alert.") : fmt::format("There are {} critical alerts.", count);
}

} // namespace

std::string spoken(const alert_view& what) {
  const std::string instance = said(what.instance_name);
  switch (what.type) {
    case alert_type::instance_unreachable: return fmt::format("Instance {} is unreachable.", instance);
    case alert_type::instance_auth_failed: return fmt::format("Instance {} refuses our login.", instance);
    case alert_type::instance_degraded: return fmt::format("Instance {} can be read only in part.", instance);
    case alert_type::trunk_down: return condition_and_thing("a trunk down", "trunk", what);
    case alert_type::all_trunks_down: return fmt::format("All trunks are down on instance {}.", instance);
    case alert_type::sbc_offline: return condition_and_thing("an SBC offline", "SBC", what);
    case alert_type::bridge_down: return condition_and_thing("a bridge down", "bridge", what);
    case alert_type::sim_calls: return fmt::format("Simultaneous calls are near the limit on instance {}.", instance);
    case alert_type::service_down: return condition_and_thing("a service down", "service", what);
    case alert_type::provider_outage: return fmt::format("There is an outage of provider {}.", thing_of(what));
    case alert_type::drill: return "This is a drill. Nothing is wrong.";
    case alert_type::channel_failing: return fmt::format("The channel {} is failing.", thing_of(what));
  }
  return {};
}

call_script script_for(const std::vector<alert_view>& what, const tenant_config& config, keypad keys) {
  call_script made;
  made.opening = opening_of(config);
  made.keys = keys;
  const auto is_drill = [](const alert_view& one) { return one.type == alert_type::drill; };
  if (config.voice.terse) {
    const bool drill = !what.empty() && std::ranges::all_of(what, is_drill);
    made.sentences.push_back(drill ? spoken(what.front()) : count_words(what.size()));
    return made;
  }
  for (std::size_t i = 0; i < what.size() && i < most_named; ++i) made.sentences.push_back(spoken(what[i]));
  if (what.size() > most_named) made.sentences.push_back(fmt::format("And {} more.", what.size() - most_named));
  return made;
}

call_script script_for_code(const std::string& code, const tenant_config& config) {
  std::string digits;
  for (const char c : code) digits += (digits.empty() ? "" : ", ") + std::string(1, c);
  call_script made;
  made.opening = opening_of(config);
  made.sentences.push_back(fmt::format("Your code is {}.", digits));
  made.sentences.push_back(fmt::format("Once more: {}.", digits));
  return made;
}

std::string joined(const call_script& script) {
  std::string text = script.opening;
  for (const std::string& one : script.sentences) text += (text.empty() ? "" : " ") + one;
  return text;
}

} // namespace ringdown::logic
