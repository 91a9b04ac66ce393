// What one poll of one PBX read, endpoint by endpoint: a value or the reason there is none. Made by protocol/wire/pbx,
// judged by actors/logic/instance_machine. Callers' numbers and secrets never enter it (S-P1, D-04).
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

enum class endpoint : std::uint8_t { trunks, sbcs, system_status, services };
inline constexpr std::size_t endpoint_count = 4;
[[nodiscard]] std::string_view name(endpoint of);
[[nodiscard]] constexpr std::uint32_t bit(endpoint of) { return 1U << static_cast<unsigned>(of); }

enum class read_problem : std::uint8_t {
  not_asked,    // skipped because an earlier answer of this poll made it pointless
  transport,    // no HTTP answer; see `transport`
  unauthorized, // 401, after the one renewal
  forbidden,    // 403
  not_in_build, // 404: a capability, never an outage
  bad_request,  // 400: our query
  throttled,    // 429
  server_error, // 5xx
  not_json,     // HTML or something else, also on 200
  malformed,    // broken or truncated JSON, wrong shape, invalid UTF-8
  too_large,
  too_deep
};
[[nodiscard]] std::string_view name(read_problem problem);

struct read_failure {
  read_problem problem = read_problem::not_asked;
  transport_error transport = transport_error::none;
  int status = 0;
  std::string detail;
  std::optional<duration> retry_after;
};

template <class T>
struct reading {
  std::optional<T> value;
  read_failure why; // meaningful when there is no value
  [[nodiscard]] bool ok() const { return value.has_value(); }
};

struct trunk_reading {
  std::string key;                           // Id
  resource_kind kind = resource_kind::trunk; // trunk or bridge
  bool kind_known = true;                    // false: the PBX did not say which of the two
  std::string label;
  std::string number;
  std::string host; // Gateway.Host
  trunk_direction direction = trunk_direction::unknown;
  resource_state state = resource_state::unknown;
  cause why = cause::none;
  std::string detail; // fail code, raw
  friend bool operator==(const trunk_reading&, const trunk_reading&) = default;
};

struct sbc_reading {
  std::string key;
  std::string label;
  std::optional<bool> connected; // nullopt: the PBX did not say
  friend bool operator==(const sbc_reading&, const sbc_reading&) = default;
};

struct service_reading {
  std::string key;
  std::string label;
  std::optional<bool> running; // nullopt: unknown status word
  std::string status;          // the PBX's word
  friend bool operator==(const service_reading&, const service_reading&) = default;
};

struct system_reading {
  std::string version;
  std::optional<std::int64_t> calls_active;
  std::optional<std::int64_t> max_calls; // 0 or null at the PBX: nullopt
  std::optional<bool> has_stopped_services;
  friend bool operator==(const system_reading&, const system_reading&) = default;
};

// How long the PBX's machine runs, as it said of itself after a contact that failed (S-A5).
struct uptime_reading {
  wall_time measured; // by the PBX's clock
  duration up{};      // at that moment
  friend bool operator==(const uptime_reading&, const uptime_reading&) = default;
};

struct observation {
  moment started;
  moment finished;
  // Set when the token could not be had; then every endpoint is not_asked.
  std::optional<read_failure> login;
  bool login_paused = false; // no login was tried: the budget is spent (D-03)
  // While paused one question without a login is asked instead: why nothing answered it; nullopt: something did.
  std::optional<read_failure> unanswered;
  reading<std::vector<trunk_reading>> trunks;
  reading<std::vector<sbc_reading>> sbcs;
  reading<system_reading> system;
  reading<std::vector<service_reading>> services;
  std::optional<wall_time> certificate_expires;
  std::optional<duration> uptime; // asked, and measured, after a poll that read nothing
};

} // namespace ringdown
