// Who takes which message: all actors on one page. Actors know each other only by these.
#pragma once

#include "protocol/messages.hpp"

#include <caf/typed_actor.hpp>

namespace ringdown {

// One per node. Wakes who asked, in batches.
using clock_actor = caf::typed_actor<caf::reacts_to<wake_me>, caf::reacts_to<due>>;

// One per node and shard set, detached: the only writer of the store. Groups what waits into one transaction,
// tenants in turn, criticals first (S-D4).
using store_actor =
    caf::typed_actor<caf::reacts_to<load_tenant>, caf::reacts_to<commit_batch>, caf::reacts_to<claim_rows>,
                     caf::reacts_to<recover_rows>, caf::reacts_to<settle_rows>, caf::reacts_to<store_command>,
                     caf::reacts_to<save_budget>, caf::reacts_to<with_store>, caf::reacts_to<crash_noted>,
                     caf::reacts_to<crashes_forgotten>, caf::reacts_to<flush_writes>>;

// One per instance: asks the PBX, judges, keeps its news until the tenant has committed it.
using poller_actor = caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<run_ended>, caf::reacts_to<rebaseline>,
                                      caf::reacts_to<reconfigure_instance>, caf::reacts_to<news_committed>,
                                      caf::reacts_to<settle_instance>, caf::reacts_to<login_budget_saved>,
                                      caf::reacts_to<drain>, caf::reacts_to<crash_now>>;

// One per tenant: decides, and makes every decision durable before anybody acts on it.
using tenant_actor =
    caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<poll_news>, caf::reacts_to<poller_ready>,
                     caf::reacts_to<login_budget_changed>, caf::reacts_to<channel_ready>, caf::reacts_to<channel_lost>,
                     caf::reacts_to<reconfigure_tenant>, caf::reacts_to<tenant_loaded>, caf::reacts_to<batch_committed>,
                     caf::reacts_to<delivery_settled>, caf::reacts_to<call_heard>, caf::reacts_to<channel_idle>,
                     caf::reacts_to<command_stored>, caf::reacts_to<carrier_watch_at>,
                     caf::reacts_to<carriers_elsewhere>, caf::reacts_to<crash_now>>;

// One per channel of a tenant: carries rows to one provider and records what came of it.
using channel_actor =
    caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<exchange_ended>, caf::reacts_to<mail_ended>,
                     caf::reacts_to<tenant_attached>, caf::reacts_to<reconfigure_channel>,
                     caf::reacts_to<deliveries_ready>, caf::reacts_to<look_for_rows>, caf::reacts_to<withdraw_alerts>,
                     caf::reacts_to<hang_up_call>, caf::reacts_to<follow_calls>, caf::reacts_to<rows_claimed>,
                     caf::reacts_to<rows_recovered>, caf::reacts_to<settlements_stored>,
                     caf::reacts_to<accounts_attached>, caf::reacts_to<permit_given>, caf::reacts_to<permit_queued>,
                     caf::reacts_to<drain>, caf::reacts_to<crash_now>>;

// One per node: lets channels begin no more deliveries at a provider account than it takes, tenants in turn (S-D3).
using account_actor =
    caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<permit_wanted>, caf::reacts_to<permit_over>,
                     caf::reacts_to<account_left>, caf::reacts_to<account_refused>, caf::reacts_to<crash_now>>;

// One per tenant: supervises the tenant actor, its pollers and its channels, and introduces them to each other.
using group_actor =
    caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<group_reconfigure>, caf::reacts_to<command_for_tenant>,
                     caf::reacts_to<carrier_watch_at>, caf::reacts_to<restart_child>, caf::reacts_to<accounts_attached>,
                     caf::reacts_to<drain>, caf::reacts_to<drained>>;

// One per node: hears from tenants how their carriers are, and tells each of them one bit about the others.
using carrier_watch_actor = caf::typed_actor<caf::reacts_to<carriers_seen>, caf::reacts_to<crash_now>>;

// In a cluster, one per node, detached: asks the register of shards.
using register_actor = caf::typed_actor<caf::reacts_to<ask_register>>;

// In a cluster, one per node: keeps its leases, and has the root begin and end their shards.
using lease_actor =
    caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<register_answered>, caf::reacts_to<shard_prepared>,
                     caf::reacts_to<shard_is_over>, caf::reacts_to<drain_node>, caf::reacts_to<leave_register>>;

// One per node: supervises the groups of the shards it holds, who keeps the rates of provider accounts, and the watch over carriers.
using node_actor = caf::typed_actor<caf::reacts_to<due>, caf::reacts_to<tenant_applied>, caf::reacts_to<tenant_removed>,
                                    caf::reacts_to<shard_begun>, caf::reacts_to<shard_ended>,
                                    caf::reacts_to<command_for_tenant>, caf::reacts_to<restart_child>,
                                    caf::reacts_to<pulse>, caf::reacts_to<drain>, caf::reacts_to<drained>>;

} // namespace ringdown
