#include "actors/logic/wording.hpp"

#include "actors/logic/dedup.hpp"
#include "actors/logic/failure_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
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

// The thing itself, where the instance is not the thing.
std::string thing_of(const alert_view& what) {
  if (what.resource.kind == resource_kind::instance || what.resource.kind == resource_kind::calls) return {};
  return tidy(what.label.empty() ? to_text(what.resource) : what.label);
}

// "trunk Bandwidth-Primary"; nothing where the instance is the thing.
std::string kind_and_thing(const alert_view& what) {
  switch (what.resource.kind) {
    case resource_kind::trunk: return "trunk " + thing_of(what);
    case resource_kind::sbc: return "SBC " + thing_of(what);
    case resource_kind::bridge: return "bridge " + thing_of(what);
    // Of one that the PBX does not name the label says all.
    case resource_kind::service: return (what.resource.key.empty() ? "" : "service ") + thing_of(what);
    case resource_kind::channel: return "channel " + thing_of(what);
    case resource_kind::instance:
    case resource_kind::calls:
    case resource_kind::provider: return {};
  }
  return {};
}

std::string where_of(const alert_view& what, const reader& who) {
  if (what.resource.kind == resource_kind::provider) return "Provider " + thing_of(what);
  if (what.instance.empty()) return tidy(what.tenant_name);
  std::string place = tidy(what.instance_name);
  const std::string customer = tidy(what.customer_name);
  if (who.config.customers.size() > 1 && !customer.empty() && place.find(customer) == std::string::npos)
    place += " (" + customer + ")";
  return place;
}

// What the instance's part does, in a title and in a list.
std::string failing_words(const alert_view& what) {
  const std::string thing = kind_and_thing(what);
  switch (what.type) {
    case alert_type::instance_unreachable: return "PBX unreachable";
    case alert_type::instance_auth_failed: return "PBX refuses our login";
    case alert_type::instance_degraded: return "PBX readable only in part";
    case alert_type::trunk_down: return thing + " down";
    case alert_type::all_trunks_down: return "all trunks down";
    case alert_type::sbc_offline: return thing + " offline";
    case alert_type::bridge_down: return thing + " down";
    case alert_type::sim_calls: return "calls near the licensed limit";
    case alert_type::service_down: return thing + " not running";
    case alert_type::drill: return "DRILL, nothing is wrong";
    case alert_type::channel_failing: return thing + " failing";
    case alert_type::provider_outage:
      return what.detail.empty() ? "trunks down" : "trunks down at " + tidy(what.detail);
  }
  return {};
}

std::string recovered_words(const alert_view& what) {
  const std::string thing = kind_and_thing(what);
  if (what.detail == switched_off) return (thing.empty() ? "all trunks" : thing) + " switched off";
  switch (what.type) {
    case alert_type::instance_unreachable: return "PBX reachable again";
    case alert_type::instance_auth_failed: return "PBX accepts our login again";
    case alert_type::instance_degraded: return "PBX readable in full again";
    case alert_type::trunk_down: return thing + " up again";
    case alert_type::all_trunks_down: return "not all trunks down any more";
    case alert_type::sbc_offline: return thing + " online again";
    case alert_type::bridge_down: return thing + " up again";
    case alert_type::sim_calls: return "calls below the licensed limit again";
    case alert_type::service_down: return thing + " running again";
    case alert_type::drill: return "the drill is over";
    case alert_type::channel_failing: return thing + " accepts messages again";
    case alert_type::provider_outage: return "outage over";
  }
  return {};
}

std::string state_words(const alert_view& what) {
  return what.flapping ? failing_words(what) + ", flapping" : failing_words(what);
}

// "2 SBCs offline": several alerts of one type, all of whose things are alike.
std::string many_words(alert_type type, std::size_t count, const alert_view& one) {
  if (count == 1) return failing_words(one);
  switch (type) {
    case alert_type::instance_unreachable: return fmt::format("{} PBXes unreachable", count);
    case alert_type::instance_auth_failed: return fmt::format("{} PBXes refuse our login", count);
    case alert_type::instance_degraded: return fmt::format("{} PBXes readable only in part", count);
    case alert_type::trunk_down: return fmt::format("{} trunks down", count);
    case alert_type::all_trunks_down: return fmt::format("all trunks down at {} PBXes", count);
    case alert_type::sbc_offline: return fmt::format("{} SBCs offline", count);
    case alert_type::bridge_down: return fmt::format("{} bridges down", count);
    case alert_type::sim_calls: return fmt::format("calls near the licensed limit at {} PBXes", count);
    case alert_type::service_down: return fmt::format("{} services not running", count);
    case alert_type::drill: return fmt::format("{} drills", count);
    case alert_type::channel_failing: return fmt::format("{} channels failing", count);
    case alert_type::provider_outage: return fmt::format("outages of {} providers", count);
  }
  return {};
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
    case cause::no_api:
      return "There is no token endpoint: it is no 3CX of version 20 with the API in its licence, or another site "
             "answers.";
  }
  return "";
}

// --- times ------------------------------------------------------------------------------------------------------------

struct local_time {
  std::string day; // "2026-10-25"
  std::string clock;
  std::string zone;
};

local_time local(wall_time at, const reader& who) {
  const zone_shift there = shift_at(who.config.clocks, at);
  const std::string text = rfc3339(at + there.ahead);
  return {text.substr(0, 10), text.substr(11, 5), there.abbreviation};
}

std::string day_words(const std::string& day, const std::string& today) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = static_cast<std::size_t>((day[5] - '0') * 10 + day[6] - '1');
  std::string text = fmt::format("{} {}", day.substr(day[8] == '0' ? 9 : 8), months[month]);
  if (day.substr(0, 4) != today.substr(0, 4)) text += " " + day.substr(0, 4);
  return text + " ";
}

std::string since_words(const alert_view& what, const reader& who) {
  return fmt::format("{} {}.", what.not_before ? "Began" : "Since", beginning_words(what, who));
}

// --- details ----------------------------------------------------------------------------------------------------------

// "until 2026-11-26T12:46:56.000000Z" is for logs.
std::string with_local_time(std::string text, const reader& who) {
  const std::size_t last = text.rfind(' ') + 1;
  if (const auto at = parse_rfc3339(std::string_view(text).substr(last)))
    text.replace(last, text.npos, clock_words(*at, who));
  return text;
}

// Ends in one full stop, whatever is written there; empty: nothing is known.
std::string detail_words(const alert_view& what, const reader& who) {
  std::string detail = with_local_time(tidy(what.detail), who);
  detail.erase(detail.find_last_not_of(" .") + 1);
  if (detail.empty()) return {};
  // Of a channel it is a sentence already.
  if (what.type == alert_type::channel_failing) return detail + ".";
  const std::size_t code_ends = std::min(detail.find_first_of(" :"), detail.size());
  const std::string_view words = failure_words(std::string_view(detail).substr(0, code_ends));
  if (words.empty()) return fmt::format("Detail: {}.", detail);
  return fmt::format("{}{}.", words, detail.substr(code_ends));
}

// --- sentences --------------------------------------------------------------------------------------------------------

std::string condition_words(const alert_view& what, const reader& who) {
  const std::string thing = thing_of(what);
  const std::string where = where_of(what, who);
  switch (what.type) {
    case alert_type::instance_unreachable: return fmt::format("{} cannot be reached.", where);
    case alert_type::instance_auth_failed: return fmt::format("{} answers but does not let ringdown read it.", where);
    case alert_type::instance_degraded:
      return fmt::format("Some parts of {} cannot be read; what cannot be read is not known to be fine.", where);
    case alert_type::trunk_down:
      return what.provider.empty() ? fmt::format("Trunk {} of {} is down.", thing, where)
                                   : fmt::format("Trunk {} ({}) of {} is down.", thing, tidy(what.provider), where);
    case alert_type::all_trunks_down: return fmt::format("Every trunk of {} is down: no outside calls.", where);
    case alert_type::sbc_offline:
      return fmt::format("SBC {} lost its connection to {}: the branch office behind it is offline.", thing, where);
    case alert_type::bridge_down: return fmt::format("Bridge {} is down, seen from {}.", thing, where);
    case alert_type::sim_calls: return fmt::format("{} is close to its licensed number of simultaneous calls.", where);
    case alert_type::service_down:
      if (what.resource.key.empty())
        return fmt::format("A service on {} is not running; the PBX does not say which.", where);
      return fmt::format("Service {} on {} is not running.", thing, where);
    case alert_type::drill: return "This is a drill: a critical alert down the real path. Nothing is wrong.";
    case alert_type::channel_failing:
      return fmt::format("Channel {} does not accept what is sent to it: nobody hears of anything over it.", thing);
    case alert_type::provider_outage:
      return fmt::format("Trunks of {} are down{}{}.", thing, what.detail.empty() ? "" : " at ", tidy(what.detail));
  }
  return {};
}

// Only of the thing itself: others of the same PBX may still fail.
std::string recovery_words(const alert_view& what, const reader& who) {
  const std::string thing = thing_of(what);
  const std::string where = where_of(what, who);
  const std::string lasted = words_for(std::max(what.resolved.value_or(what.since) - what.since, duration{}));
  if (what.detail == switched_off)
    return fmt::format("{} at {} was switched off at the PBX, after {}; nothing has come up again.",
                       thing.empty() ? "Every trunk" : thing, where, lasted);
  switch (what.type) {
    case alert_type::instance_unreachable: return fmt::format("{} is back after {}.", where, lasted);
    case alert_type::instance_auth_failed: return fmt::format("{} can be read again after {}.", where, lasted);
    case alert_type::instance_degraded: return fmt::format("{} can be read in full again after {}.", where, lasted);
    case alert_type::trunk_down: return fmt::format("Trunk {} of {} is up again after {}.", thing, where, lasted);
    case alert_type::all_trunks_down:
      return fmt::format("At least one trunk of {} is up again after {}.", where, lasted);
    case alert_type::sbc_offline: return fmt::format("SBC {} is connected to {} again after {}.", thing, where, lasted);
    case alert_type::bridge_down:
      return fmt::format("Bridge {} is up again after {}, seen from {}.", thing, lasted, where);
    case alert_type::sim_calls:
      return fmt::format("{} is below the threshold of simultaneous calls again after {}.", where, lasted);
    case alert_type::service_down:
      return fmt::format("Service {} on {} is running again after {}.", thing, where, lasted);
    case alert_type::drill: return "The drill is over.";
    case alert_type::channel_failing: return fmt::format("Channel {} accepts messages again after {}.", thing, lasted);
    case alert_type::provider_outage: return fmt::format("The outage of {} is over after {}.", thing, lasted);
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
    if (const auto* customer = config.find(instance->customer)) {
      v.customer_name = customer->name;
      v.company = customer->company;
    }
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
  if (a.parent) v.parent = *a.parent;
  return v;
}

std::string person_words(const std::string& by, const tenant_config& config) {
  constexpr std::string_view of_channel = "channel:";
  constexpr std::string_view of_token = "token:";
  if (const auto* user = config.find(user_id(by)); user != nullptr && !user->name.empty()) return tidy(user->name);
  if (by.starts_with(of_token)) return "somebody with the token " + tidy(by.substr(of_token.size()));
  if (!by.starts_with(of_channel)) return tidy(by);
  const channel_id id(by.substr(of_channel.size()));
  const auto* channel = config.find(id);
  return "somebody over " + tidy(channel == nullptr || channel->name.empty() ? id.str() : channel->name);
}

std::string short_name(const alert& a) {
  const bool whole = a.key.resource.kind == resource_kind::instance || a.key.resource.kind == resource_kind::calls;
  if (whole) return std::string(facts(a.key.type).phrase);
  return tidy(a.label.empty() ? to_text(a.key.resource) : a.label);
}

std::string recovery_of(const alert_view& what, const reader& who) {
  return where_of(what, who) + ": " + recovered_words(what);
}

std::string title_of(notice_event event, const alert_view& what, const reader& who) {
  const std::string where = where_of(what, who);
  std::string head = where + ": " + state_words(what);
  switch (event) {
    case notice_event::escalated: return "Escalated: " + head;
    case notice_event::acknowledged: return "Acknowledged: " + head;
    // On a locked phone the end of a long title is cut: that it is over stands first.
    case notice_event::resolved: return "Resolved: " + recovery_of(what, who);
    case notice_event::updated: return "Updated: " + head;
    case notice_event::reminder: return "Still failing: " + head;
    case notice_event::fired:
    case notice_event::summary:
    case notice_event::handed_over:
    case notice_event::test: return head;
  }
  return head;
}

std::string removed_title(const alert_view& what, const reader& who) {
  const std::string thing = kind_and_thing(what);
  return fmt::format("Removed: {}{}", where_of(what, who), thing.empty() ? thing : ": " + thing);
}

std::string removed_text(const alert_view& what, const reader& who) {
  const std::string thing = thing_of(what);
  const std::string where = where_of(what, who);
  return fmt::format("{} is no longer configured at the PBX; its alert is closed.",
                     thing.empty() ? where : thing + " at " + where);
}

std::string clock_words(wall_time at, const reader& who) {
  const local_time then = local(at, who);
  const local_time today = local(who.now, who);
  return fmt::format("{}{} {}", then.day == today.day ? "" : day_words(then.day, today.day), then.clock, then.zone);
}

std::string beginning_words(const alert_view& what, const reader& who) {
  return what.not_before ? window_words(*what.not_before, what.since, who) : clock_words(what.since, who);
}

std::string window_words(wall_time from, wall_time to, const reader& who) {
  const local_time first = local(from, who);
  const local_time last = local(to, who);
  const local_time today = local(who.now, who);
  if (first.day == today.day && last.day == today.day && first.zone == last.zone)
    return fmt::format("between {} and {} {}", first.clock, last.clock, last.zone);
  return fmt::format("between {} and {}", clock_words(from, who), clock_words(to, who));
}

std::string text_of(notice_event event, const alert_view& what, const std::string& remark, const reader& who) {
  if (event == notice_event::resolved) {
    std::string text = recovery_words(what, who);
    add(text, remark);
    return text;
  }
  std::string text = condition_words(what, who);
  if (what.flapping)
    add(text, "It goes up and down and may be up just now; nothing more is sent until it has been quiet for a while.");
  add(text, cause_words(what.why));
  // Of an outage the sentence itself says where.
  if (what.type != alert_type::provider_outage) add(text, detail_words(what, who));
  add(text, since_words(what, who));
  if (event == notice_event::acknowledged && !what.acknowledged_by.empty())
    add(text, fmt::format("Taken by {}.", person_words(what.acknowledged_by, who.config)));
  add(text, remark);
  return text;
}

// Of one that somebody has.
std::string taken_words(const alert_view& what, const reader& who) {
  if (what.phase != alert_phase::acknowledged || what.acknowledged_by.empty()) return "";
  return fmt::format(" Taken by {}.", person_words(what.acknowledged_by, who.config));
}

// "2 SBCs offline, PBX unreachable" of those of PBXes, or of those of the tenant and its providers.
std::string kinds_words(const std::vector<alert_view>& what, bool (*wanted)(const alert_view&)) {
  std::map<alert_type, std::vector<const alert_view*>> kinds;
  for (const alert_view& one : what)
    if (wanted(one)) kinds[one.type].push_back(&one);
  std::string words;
  for (const auto& [type, alike] : kinds)
    words += (words.empty() ? "" : ", ") + many_words(type, alike.size(), *alike.front());
  return words;
}

std::string summary_title(const std::vector<alert_view>& what, const reader& who) {
  const auto at_a_pbx = [](const alert_view& one) { return !one.instance.empty(); };
  const auto at_none = [](const alert_view& one) { return one.instance.empty(); };
  const std::string beside = kinds_words(what, at_none);
  std::set<instance_id> places;
  for (const alert_view& one : what)
    if (at_a_pbx(one)) places.insert(one.instance);
  // A drill and an outage are of no PBX, and are none.
  if (places.empty()) return where_of(what.front(), who) + ": " + beside;
  const alert_view& first = *std::ranges::find_if(what, at_a_pbx);
  const std::string where = places.size() == 1 ? where_of(first, who) : fmt::format("{} PBXes", places.size());
  const std::string title = where + ": " + kinds_words(what, at_a_pbx);
  return beside.empty() ? title : title + "; " + beside;
}

std::string summary_text(const std::vector<alert_view>& what, std::string heading, const reader& who) {
  constexpr std::size_t named = 12;
  std::string text = std::move(heading);
  const bool one_place =
      std::ranges::all_of(what, [&](const alert_view& one) { return one.instance == what.front().instance; });
  for (std::size_t i = 0; i < what.size() && i < named; ++i)
    text += fmt::format("\n- {}{}. {}{}", one_place ? "" : where_of(what[i], who) + ": ", state_words(what[i]),
                        since_words(what[i], who), taken_words(what[i], who));
  if (what.size() > named) text += fmt::format("\nand {} more.", what.size() - named);
  return text;
}

} // namespace ringdown::logic
