// What must hold of every simulated world, each rule a function over its history. A new rule is a function in one of the
// check_*.cpp and a line in checkers.cpp; it says in one sentence what is wrong, with the ids and the time.
#pragma once

#include "test/simulation/history.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::simulation {

struct violation {
  std::string rule;
  instant at{};
  std::string what;
};

class violations {
public:
  explicit violations(std::string_view rule, std::vector<violation>& into) : rule_(rule), into_(into) {}
  void add(instant at, std::string what) { into_.push_back({std::string(rule_), at, std::move(what)}); }

private:
  std::string_view rule_;
  std::vector<violation>& into_;
};

struct checker {
  std::string_view name; // "I2 one effect"
  void (*check)(const history&, violations&);
};
[[nodiscard]] std::span<const checker> checkers();
[[nodiscard]] std::vector<violation> check_all(const history& of);

// check_rows.cpp
void each_version_has_its_reason(const history& of, violations& found); // I1
void each_row_ends(const history& of, violations& found);               // I1, I9
void rows_say_what_happened(const history& of, violations& found);      // I1
void one_effect_each(const history& of, violations& found);             // I2
void ends_are_ends(const history& of, violations& found);               // C-08, S-D6
void poison_is_set_aside(const history& of, violations& found);         // S-D5
void nothing_is_told_twice(const history& of, violations& found);       // I2
void commands_are_decided_once(const history& of, violations& found);   // S-A9
void acknowledged_by_somebody(const history& of, violations& found);    // S-A9
// check_order.cpp
void a_fire_comes_before_its_end(const history& of, violations& found); // I4
void no_claim_after_an_end(const history& of, violations& found);       // I4, S-A9, S-A15
void nothing_begins_after_an_end(const history& of, violations& found); // I19
void nothing_leaves_unclaimed(const history& of, violations& found);    // I8, S-D1
void no_row_is_carried_twice(const history& of, violations& found);
// check_truth.cpp
void what_fires_was_failing(const history& of, violations& found);
void unknown_is_never_ok(const history& of, violations& found);       // I10
void the_end_is_the_truth(const history& of, violations& found);      // I9, I10
void who_should_know_knows(const history& of, violations& found);     // I1
void equal_polls_write_nothing(const history& of, violations& found); // I5
void every_pbx_is_fresh(const history& of, violations& found);        // I9
// check_actors.cpp
void sound_channels_are_prompt(const history& of, violations& found);  // I6
void restart_budgets_are_obeyed(const history& of, violations& found); // I14
void failures_are_retried_with_patience(const history& of, violations& found);
void waits_end_in_time(const history& of, violations& found); // C-08, however the clock is set
// check_calls.cpp
void one_live_call_per_number(const history& of, violations& found);       // S-T5
void calls_end_with_their_alerts(const history& of, violations& found);    // S-T1
void calls_say_what_is_open(const history& of, violations& found);         // S-T5, V-02
void keys_acknowledge_what_was_read(const history& of, violations& found); // S-T5
void forged_callbacks_are_refused(const history& of, violations& found);   // S-04
// check_configuration.cpp
void only_who_agreed_is_called(const history& of, violations& found);
void only_what_rings_is_called_about(const history& of, violations& found);
void nothing_leaves_over_what_is_off(const history& of, violations& found);
// check_escalation.cpp
void steps_are_taken(const history& of, violations& found); // E-02, S-T7
// check_ladder.cpp
void the_phone_waits(const history& of, violations& found);               // S-T2
void ladders_keep_their_order(const history& of, violations& found);      // S-T4
void ladders_end_with_their_alerts(const history& of, violations& found); // S-T4
// check_tickets.cpp
void one_ticket_per_alert(const history& of, violations& found); // S-D2

} // namespace ringdown::simulation
