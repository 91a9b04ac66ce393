// The simulated PBXes as values: what each has, in which state it is, which faults lie over it. No I/O, no clock.
#pragma once

#include "bin/ringdown-sim/token.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

struct trunk {
  int id = 0;                              // 3CX: Trunk.Id; ringdown's key of the trunk
  std::string number;                      // "10001"
  std::string name;                        // Gateway.Name
  std::string host;                        // Gateway.Host, the registrar
  std::string type = "Provider";           // Gateway.Type
  std::string registration = "InOutCalls"; // Gateway.RequireRegistrationFor
  std::string direction = "Both";
  bool present = true;
  bool enabled = true;
  bool online = true;
  std::string fail_code;
  std::optional<wall_time> sent;
  std::optional<wall_time> registered;
  std::optional<wall_time> failed;
  wall_time since; // of its state
};

// The word ringdown uses: registered, online, failed_registration, unregistered, disabled or removed.
[[nodiscard]] std::string_view state_of(const trunk& of);
[[nodiscard]] inline bool is_bridge(const trunk& of) { return of.type.starts_with("Bridge"); }

struct sbc {
  std::string name; // 3CX: the key, at most 12 characters
  std::string label;
  bool up = true;
  wall_time since;
};

struct service {
  std::string name;
  std::string label;
  std::string status = "Running"; // 3CX ServiceStatus
  wall_time since;
};

enum class certificate : std::uint8_t { good, expired, wrong_name, other_key, self_signed, untrusted };

enum class fault_kind : std::uint8_t {
  down,   // connections are refused
  silent, // connection attempts are dropped; what is connected is never answered again
  hang,   // the request is read and never answered
  slow,
  reset,
  status,    // an HTTP status instead of the answer
  html,      // 200 text/html
  truncated, // half the body, then the end of the connection
  huge,      // the list with every trunk up, and 60 MB
  deep,      // 200,000 nested arrays inside an item
  bad_json,
  empty, // no items
  field, // one property replaced or dropped
  raw    // a literal body
};

// One fault lying over a PBX or over one endpoint of it. The latest one that matches decides; `field` faults add up.
struct fault {
  std::uint64_t id = 0;
  fault_kind kind = fault_kind::down;
  std::string verb;     // as told, for the journal
  std::string endpoint; // empty: all of them, the token too
  int status = 0;
  std::optional<long> retry_after; // seconds
  duration delay{};
  std::string field;                // "IsOnline", "Gateway.Type"
  std::optional<std::string> value; // literal JSON of `field`; none: dropped
  std::optional<long> item;         // only the n-th item, from 0
  std::string body;
  std::string content_type;
  std::optional<long> left; // answers it still spoils; none: until it is lifted
};

struct event_log_entry {
  long id = 0;
  int event = 0; // 4100: a trunk changed status
  std::string message;
  std::vector<std::string> params;
  wall_time at;
};

struct pbx {
  std::string name; // "pbx07": its id in tenant files and journals
  std::string label;
  std::string tenant;
  std::string customer;
  std::string fqdn;
  std::string address; // 127.1.0.7
  std::string version; // 20.0.<build>...: older builds lack TrunkRegTimes (< 6) and Sbc.Connection (< 8)
  int max_calls = 16;
  int calls = 2;
  wall_time booted;
  std::vector<trunk> trunks;
  std::vector<sbc> sbcs;
  std::vector<service> services;
  std::vector<event_log_entry> events; // the newest `event_limit`
  std::vector<fault> faults;
  certificate shows = certificate::good;
  std::vector<std::size_t> settling_trunks; // down only until the PBX has settled after a restart
  std::vector<std::size_t> settling_sbcs;
  wall_time since; // of the instance's state, up or down
  token_office tokens;
  std::uint64_t revision = 1; // rises with every change a body shows
};

inline constexpr std::size_t event_limit = 200;

// Whether connections are accepted at all; `silent` also when the token office has blacklisted us.
enum class door : std::uint8_t { open, closed, silent };
[[nodiscard]] door door_of(const pbx& of);

// What a poller has to make of the instance as a whole: "", "path_down", "app_down", "tls_invalid" or "blocked".
[[nodiscard]] std::string_view outage_of(const pbx& of);

// The fault that spoils this endpoint, the latest first; null when none does. Never a `field` fault.
[[nodiscard]] const fault* find_fault(const pbx& of, std::string_view endpoint);

// 20.0.10.1204 -> 10; 0 when it cannot be told.
[[nodiscard]] int build_of(const pbx& of);

} // namespace ringdown::sim
