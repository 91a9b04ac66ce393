// Shared by the parts of the instance machine: one poll being judged, and small helpers. Not for others.
#pragma once

#include "actors/logic/contact.hpp"
#include "actors/logic/instance_machine.hpp"

namespace ringdown::logic {

struct instance_machine::step_context {
  const observation& seen;
  moment now;
  contact met;
  poll_news news;
  std::optional<look_again> again;
  std::string_view why = "unchanged";

  [[nodiscard]] bool is_blind_to(endpoint which) const { return (met.blind & bit(which)) != 0; }

  // The earliest wish wins.
  void look(steady_time at, std::string_view reason) {
    if (!again || at < again->at) again = look_again{at, reason};
  }
};

[[nodiscard]] inline alert_key instance_key(const instance_id& instance, alert_type type) {
  return {instance, type, {resource_kind::instance, ""}};
}

[[nodiscard]] inline resource_record instance_row(const std::string& detail) {
  resource_record row;
  row.ref = {resource_kind::instance, ""};
  row.detail = detail;
  return row;
}

// A trunk, SBC or service that does not do what it should.
[[nodiscard]] constexpr bool is_down(resource_state state) {
  switch (state) {
    case resource_state::failed_registration:
    case resource_state::unregistered:
    case resource_state::down_unspecified:
    case resource_state::down: return true;
    case resource_state::unknown:
    case resource_state::starting:
    case resource_state::up:
    case resource_state::registered:
    case resource_state::online:
    case resource_state::disabled:
    case resource_state::high:
    case resource_state::removed: return false;
  }
  return false;
}

} // namespace ringdown::logic
