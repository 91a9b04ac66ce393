// The 3CX configuration API of v20 (XAPI, OData) as a poller uses it: four GET requests (and one more after an outage) and
// what their answers say.
// Facts: the official OpenAPI 20.0.10 and reports from live systems; every property may be null. Always $select, so
// that passwords and licence keys, which whole rows carry, never leave the PBX.
//
// A class of resources is read whole or not at all: an item without an identity, an identity met twice, a list that
// goes on elsewhere make the endpoint malformed, so that a partial list never looks complete. A field that cannot be
// read makes its item unknown, never better.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringdown::wire::pbx {

inline constexpr std::size_t most_items = 5000; // of one endpoint; more is too_large
inline constexpr std::size_t most_pages = 64;   // 100 items a page is the server's limit for $top

// Where and how a PBX is asked.
struct pbx_target {
  std::string url;     // https://host[:port], no path
  std::string address; // connect here instead of resolving the host; may be empty
  std::string client_id;
  secret_text secret;
  tls_policy tls;
  duration connect_timeout = std::chrono::seconds(5);
  duration timeout = std::chrono::seconds(10);
};
[[nodiscard]] pbx_target target_of(const instance_config& config, duration connect_timeout, duration timeout);

// Which fields are selected. Builds before 20.0.6 lack Trunk.TrunkRegTimes and before 20.0.8 Sbc.Connection, and
// answer 400 when they are selected: then ask for the older ones.
enum class field_set : std::uint8_t { current, older };

[[nodiscard]] http_request request_for(endpoint what, const pbx_target& target, const secret_text& token,
                                       field_set fields = field_set::current);

// Without a login, and of no endpoint: does anything answer there? What it says is not read.
[[nodiscard]] http_request front_page(const pbx_target& target);
// Why that is no answer of a living web server; nullopt when it is one, whatever it says.
[[nodiscard]] std::optional<read_failure> front_page_failure(const http_outcome& outcome, wall_time now);

// The newest row of SystemTelemetry(), which is sampled every two minutes; builds before 20.0.7 (07/2025) have none.
[[nodiscard]] http_request uptime_request(const pbx_target& target, const secret_text& token);
[[nodiscard]] reading<uptime_reading> read_uptime(const http_outcome& outcome, wall_time now);

// The pages of one answer in the order they came; nearly always one.
using answer_pages = std::span<const std::shared_ptr<const http_outcome>>;

// The request for what follows `pages`; nullopt when the list has ended, or goes on where it is not followed: another
// origin, or beyond most_pages. Then the reading says malformed.
[[nodiscard]] std::optional<http_request> next_page(answer_pages pages, const pbx_target& target,
                                                    const secret_text& token);

// `now` serves the date form of Retry-After. One outcome, or all pages of one answer.
[[nodiscard]] reading<std::vector<trunk_reading>> read_trunks(const http_outcome& outcome, wall_time now);
[[nodiscard]] reading<std::vector<trunk_reading>> read_trunks(answer_pages pages, wall_time now);
[[nodiscard]] reading<std::vector<sbc_reading>> read_sbcs(const http_outcome& outcome, wall_time now);
[[nodiscard]] reading<std::vector<sbc_reading>> read_sbcs(answer_pages pages, wall_time now);
[[nodiscard]] reading<std::vector<service_reading>> read_services(const http_outcome& outcome, wall_time now);
[[nodiscard]] reading<std::vector<service_reading>> read_services(answer_pages pages, wall_time now);
[[nodiscard]] reading<system_reading> read_system(const http_outcome& outcome, wall_time now);

} // namespace ringdown::wire::pbx
