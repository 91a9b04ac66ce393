#include "test/persistence/postgres_place.hpp"
#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence {

namespace {

void on_postgres(void (*check)(const store_opener&)) {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  check([&] { return place.open(); });
}

} // namespace

TEST_CASE("postgres: a stale fence changes nothing") { on_postgres(conformance::commits_are_fenced); }
TEST_CASE("postgres: a commit is durable, whole and idempotent") { on_postgres(conformance::commits_are_whole); }
TEST_CASE("postgres: many batches in a commit leave what they leave one by one") {
  on_postgres(conformance::commits_of_many_are_as_one_by_one);
}
TEST_CASE("postgres: a settlement ends a row once") { on_postgres(conformance::settlements_end_rows); }
TEST_CASE("postgres: a suppression ends unsent interrupts only") {
  on_postgres(conformance::suppressions_reach_only_unsent_interrupts);
}
TEST_CASE("postgres: a command is in the inbox until answered") { on_postgres(conformance::commands_survive); }
TEST_CASE("postgres: a configuration is replaced as one") { on_postgres(conformance::configuration_is_replaced); }
TEST_CASE("postgres: a removed tenant leaves nothing open, and comes back as another") {
  on_postgres(conformance::removed_tenants_leave_nothing_open);
}
TEST_CASE("postgres: what a configuration drops goes with its parts") {
  on_postgres(conformance::configuration_takes_along_what_it_removes);
}
TEST_CASE("postgres: crashes count for who has the shard") {
  on_postgres(conformance::crashes_count_for_who_has_the_shard);
}
TEST_CASE("postgres: an old owner only raises a login budget") {
  on_postgres(conformance::an_old_owner_only_raises_a_login_budget);
}
TEST_CASE("postgres: a claim judges the alert again") { on_postgres(conformance::claims_judge_the_alert); }
TEST_CASE("postgres: a summary lives while anything it covers fires") {
  on_postgres(conformance::claims_judge_summaries);
}
TEST_CASE("postgres: a resolve follows its fire") { on_postgres(conformance::claims_wait_for_predecessors); }
TEST_CASE("postgres: rows of one alert go out in order") { on_postgres(conformance::claims_keep_order); }
TEST_CASE("postgres: a claim says what it could not take") { on_postgres(conformance::claims_say_what_waits); }
TEST_CASE("postgres: a claim by urgency takes first criticals first, and says what else is due") {
  on_postgres(conformance::claims_take_the_urgent_first);
}
TEST_CASE("postgres: a clock that was set holds up no row") { on_postgres(conformance::claims_survive_set_clocks); }
TEST_CASE("postgres: a clock set back before a start lengthens no wait") {
  on_postgres(conformance::waits_survive_set_clocks);
}
TEST_CASE("postgres: what a channel has waited for stays due when the clock is set back") {
  on_postgres(conformance::what_was_waited_for_is_due);
}
TEST_CASE("postgres: a mirror is told by its newest row") {
  on_postgres(conformance::mirrors_are_told_by_their_newest_row);
}
TEST_CASE("postgres: a resolve is owed to who was told") { on_postgres(conformance::resolves_follow_what_was_told); }
TEST_CASE("postgres: late rows are dead, and what may have arrived is not") {
  on_postgres(conformance::claims_end_what_is_late_or_poison);
}
TEST_CASE("postgres: what kills its actor again and again is ended") {
  on_postgres(conformance::claims_end_what_kills);
}
TEST_CASE("postgres: claims of a dead owner are recovered") { on_postgres(conformance::claims_are_recovered); }
TEST_CASE("postgres: what a number was rung is counted, whoever rang it") {
  on_postgres(conformance::calls_to_a_number_are_counted_over_tenants);
}
TEST_CASE("postgres: a number is rung no more than its budget says") {
  on_postgres(conformance::calls_to_a_number_end_with_its_budget);
}
TEST_CASE("postgres: a call waits for its turn, and not for a number that is taken") {
  on_postgres(conformance::calls_wait_for_their_turn_but_not_for_a_number);
}
TEST_CASE("postgres: a call waits ten minutes for its turn, and a code does not") {
  on_postgres(conformance::calls_wait_ten_minutes_and_codes_do_not);
}
TEST_CASE("postgres: how a call's row ended comes back until its tenant has written it") {
  on_postgres(conformance::ends_of_calls_come_back_until_they_are_heard);
}
TEST_CASE("postgres: a call in doubt comes back with the time of the attempt that is") {
  on_postgres(conformance::calls_in_doubt_date_from_their_attempt);
}
TEST_CASE("postgres: a call that is claimed and never begun ends as soon as any other") {
  on_postgres(conformance::calls_that_never_begin_end_in_time);
}
TEST_CASE("postgres: a first call is urgent, however often its ladder has rung") {
  on_postgres(conformance::calls_of_a_new_alert_go_first);
}
TEST_CASE("postgres: a call that was given up rings nobody") { on_postgres(conformance::calls_given_up_ring_nobody); }
TEST_CASE("postgres: a number rings once at a time") { on_postgres(conformance::calls_ring_a_number_once_at_a_time); }
TEST_CASE("postgres: an acknowledgement in the inbox stops a call") {
  on_postgres(conformance::acknowledged_calls_are_not_claimed);
}
TEST_CASE("postgres: calls, numbers and who is on call come back") {
  on_postgres(conformance::calls_and_numbers_come_back);
}
TEST_CASE("postgres: only what was sent is confirmed") {
  on_postgres(conformance::confirmations_reach_only_what_was_sent);
}
TEST_CASE("postgres: what the far end calls a thing comes with later rows") {
  on_postgres(conformance::remotes_come_back_with_later_rows);
}
TEST_CASE("postgres: what the far end calls a thing is written with the outcome") {
  on_postgres(conformance::remotes_are_written_with_the_outcome);
}
TEST_CASE("postgres: a parent takes the oldest thing it covers") {
  on_postgres(conformance::a_parent_takes_the_oldest_thing_it_covers);
}
TEST_CASE("postgres: what was written down comes back with the row") {
  on_postgres(conformance::progress_comes_back_with_the_row);
}
TEST_CASE("postgres: a tenant stays in its shard") { on_postgres(conformance::tenants_stay_in_their_shard); }
TEST_CASE("postgres: a shard takes up its own tenants only") {
  on_postgres(conformance::a_shard_takes_up_its_own_tenants_only);
}
TEST_CASE("postgres: commands are seen from everywhere") {
  on_postgres(conformance::commands_are_seen_from_everywhere);
}
TEST_CASE("postgres: tenants do not see each other") { on_postgres(conformance::tenants_are_apart); }
TEST_CASE("postgres: a snapshot is what was written") {
  on_postgres(conformance::snapshots_bring_back_what_was_written);
}
TEST_CASE("postgres: alerts know which of their rows were sent") {
  on_postgres(conformance::alerts_know_which_of_their_rows_were_sent);
}
TEST_CASE("postgres: mutes are seen while they hold") { on_postgres(conformance::mutes_are_listed); }
TEST_CASE("postgres: queries come in pages") { on_postgres(conformance::queries_page); }
TEST_CASE("postgres: the audit is a chain per tenant") { on_postgres(conformance::audits_chain); }

} // namespace ringdown::persistence
