// What a PBX's answers mean: observation + what was known -> transitions, and when to look again. Pure: one value of state
// per instance, owned by its poller; no clock, no I/O. The rules are PRODUCT D-05..D-09, A-01..A-09 and SEMANTICS S-A2..S-A6.
#pragma once

#include "protocol/types/observation.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/transition.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::logic {

// What the machine must know of the configuration; may be replaced between polls (new thresholds act at the next poll, S-A14).
struct machine_config {
  instance_id instance;
  timing times;
  call_thresholds calls;
  std::vector<trunk_override> trunks;
};
[[nodiscard]] machine_config machine_config_of(const instance_config& instance);

// When the poller should look again, when that is earlier than its regular slot.
struct look_again {
  steady_time at;
  std::string_view why;      // "confirm", "unreachable", "settle", "recovery": for logs and the API
};

struct machine_verdict {
  poll_news news;                          // empty() when nothing changed: then nothing is sent (I5)
  std::optional<look_again> again;
  std::string_view why;                    // the main thing seen, for logs: "unchanged", "confirming", "unreachable 2/4", ...
};
[[nodiscard]] bool is_empty(const poll_news& news);

class instance_machine {
public:
  // `base` is the stored truth; what it calls down and open is not alerted again, what is open and now healthy is resolved.
  // `trace_start` makes trace ids of this life unique.
  instance_machine(const machine_config& config, const baseline& base, std::string trace_start);

  // One poll's result. `now` must not be earlier than in the call before (steady); the wall clock may jump.
  [[nodiscard]] machine_verdict step(const observation& seen, moment now);

  // The tenant wants to know what is current: the verdict of the second complete poll from now on says `settled` (S-A1).
  [[nodiscard]] look_again settle(moment now);

  void configure(const machine_config& config);

  // For /api/v1/instances and tests.
  [[nodiscard]] const instance_health& health() const;
  [[nodiscard]] std::vector<resource_record> resources() const;

  // Implementation state follows; see instance_machine.cpp.
private:
  /* filled in by the implementation */
};

} // namespace ringdown::logic
