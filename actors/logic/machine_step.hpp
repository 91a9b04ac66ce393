// Shared by the parts of the instance machine: one poll being judged, and small helpers. Not for others.
#pragma once

#include "actors/logic/contact.hpp"
#include "actors/logic/instance_machine.hpp"
#include "actors/logic/shown_state.hpp"

#include <algorithm>

namespace ringdown::logic {

struct instance_machine::step_context {
  const observation& seen;
  moment now;
  contact met;
  poll_news news;
  std::optional<look_again> again;
  std::optional<steady_time> not_before;
  std::string_view why = "unchanged";

  [[nodiscard]] bool is_blind_to(endpoint which) const { return (met.blind & bit(which)) != 0; }

  void be_blind_to(std::uint32_t endpoints, std::string_view why_blind) {
    if (endpoints == 0) return;
    met.blind |= endpoints;
    met.complete = false;
    if (met.detail.empty()) met.detail = why_blind;
  }

  // The earliest wish wins.
  void look(steady_time at, std::string_view reason, std::optional<endpoint> about = {}) {
    if (!again || at < again->at) again = look_again{at, reason, about};
  }
};

// As the row of one resource would say it: nearly always what the row says already, so nothing of it is a copy.
struct instance_machine::seen_row {
  std::string_view label;
  resource_state state = resource_state::unknown;
  std::string_view provider{};
  std::string_view number{};
  trunk_direction direction = trunk_direction::unknown;
  trunk_role role = trunk_role::primary;
  std::string_view detail{};

  [[nodiscard]] bool is_said_by(const resource_record& row) const {
    return state == row.state && label == row.label && detail == row.detail && provider == row.provider &&
           number == row.number && direction == row.direction && role == row.role;
  }
  [[nodiscard]] resource_record record(const resource_ref& ref, wall_time since) const {
    return {ref,  std::string(label), state, since, std::string(provider), std::string(number), direction,
            role, std::string(detail)};
  }
};

[[nodiscard]] inline alert_key instance_key(const instance_id& instance, alert_type type) {
  return {instance, type, {resource_kind::instance, ""}};
}

[[nodiscard]] inline resource_record instance_row(std::string_view detail) {
  resource_record row;
  row.ref = {resource_kind::instance, ""};
  row.detail = detail;
  return row;
}

// The alert of one resource; calls and the instance itself have others.
[[nodiscard]] constexpr alert_type type_of(resource_kind kind) {
  switch (kind) {
    case resource_kind::trunk: return alert_type::trunk_down;
    case resource_kind::bridge: return alert_type::bridge_down;
    case resource_kind::sbc: return alert_type::sbc_offline;
    case resource_kind::calls: return alert_type::sim_calls;
    case resource_kind::service:
    case resource_kind::instance:
    case resource_kind::channel:
    case resource_kind::provider: break;
  }
  return alert_type::service_down;
}

[[nodiscard]] constexpr endpoint endpoint_of(resource_kind kind) {
  switch (kind) {
    case resource_kind::trunk:
    case resource_kind::bridge: return endpoint::trunks;
    case resource_kind::sbc: return endpoint::sbcs;
    case resource_kind::service: return endpoint::services;
    case resource_kind::calls:
    case resource_kind::instance:
    case resource_kind::channel:
    case resource_kind::provider: break;
  }
  return endpoint::system_status;
}

// Who tells of it: that some service does not run is said by the status of the system.
[[nodiscard]] inline endpoint source_of(const resource_ref& ref) {
  const bool some_service = ref.kind == resource_kind::service && ref.key.empty();
  return some_service ? endpoint::system_status : endpoint_of(ref.kind);
}

// The PBX says for sure that this trunk is a bridge now, or the other way round.
[[nodiscard]] inline bool is_moved(const resource_ref& ref, const observation& seen) {
  if (ref.kind != resource_kind::trunk && ref.kind != resource_kind::bridge) return false;
  return seen.trunks.ok() && std::ranges::any_of(*seen.trunks.value, [&](const trunk_reading& trunk) {
           return trunk.key == ref.key && trunk.kind != ref.kind && trunk.kind_known;
         });
}

} // namespace ringdown::logic
