// What a PBX's answers mean: observation + what was known -> transitions, and when to look again. Pure: one value of state
// per instance, owned by its poller; no clock, no I/O. The rules are PRODUCT D-05..D-09, A-01..A-09 and SEMANTICS S-A2..S-A6.
#pragma once

#include "actors/logic/resource_watch.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/transition.hpp"

#include <array>
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
  std::string_view why; // "confirm", "unreachable", "settle", "recovery": for logs and the API
};

struct machine_verdict {
  poll_news news; // empty() when nothing changed: then nothing is sent (I5)
  std::optional<look_again> again;
  std::string_view why; // the main thing seen, for logs: "unchanged", "confirming", "unreachable 2/4", ...
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

private:
  // One resource: the row as last written, and the watch over it.
  struct tracked {
    resource_record record;
    bool written = false; // the row is in the store, or on its way
    resource_watch watch;
    std::uint16_t missing = 0; // polls in a row that listed others but not it (D-09)
  };
  struct step_context; // one poll being judged

  // What a poll says of the instance as a whole.
  [[nodiscard]] bool judge_contact(step_context& at);
  void on_unusable(step_context& at);
  void on_refused(step_context& at);
  void on_unasked(step_context& at);
  [[nodiscard]] bool throttled_for_long(const step_context& at);
  void on_usable(step_context& at);
  void judge_blindness(step_context& at);
  // A hint (one failed poll, a new version) may come again and again, a told outage is loud by itself.
  enum class restart_sign : std::uint8_t { hint, outage };
  void begin_grace(step_context& at, restart_sign sign);
  [[nodiscard]] resource_state shown_state(const tracked& one) const;
  void finish(step_context& at);

  // What it says of each class of resources.
  void judge_trunks(step_context& at);
  void judge_all_trunks(step_context& at);
  [[nodiscard]] bool can_judge_trunks(const step_context& at) const;
  void judge_sbcs(step_context& at);
  void judge_services(step_context& at);
  void judge_calls(step_context& at);
  void judge_one(step_context& at, tracked& one, resource_record seen, const sight& what, alert_type type);
  void judge_instance(step_context& at, resource_watch& watch, alert_type type, const sight& what,
                      const std::string& detail);
  void retire_missing(step_context& at, resource_kind kind, const std::vector<resource_ref>& listed);
  void emit(step_context& at, const alert_key& key, condition from, condition to, const sight& what, wall_time since,
            const resource_record& record);
  void write_row(step_context& at, tracked& one, resource_record seen);
  void release_trunks(step_context& at);
  void uncover_trunks(step_context& at);
  [[nodiscard]] std::uint32_t vanished_lists(const observation& seen) const;
  [[nodiscard]] bool all_trunks_down(const step_context& at) const;
  [[nodiscard]] tracked& track(const resource_ref& ref);
  [[nodiscard]] bool in_grace(const moment& now) const { return grace_until_ && now.steady < *grace_until_; }
  [[nodiscard]] severity level_of(const resource_record& trunk) const;

  machine_config config_;
  std::string trace_start_;
  std::uint64_t generation_ = 0;
  std::uint64_t sequence_ = 0;
  instance_health health_;
  std::map<resource_ref, tracked> tracked_;
  resource_watch unreachable_; // told or not; its confirmation is the ladder below
  resource_watch auth_;
  resource_watch degraded_;
  resource_watch all_trunks_;
  call_watch calls_;
  std::optional<severity> calls_told_;

  bool first_sight_ = false; // until everything that was down at the first complete poll is told
  bool fresh_ = true;        // no complete contact since this machine began
  std::uint8_t ladder_ = 0;  // failed polls of the present outage
  std::uint8_t usable_ = 0;  // usable polls in a row while unreachable is told
  steady_time first_failed_;
  wall_time first_failed_wall_;
  cause outage_ = cause::none;
  std::optional<steady_time> throttled_since_;
  bool starting_ = false;                // the last poll fell into a grace
  bool last_failure_restarting_ = false; // a failed poll of the present outage looked like the PBX going down itself
  std::optional<wall_time> last_contact_;
  std::optional<steady_time> grace_until_; // S-A5
  std::optional<steady_time> grace_barred_until_;
  std::optional<wall_time> silent_from_; // S-A6: what is found after a silence began between here and now
  std::optional<steady_time> silence_told_until_;
  std::array<std::optional<steady_time>, endpoint_count> blind_since_{};
  std::uint16_t partial_polls_ = 0;
  std::uint8_t settle_left_ = 0;
};

} // namespace ringdown::logic
