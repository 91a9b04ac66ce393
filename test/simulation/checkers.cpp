#include "test/simulation/checkers.hpp"

#include <array>

namespace ringdown::simulation {

namespace {

constexpr std::array all{
    checker{"I1 each version has its reason", each_version_has_its_reason},
    checker{"I1 each row ends", each_row_ends},
    checker{"I1 rows say what happened", rows_say_what_happened},
    checker{"I1 who should know knows", who_should_know_knows},
    checker{"I2 one effect each", one_effect_each},
    checker{"I2 nothing is told twice", nothing_is_told_twice},
    checker{"I4 a fire comes before its end", a_fire_comes_before_its_end},
    checker{"I4 no claim after an end", no_claim_after_an_end},
    checker{"I5 equal polls write nothing", equal_polls_write_nothing},
    checker{"I6 sound channels are prompt", sound_channels_are_prompt},
    checker{"I8 nothing leaves unclaimed", nothing_leaves_unclaimed},
    checker{"I8 no row is carried twice", no_row_is_carried_twice},
    checker{"I9 every PBX is fresh", every_pbx_is_fresh},
    checker{"I9 the end is the truth", the_end_is_the_truth},
    checker{"I10 what fires was failing", what_fires_was_failing},
    checker{"I10 unknown is never OK", unknown_is_never_ok},
    checker{"I14 restart budgets are obeyed", restart_budgets_are_obeyed},
    checker{"I19 nothing begins after an end", nothing_begins_after_an_end},
    checker{"S-T1 calls end with their alerts", calls_end_with_their_alerts},
    checker{"S-T2 the phone waits", the_phone_waits},
    checker{"S-T4 ladders keep their order", ladders_keep_their_order},
    checker{"S-T4 ladders end with their alerts", ladders_end_with_their_alerts},
    checker{"S-T5 one live call per number", one_live_call_per_number},
    checker{"S-T5 calls say what is open", calls_say_what_is_open},
    checker{"S-T5 keys acknowledge what was read", keys_acknowledge_what_was_read},
    checker{"S-T7 steps are taken", steps_are_taken},
    checker{"R-06 only who agreed is called", only_who_agreed_is_called},
    checker{"R-06 only what rings is called about", only_what_rings_is_called_about},
    checker{"R-06 nothing leaves over what is off", nothing_leaves_over_what_is_off},
    checker{"S-04 forged callbacks are refused", forged_callbacks_are_refused},
    checker{"S-D2 one ticket per alert", one_ticket_per_alert},
    checker{"S-D5 poison is set aside", poison_is_set_aside},
    checker{"S-D6 ends are ends", ends_are_ends},
    checker{"S-A9 acknowledged by somebody", acknowledged_by_somebody},
    checker{"S-A9 commands are decided once", commands_are_decided_once},
    checker{"C-08 failures are retried with patience", failures_are_retried_with_patience},
    checker{"C-08 waits end in time", waits_end_in_time},
};

} // namespace

std::span<const checker> checkers() { return all; }

std::vector<violation> check_all(const history& of) {
  std::vector<violation> found;
  for (const checker& one : all) {
    violations to(one.name, found);
    one.check(of, to);
  }
  return found;
}

} // namespace ringdown::simulation
