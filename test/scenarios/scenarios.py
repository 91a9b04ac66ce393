"""The scenarios: each is a function whose docstring says what must hold. Longest first, so that none is left alone at the end."""

from accounts import one_tenants_storm_holds_no_others_call_up
from calling import a_call_is_acknowledged_by_key, a_hung_twilio_leaves_push_alone, without_a_public_url_the_script_goes_along
from cluster_calls import acknowledgements_at_other_nodes_stop_calls
from cluster_faults import (a_node_is_cut_from_the_database_in_a_storm, a_node_is_drained_in_a_storm, an_owner_is_frozen_in_a_storm,
                            clocks_are_apart_in_a_storm, connections_are_cut_behind_commits_in_a_storm, nodes_join_and_leave_in_a_storm, owners_are_killed_in_a_storm,
                            postgresql_is_stopped_in_a_storm, three_nodes_tell_what_one_tells)
from cluster_logins import failed_logins_are_counted_for_all_nodes_of_an_address
from cluster_start import nodes_that_start_without_their_database_wait_for_it
from ending import (a_call_whose_answer_is_lost_is_taken_over, a_delivery_that_kills_its_channel_is_set_aside, a_drill_tells_each_hops_time,
                    a_second_drill_tells_of_itself_alone, dead_letters_are_listed_and_sent_again,
                    killed_by_the_effect_of_a_critical, killed_by_the_effect_of_a_warning)
from mailing import a_hanging_mail_server_leaves_push_alone, a_mail_tells_a_critical_and_its_end, lost_answers_to_mails
from outages import a_carrier_outage_is_told_once, a_carrier_that_fails_at_two_tenants_is_said_to_each
from mirrors import (a_crashing_slack_reply_leaves_push_alone, a_slow_autotask_gets_its_ticket, a_ticket_lives_as_long_as_its_outage,
                     an_autotask_that_times_out_after_creating_leaves_one_ticket, killed_between_a_mirrors_effect_and_its_record)
from racing import acknowledgements_race_due_calls
from running import (a_crashing_poller_starts_in_quarantine, a_tripped_channel_stands_alone, crashing_actors_lose_and_double_nothing,
                     heartbeats_end_with_the_process, metrics_and_audit, reload_and_configuration_send_nothing, supervised_by_systemd)
from stored import busy_store_is_ill_and_not_dead, failing_sync_ends_the_process, killed_at_each_sync, sigterm_with_a_locked_store
from telling import (a_recovery_behind_its_fire_arrives_after_it, a_silence_is_seen_and_lifted, a_test_shows_what_the_provider_answers,
                     acknowledge_by_link, hanging_webhook_leaves_push_alone, lost_answers_are_asked_again, receiver_kills_before_answering,
                     restart_in_mid_outage_repeats_nothing, sigterm_with_a_hung_receiver, thirty_equal_polls_are_one_message)
from together import all_far_ends_fail_and_push_goes_on
from watching import (a_bad_certificate_is_told_and_nothing_is_sent, a_wrong_secret_is_not_tried_thrice, dead_dns_delays_nobody_else,
                      hanging_pbxes_shift_nobody, hostile_bodies_change_nothing)

ALL = [an_owner_is_frozen_in_a_storm, a_node_is_cut_from_the_database_in_a_storm, postgresql_is_stopped_in_a_storm, three_nodes_tell_what_one_tells,
       connections_are_cut_behind_commits_in_a_storm, owners_are_killed_in_a_storm, nodes_join_and_leave_in_a_storm, a_node_is_drained_in_a_storm,
       clocks_are_apart_in_a_storm, acknowledgements_at_other_nodes_stop_calls, failed_logins_are_counted_for_all_nodes_of_an_address,
       nodes_that_start_without_their_database_wait_for_it,
       hanging_webhook_leaves_push_alone, all_far_ends_fail_and_push_goes_on, acknowledgements_race_due_calls, lost_answers_to_mails,
       one_tenants_storm_holds_no_others_call_up, a_slow_autotask_gets_its_ticket, hanging_pbxes_shift_nobody, dead_dns_delays_nobody_else, sigterm_with_a_hung_receiver,
       sigterm_with_a_locked_store, supervised_by_systemd, busy_store_is_ill_and_not_dead, hostile_bodies_change_nothing, killed_at_each_sync, heartbeats_end_with_the_process,
       a_carrier_outage_is_told_once, a_carrier_that_fails_at_two_tenants_is_said_to_each, a_hanging_mail_server_leaves_push_alone, a_mail_tells_a_critical_and_its_end,
       thirty_equal_polls_are_one_message, a_tripped_channel_stands_alone, restart_in_mid_outage_repeats_nothing,
       reload_and_configuration_send_nothing, a_wrong_secret_is_not_tried_thrice, acknowledge_by_link,
       a_bad_certificate_is_told_and_nothing_is_sent, crashing_actors_lose_and_double_nothing, receiver_kills_before_answering,
       lost_answers_are_asked_again, a_recovery_behind_its_fire_arrives_after_it, a_silence_is_seen_and_lifted,
       a_test_shows_what_the_provider_answers, failing_sync_ends_the_process, metrics_and_audit, a_crashing_poller_starts_in_quarantine,
       an_autotask_that_times_out_after_creating_leaves_one_ticket, killed_between_a_mirrors_effect_and_its_record,
       a_crashing_slack_reply_leaves_push_alone, a_ticket_lives_as_long_as_its_outage,
       a_hung_twilio_leaves_push_alone, a_call_is_acknowledged_by_key,
       without_a_public_url_the_script_goes_along, killed_by_the_effect_of_a_critical, killed_by_the_effect_of_a_warning,
       a_delivery_that_kills_its_channel_is_set_aside, dead_letters_are_listed_and_sent_again, a_drill_tells_each_hops_time,
       a_second_drill_tells_of_itself_alone,
       a_call_whose_answer_is_lost_is_taken_over]

# Nothing runs beside these: what they time is strict.
ALONE = {hanging_webhook_leaves_push_alone, all_far_ends_fail_and_push_goes_on}
# Hundreds of PBXes: these take the room of two.
HEAVY = {three_nodes_tell_what_one_tells, hanging_pbxes_shift_nobody, dead_dns_delays_nobody_else, acknowledgements_race_due_calls}
