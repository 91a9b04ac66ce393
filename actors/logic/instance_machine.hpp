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
#include <string_view>
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
  std::string_view why;            // "confirm", "unreachable", "settle", "recovery": for logs and the API
  std::optional<endpoint> about{}; // whose answer it waits for
};

struct machine_verdict {
  poll_news news; // empty() when nothing changed: then nothing is sent (I5)
  std::optional<look_again> again;
  std::optional<steady_time> not_before; // the PBX asked to be left alone until then
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

private:
  // One resource: the row as last written, and the watch over it.
  struct tracked {
    shared_record record;
    bool written = false; // the row is in the store, or on its way
    resource_watch watch{};
    std::uint16_t missing = 0;                  // polls in a row that listed others but not it (D-09)
    condition now = condition::unknown;         // what the present poll says of it
    bool listed = false;                        // by the present poll
    std::optional<steady_time> unknown_since{}; // listed, and not readable since
  };
  struct step_context; // one poll being judged
  struct seen_row;     // what it says of one resource

  // A resource as a PBX names it: sought without a copy of its key.
  struct named {
    resource_kind kind;
    std::string_view key;
  };
  struct by_kind_and_key {
    using is_transparent = void;
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return left.kind != right.kind ? left.kind < right.kind : left.key < right.key;
    }
  };
  using tracked_map = std::map<resource_ref, tracked, by_kind_and_key>;

  [[nodiscard]] machine_verdict judge(const observation& seen, moment now);
  [[nodiscard]] observation placed(const observation& seen) const;

  // What a poll says of the instance as a whole.
  [[nodiscard]] bool judge_contact(step_context& at);
  void on_unusable(step_context& at);
  void on_refused(step_context& at);
  void on_unasked(step_context& at);
  [[nodiscard]] bool throttled_for_long(const step_context& at);
  void on_usable(step_context& at);
  void on_contact_again(step_context& at);
  [[nodiscard]] std::optional<bool> was_restarted(const step_context& at) const;
  void judge_restart(step_context& at, bool blip_of_restart);
  // A hint (one failed poll, a new version) may come again and again, a told outage is loud by itself.
  enum class restart_sign : std::uint8_t { hint, outage };
  void begin_grace(step_context& at, restart_sign sign);
  void begin_silence();
  void end_silence(step_context& at);
  void finish(step_context& at);

  // What it does not say (S-A2, D-06, D-07).
  void note_blindness(step_context& at);
  void judge_blindness(step_context& at);
  void judge_unseen(step_context& at);
  // Of one that is told.
  void judge_unseen(step_context& at, resource_watch& watch, const alert_key& key, condition now,
                    const resource_record& record);
  [[nodiscard]] bool has_rows(resource_kind kind, const observation& seen) const;
  [[nodiscard]] std::uint32_t vanished_lists(const observation& seen) const;
  [[nodiscard]] std::uint32_t lost_endpoints(const observation& seen) const;
  [[nodiscard]] std::uint32_t long_unknown(step_context& at) const;
  [[nodiscard]] bool is_out_of_sight(endpoint source) const;

  // What it says of each class of resources.
  void judge_trunks(step_context& at);
  void judge_all_trunks(step_context& at);
  [[nodiscard]] bool can_judge_trunks(const step_context& at) const;
  void judge_sbcs(step_context& at);
  void judge_services(step_context& at);
  void judge_some_service(step_context& at);
  void judge_calls(step_context& at);
  void judge_one(step_context& at, tracked& one, const seen_row& seen, const sight& what, alert_type type);
  void judge_instance(step_context& at, resource_watch& watch, alert_type type, const sight& what,
                      std::string_view detail);
  void forget_missing(const observation& seen);
  void retire_missing(step_context& at, resource_kind kind);
  void emit(step_context& at, const alert_key& key, condition from, condition to, const sight& what, wall_time since,
            const resource_record& record);
  static void write_row(step_context& at, tracked& one, const seen_row& seen, wall_time since);
  void release_trunks(step_context& at);
  void uncover_trunks(step_context& at);
  [[nodiscard]] bool all_trunks_down(const step_context& at) const;
  [[nodiscard]] bool misses_trunks(const step_context& at) const;
  [[nodiscard]] tracked& track(const named& wanted);
  [[nodiscard]] bool in_grace(const moment& now) const { return grace_until_ && now.steady < *grace_until_; }
  [[nodiscard]] static severity level_of(trunk_role role);

  machine_config config_;
  std::string trace_start_;
  std::uint64_t generation_ = 0;
  std::uint64_t sequence_ = 0;
  instance_health health_;
  tracked_map tracked_;
  resource_watch unreachable_; // told or not; its confirmation is the ladder below
  resource_watch auth_;
  resource_watch degraded_;
  resource_watch all_trunks_;
  call_watch calls_;
  std::optional<severity> calls_told_;
  bool calls_unseen_ = false;
  condition all_trunks_now_ = condition::unknown; // what the present poll says of them together

  bool first_sight_ = false; // until everything that was down at the first complete poll is told
  bool fresh_ = true;        // no complete contact since this machine began
  std::uint8_t ladder_ = 0;  // failed polls of the present outage
  std::uint8_t usable_ = 0;  // usable polls in a row while unreachable is told
  cause outage_ = cause::none;
  bool last_failure_restarting_ = false; // a failed poll of the present outage looked like the PBX going down itself
  bool grace_on_hint_ = false;           // of a failed poll alone: the PBX's own uptime may end it
  std::uint8_t silent_polls_ = 0;        // judged polls for which the silence below still lasts
  std::uint8_t settle_left_ = 0;
  std::uint16_t partial_polls_ = 0;
  steady_time first_failed_;
  wall_time first_failed_wall_;
  std::optional<steady_time> throttled_since_;
  std::optional<moment> last_contact_;
  std::optional<steady_time> contact_before_; // the last before the latest failure
  std::optional<steady_time> grace_until_;    // S-A5
  std::optional<steady_time> grace_barred_until_;
  std::optional<wall_time> silent_from_; // S-A6: what is found after a silence began between here and now
  std::array<std::optional<steady_time>, endpoint_count> blind_since_{};
};

} // namespace ringdown::logic
