// What every store must do, whatever is behind it. Each function is called within a test case, on a store of its own that
// is empty at first; it may hold sections.
#pragma once

#include "test/persistence/builders.hpp"

namespace ringdown::persistence::conformance {

void commits_are_fenced(const store_opener& open);
void commits_are_whole(const store_opener& open);
void commits_of_many_are_as_one_by_one(const store_opener& open);
void settlements_end_rows(const store_opener& open);
void suppressions_reach_only_unsent_interrupts(const store_opener& open);
void commands_survive(const store_opener& open);
void configuration_is_replaced(const store_opener& open);
void configuration_takes_along_what_it_removes(const store_opener& open);
void removed_tenants_leave_nothing_open(const store_opener& open);

void crashes_count_for_who_has_the_shard(const store_opener& open);
void an_old_owner_only_raises_a_login_budget(const store_opener& open);

void claims_judge_the_alert(const store_opener& open);
void claims_judge_summaries(const store_opener& open);
void claims_wait_for_predecessors(const store_opener& open);
void claims_keep_order(const store_opener& open);
void claims_say_what_waits(const store_opener& open);
void claims_take_the_urgent_first(const store_opener& open);
void claims_survive_set_clocks(const store_opener& open);
void waits_survive_set_clocks(const store_opener& open);
void what_was_waited_for_is_due(const store_opener& open);
void resolves_follow_what_was_told(const store_opener& open);
void mirrors_are_told_by_their_newest_row(const store_opener& open);
void claims_end_what_is_late_or_poison(const store_opener& open);
void claims_end_what_kills(const store_opener& open);
void claims_are_recovered(const store_opener& open);

void calls_ring_a_number_once_at_a_time(const store_opener& open);
void calls_to_a_number_are_counted_over_tenants(const store_opener& open);
void calls_to_a_number_end_with_its_budget(const store_opener& open);
void calls_given_up_ring_nobody(const store_opener& open);
void calls_wait_for_their_turn_but_not_for_a_number(const store_opener& open);
void calls_wait_ten_minutes_and_codes_do_not(const store_opener& open);
void ends_of_calls_come_back_until_they_are_heard(const store_opener& open);
void calls_in_doubt_date_from_their_attempt(const store_opener& open);
void calls_that_never_begin_end_in_time(const store_opener& open);
void calls_of_a_new_alert_go_first(const store_opener& open);
void acknowledged_calls_are_not_claimed(const store_opener& open);
void calls_and_numbers_come_back(const store_opener& open);
void confirmations_reach_only_what_was_sent(const store_opener& open);
void remotes_come_back_with_later_rows(const store_opener& open);
void remotes_are_written_with_the_outcome(const store_opener& open);
void a_parent_takes_the_oldest_thing_it_covers(const store_opener& open);
void progress_comes_back_with_the_row(const store_opener& open);

void tenants_stay_in_their_shard(const store_opener& open);
void a_shard_takes_up_its_own_tenants_only(const store_opener& open);
void commands_are_seen_from_everywhere(const store_opener& open);

void tenants_are_apart(const store_opener& open);
void snapshots_bring_back_what_was_written(const store_opener& open);
void alerts_know_which_of_their_rows_were_sent(const store_opener& open);
void mutes_are_listed(const store_opener& open);
void queries_page(const store_opener& open);
void audits_chain(const store_opener& open);

} // namespace ringdown::persistence::conformance
