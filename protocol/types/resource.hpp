// A resource is one thing whose state is known: of a PBX a trunk, an SBC, a service, the instance itself; of a tenant a
// channel, a carrier.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/severity.hpp"
#include "protocol/types/time.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

enum class resource_kind : std::uint8_t {
  instance, // the PBX as a whole; key ""
  trunk,    // SIP trunk; key = its Id at the PBX
  bridge,   // trunk whose Gateway.Type is Bridge*; key = its Id
  sbc,      // key = its Name
  service,  // key = its Name
  calls,    // simultaneous calls against the licence; key ""
  channel,  // of the tenant; key = its id
  provider  // a carrier, of the tenant; key = that of its provider group
};

struct resource_ref {
  resource_kind kind = resource_kind::instance;
  std::string key;
  friend bool operator==(const resource_ref&, const resource_ref&) = default;
  friend auto operator<=>(const resource_ref&, const resource_ref&) = default;
};

// What people see (PRODUCT D-05 for trunks).
enum class resource_state : std::uint8_t {
  unknown,  // never OK (I10)
  starting, // PBX restarted; not judged yet (S-A5)
  up,       // instance reachable, SBC connected, service running, calls below the threshold
  registered,
  online, // trunk without registration
  failed_registration,
  unregistered,
  down_unspecified, // a build that does not say why
  disabled,         // by its administrator; never alerts
  down,             // SBC offline, service not running, instance unreachable
  high,             // calls above a threshold
  removed           // the PBX no longer lists it
};

// What a judgement says of one alert type of one resource.
enum class condition : std::uint8_t { unknown, ok, failing, removed };

enum class trunk_role : std::uint8_t { primary, secondary, failover };
enum class trunk_direction : std::uint8_t { unknown, none, inbound, outbound, both };

// Why something fails, where the data tells (S-A4, PRODUCT ).
enum class cause : std::uint8_t {
  none,
  path_down,            // no TCP
  app_down,             // 5xx, HTML, hang: typical of an update
  tls_invalid,          // expired, wrong name, untrusted, pin changed
  blocked,              // silence after failed logins: we are probably blacklisted
  credentials_rejected, // registrar (trunk) or PBX (login) refuses our side's credentials
  provider_silent,      // the registrar does not answer
  role_too_narrow,      // 403 everywhere
  token_contested,      // another client keeps taking the single token
  login_paused,         // two failed logins: we stopped before the PBX blacklists us
  no_api                // it answers, and has no token endpoint: another version, edition or site
};

// A row of the stored truth about one resource.
struct resource_record {
  resource_ref ref;
  std::string label; // display name: Gateway.Name, SBC DisplayName, ...
  resource_state state = resource_state::unknown;
  wall_time since;      // when `state` began, as far as known
  std::string provider; // trunk: registrar's host (never used as a name across tenants)
  std::string number;   // trunk: its number at the PBX
  trunk_direction direction = trunk_direction::unknown;
  trunk_role role = trunk_role::primary;
  std::string detail; // fail code, status word, "13 of 16 calls"
  friend bool operator==(const resource_record&, const resource_record&) = default;
};

// A row as the poller, its tenant and what goes between them hold it: one copy in memory, which nobody changes. Any thread.
class shared_record {
public:
  shared_record(resource_record what) // NOLINT(google-explicit-constructor): a row is one wherever it is asked for
      : held_(std::make_shared<const resource_record>(std::move(what))) {}

  [[nodiscard]] const resource_record& operator*() const { return *held_; }
  [[nodiscard]] const resource_record* operator->() const { return held_.get(); }
  operator const resource_record&() const { return *held_; } // NOLINT(google-explicit-constructor): it reads as one

  // This holder has another row from now on: `change` alters a copy.
  template <class Change>
  void amend(Change&& change) {
    resource_record row = *held_;
    std::forward<Change>(change)(row);
    held_ = std::make_shared<const resource_record>(std::move(row));
  }

  friend bool operator==(const shared_record& left, const shared_record& right) {
    return left.held_ == right.held_ || *left == *right;
  }

private:
  std::shared_ptr<const resource_record> held_;
};

// What is known of the instance as a whole; stored when it changes.
enum class reachability : std::uint8_t { unknown, reachable, unreachable };

struct instance_health {
  reachability reach = reachability::unknown;
  cause why = cause::none;
  wall_time since;         // of `reach`
  std::uint32_t blind = 0; // bit per `endpoint` (observation.hpp) that cannot be read now
  std::string version;     // PBX version last seen
  bool starting = false;   // restarted: what fails is not judged yet (S-A5)
  friend bool operator==(const instance_health&, const instance_health&) = default;
};

[[nodiscard]] std::string_view name(resource_kind kind);
[[nodiscard]] std::string_view name(resource_state state);
[[nodiscard]] std::string_view name(condition is);
[[nodiscard]] std::string_view name(trunk_role role);
[[nodiscard]] std::string_view name(trunk_direction direction);
[[nodiscard]] std::string_view name(cause why);
[[nodiscard]] std::string_view name(reachability reach);
[[nodiscard]] std::optional<resource_kind> parse_resource_kind(std::string_view text);
[[nodiscard]] std::optional<resource_state> parse_resource_state(std::string_view text);
[[nodiscard]] std::optional<condition> parse_condition(std::string_view text);
[[nodiscard]] std::optional<trunk_role> parse_trunk_role(std::string_view text);
[[nodiscard]] std::optional<trunk_direction> parse_trunk_direction(std::string_view text);
[[nodiscard]] std::optional<cause> parse_cause(std::string_view text);
[[nodiscard]] std::optional<reachability> parse_reachability(std::string_view text);

// "trunk/61", "instance": how refs are written in logs, the API and keys.
[[nodiscard]] std::string to_text(const resource_ref& ref);
[[nodiscard]] std::optional<resource_ref> parse_resource_ref(std::string_view text);

} // namespace ringdown
