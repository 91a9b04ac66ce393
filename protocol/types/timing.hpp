// Every duration and count of SEMANTICS by name, with its default. A daemon file's [timing] overrides them for the node, a
// tenant file's [timing] for the tenant, an instance's `timing` for the instance; the narrowest wins.
#pragma once

#include "protocol/types/time.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ringdown {

struct timing {
  duration poll_interval = std::chrono::seconds(60); // D-01; 5 s - 1 h ([limits] min_poll_interval may lower the floor)
  duration confirm_after = std::chrono::seconds(10); // A-04..A-09: a flip to the worse is re-polled
  duration unreachable_repoll_1 = std::chrono::seconds(5); // S-A4, counted from the first failed poll
  duration unreachable_repoll_2 = std::chrono::seconds(20);
  duration unreachable_repoll_3 = std::chrono::seconds(40);
  duration starting_grace = std::chrono::minutes(5);     // S-A5
  duration blind_after = std::chrono::minutes(15);       // S-A2
  duration login_pause = std::chrono::minutes(30);       // D-03: long back-off after two failed logins
  duration episode_window = std::chrono::minutes(30);    // a re-fire inside continues the episode
  duration flap_window = std::chrono::minutes(30);       // L-02
  duration flap_quiet = std::chrono::minutes(15);        // S-A7
  duration acknowledge_reminder = std::chrono::hours(4); // S-A9
  duration snooze_limit = std::chrono::hours(24);        // S-A10, critical
  duration send_by = std::chrono::seconds(10);           // S-D1
  duration late_after = std::chrono::seconds(30);        // S-T6 (counted and shown)
  duration fire_deadline = std::chrono::hours(6);        // C-08: a delivery of a fire is dead after this
  duration resolve_deadline = std::chrono::hours(24);
  duration retry_base = std::chrono::seconds(2); // first retry; doubles with jitter
  duration retry_cap = std::chrono::minutes(10);
  duration attempt_timeout = std::chrono::seconds(10);     // one provider exchange
  duration provider_window = std::chrono::minutes(6);      // S-C2: failures so close together have one cause
  duration provider_quiet = std::chrono::minutes(5);       // S-C4: fewer than 2 members fail for so long
  duration provider_grace = std::chrono::minutes(15);      // S-C4: the outage's acknowledgement outlives it by this
  duration backup_after = std::chrono::minutes(5);         // S-T3: the backup channels, when nobody accepted it
  duration loud_after = std::chrono::minutes(2);           // S-T6: channel_failing
  duration call_late_after = std::chrono::seconds(60);     // S-T6: a call that does not ring so long after due
  duration call_after_path_down = std::chrono::minutes(3); // S-T2: the phone waits so long, by what failed
  duration call_after_app_down = std::chrono::minutes(6);  // also tls_invalid and blocked
  duration call_after_trunk = std::chrono::minutes(2);     // a single trunk
  duration call_after_outage = std::chrono::seconds(90);   // all trunks, SBC, service
  duration ring_again_after = std::chrono::seconds(90);    // V-04: the same number, once more
  duration ring_round_2 = std::chrono::minutes(10);        // S-T4: rounds of the ladder, from its first call
  duration ring_round_3 = std::chrono::minutes(30);
  duration ring_round_later = std::chrono::hours(1); // and from then on
  duration search_gap = std::chrono::seconds(60);    // S-D2: between the two empty searches before another create
  int confirm_recovery_polls = 2;                    // L-02
  int degraded_polls = 5;
  int removal_polls = 3;                             // D-09
  int flap_changes = 5;                              // L-02
  int threshold_samples = 3;                         // S-A3

  friend bool operator==(const timing&, const timing&) = default;
};

// The names a file may use, in the order of the struct.
struct timing_duration {
  std::string_view name;
  duration timing::*field;
};
struct timing_count {
  std::string_view name;
  int timing::*field;
};
[[nodiscard]] std::span<const timing_duration> timing_durations();
[[nodiscard]] std::span<const timing_count> timing_counts();

// What a file said: only the fields it named.
struct timing_override {
  struct span_value {
    duration timing::*field;
    duration value;
  };
  struct count_value {
    int timing::*field;
    int value;
  };
  std::vector<span_value> spans;
  std::vector<count_value> counts;
  [[nodiscard]] timing applied_to(timing base) const;
};

} // namespace ringdown
