// A notice is what a person or machine is told: the content of a delivery, fixed when the delivery is made and stored with it.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

enum class notice_event : std::uint8_t {
  fired, // opened, or again in the same episode, or risen
  escalated,
  acknowledged,
  resolved,
  updated,     // severity fell, flapping, snoozed: only mirrors and logs
  summary,     // several alerts in one: first sight, masks lifted, instance back
  reminder,    // still acknowledged and still failing
  handed_over, // what is open, to whoever is on call now (S-T7)
  test
};
[[nodiscard]] std::string_view name(notice_event event);
[[nodiscard]] std::optional<notice_event> parse_notice_event(std::string_view text);

// An alert with the names people know it by.
struct alert_view {
  alert_id id;
  std::uint32_t episode = 1;
  std::uint32_t version = 1;
  alert_type type = alert_type::instance_unreachable;
  alert_phase phase = alert_phase::firing;
  severity level = severity::info;
  tenant_id tenant;
  std::string tenant_name;
  customer_id customer;
  std::string customer_name;
  instance_id instance; // empty: an alert of the tenant itself
  std::string instance_name;
  resource_ref resource;
  std::string label;
  std::string provider;
  cause why = cause::none;
  std::string detail;
  wall_time since;
  std::optional<wall_time> not_before;
  std::optional<wall_time> resolved;
  bool flapping = false;
  std::string acknowledged_by;
  alert_id parent;       // what speaks for it; empty: nothing
  std::string company{}; // the customer's number in the PSA: for tickets alone
  friend bool operator==(const alert_view&, const alert_view&) = default;
};

struct notice {
  notice_event event = notice_event::fired;
  severity level = severity::info;
  std::string title; // one line: "Acme HQ: trunk Bandwidth-Primary down"
  std::string text;  // one to a few sentences, plain
  wall_time at;
  // At least one, the lead first; empty only for a test. Of an outage's: then its members, the first to fail first.
  std::vector<alert_view> alerts;
  tenant_id tenant;
  std::string tenant_name;
  std::string acknowledge_path; // "/a/<token>" for this target's person; joined to public_url when sent; empty: none
  bool test = false;            // marked TEST wherever it is shown (C-09)
  // Of the lead, for people: its time as the tenant's clocks show it, and who has it by name. A notice that was stored before
  // there were such has neither.
  std::string since{};    // "13:39 CET", "between 13:42 and 13:48 CET"
  std::string taken_by{}; // "Jo Adler"; empty: nobody has it
  friend bool operator==(const notice&, const notice&) = default;
};

} // namespace ringdown
