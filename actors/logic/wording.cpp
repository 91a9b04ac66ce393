#include "actors/logic/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace ringdown::logic {

namespace {

constexpr std::size_t longest_name = 120;

// PBXes and people name things as they like; a name must not break out of its line.
std::string tidy(std::string_view name) {
  std::string text;
  for (const char c : name) text += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  if (text.size() <= longest_name) return text;
  text.resize(longest_name);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0U) text.pop_back();
  return text;
}

std::string clock_of(wall_time at) { return rfc3339(at).substr(11, 5); }

// The thing itself, where the instance is not the thing.
std::string thing_of(const alert_view& what) {
  if (what.resource.kind == resource_kind::instance || what.resource.kind == resource_kind::calls) return {};
  return tidy(what.label.empty() ? to_text(what.resource) : what.label);
}

std::string which(const alert_view& what) {
  const std::string thing = thing_of(what);
  return thing.empty() ? tidy(what.instance_name) : thing + " at " + tidy(what.instance_name);
}

std::string headline(const alert_view& what) {
  const std::string thing = thing_of(what);
  const std::string where = tidy(what.instance_name);
  const auto phrase = facts(what.type).phrase;
  return thing.empty() ? fmt::format("{} at {}", phrase, where) : fmt::format("{}: {} at {}", phrase, thing, where);
}

std::string_view cause_words(cause why) {
  switch (why) {
    case cause::none: return "";
    case cause::path_down: return "No connection can be made: the host, its network or the path to it is down.";
    case cause::app_down: return "The host answers but 3CX does not, as during an update or a crash.";
    case cause::tls_invalid:
      return "Its TLS certificate cannot be trusted; nothing is sent to that host until it is put right.";
    case cause::blocked: return "It went silent after failed logins: it has probably blacklisted this address.";
    case cause::credentials_rejected: return "The credentials are rejected.";
    case cause::provider_silent: return "The provider does not answer.";
    case cause::role_too_narrow: return "The API client's role or department is too narrow: every read is forbidden.";
    case cause::token_contested: return "Another program keeps taking the API client's single token.";
    case cause::login_paused:
      return "Two logins failed; no further one is tried for a while, because the PBX blacklists an address after "
             "three.";
  }
  return "";
}

std::string since_words(const alert_view& what) {
  if (what.not_before)
    return fmt::format("Began between {} and {} UTC.", clock_of(*what.not_before), clock_of(what.since));
  return fmt::format("Since {} UTC.", clock_of(what.since));
}

std::string condition_words(const alert_view& what) {
  const std::string thing = thing_of(what);
  const std::string where = tidy(what.instance_name);
  switch (what.type) {
    case alert_type::instance_unreachable: return fmt::format("{} cannot be reached.", where);
    case alert_type::instance_auth_failed: return fmt::format("{} answers but does not let ringdown read it.", where);
    case alert_type::instance_degraded:
      return fmt::format("Some parts of {} cannot be read; what cannot be read is not known to be fine.", where);
    case alert_type::trunk_down:
      return what.provider.empty() ? fmt::format("Trunk {} of {} is down.", thing, where)
                                   : fmt::format("Trunk {} ({}) of {} is down.", thing, tidy(what.provider), where);
    case alert_type::all_trunks_down: return fmt::format("Every trunk of {} is down: no calls in or out.", where);
    case alert_type::sbc_offline:
      return fmt::format("SBC {} lost its connection to {}: the branch office behind it is offline.", thing, where);
    case alert_type::bridge_down: return fmt::format("Bridge {} is down, seen from {}.", thing, where);
    case alert_type::sim_calls: return fmt::format("{} is close to its licensed number of simultaneous calls.", where);
    case alert_type::service_down: return fmt::format("Service {} on {} is not running.", thing, where);
  }
  return {};
}

void add(std::string& text, std::string_view sentence) {
  if (sentence.empty()) return;
  if (!text.empty()) text += ' ';
  text += sentence;
}

} // namespace

alert_view view_of(const alert& a, const tenant_config& config) {
  alert_view v;
  v.id = a.id;
  v.episode = a.episode;
  v.version = a.version;
  v.type = a.key.type;
  v.phase = a.phase;
  v.level = a.level;
  v.tenant = a.tenant;
  v.tenant_name = config.name;
  v.instance = a.key.instance;
  v.instance_name = a.key.instance.str();
  if (const auto* instance = config.find(a.key.instance)) {
    v.instance_name = instance->name;
    v.customer = instance->customer;
    if (const auto* customer = config.find(instance->customer)) v.customer_name = customer->name;
  }
  v.resource = a.key.resource;
  v.label = a.label;
  v.provider = a.provider;
  v.why = a.why;
  v.detail = a.detail;
  v.since = a.since;
  v.not_before = a.not_before;
  v.resolved = a.resolved;
  v.flapping = a.flapping;
  if (a.ack) v.acknowledged_by = a.ack->by;
  return v;
}

std::string short_name(const alert& a) {
  const bool whole = a.key.resource.kind == resource_kind::instance || a.key.resource.kind == resource_kind::calls;
  if (whole) return std::string(facts(a.key.type).phrase);
  return tidy(a.label.empty() ? to_text(a.key.resource) : a.label);
}

std::string title_of(notice_event event, const alert_view& what) {
  std::string head = headline(what);
  switch (event) {
    case notice_event::fired: return what.flapping ? "Flapping: " + head : head;
    case notice_event::escalated: return "Escalated: " + head;
    case notice_event::acknowledged: return "Acknowledged: " + head;
    case notice_event::resolved: return "Resolved: " + head;
    case notice_event::updated: return "Updated: " + head;
    case notice_event::reminder: return "Still failing: " + head;
    case notice_event::summary:
    case notice_event::test: return head;
  }
  return head;
}

std::string removed_text(const alert_view& what) {
  return fmt::format("{} is no longer configured at the PBX; its alert is closed.", which(what));
}

std::string window_words(wall_time from, wall_time to) {
  return fmt::format("between {} and {} UTC", clock_of(from), clock_of(to));
}

std::string text_of(notice_event event, const alert_view& what, const std::string& remark) {
  std::string text;
  if (event == notice_event::resolved) {
    const duration lasted = std::max(what.resolved.value_or(what.since) - what.since, duration{});
    if (what.type == alert_type::instance_unreachable)
      text = fmt::format("{} is back after {}.", which(what), words_for(lasted));
    else
      text = fmt::format("{} is fine again after {}.", which(what), words_for(lasted));
    add(text, remark);
    return text;
  }
  text = condition_words(what);
  if (what.flapping) add(text, "It changes back and forth; nothing more is sent until it is quiet for a while.");
  add(text, cause_words(what.why));
  if (!what.detail.empty()) add(text, fmt::format("Detail: {}.", tidy(what.detail)));
  add(text, since_words(what));
  if (event == notice_event::acknowledged && !what.acknowledged_by.empty())
    add(text, fmt::format("Taken by {}.", tidy(what.acknowledged_by)));
  add(text, remark);
  return text;
}

std::string summary_title(const std::vector<alert_view>& what) {
  std::set<std::string> places;
  for (const alert_view& one : what) places.insert(tidy(one.instance_name));
  if (places.size() == 1) return fmt::format("{} problems at {}", what.size(), *places.begin());
  return fmt::format("{} problems on {} PBXes", what.size(), places.size());
}

std::string summary_text(const std::vector<alert_view>& what, bool first_sight) {
  constexpr std::size_t named = 12;
  std::string text = first_sight ? "Found when this PBX was first seen:" : "Still failing:";
  for (std::size_t i = 0; i < what.size() && i < named; ++i)
    text += fmt::format("\n- {} ({})", headline(what[i]), since_words(what[i]));
  if (what.size() > named) text += fmt::format("\nand {} more.", what.size() - named);
  return text;
}

} // namespace ringdown::logic
