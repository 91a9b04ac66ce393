// Every message actors send each other: what happened or what is asked. They never leave the process, so none is
// serialised. Grouped by who receives them; a handler of message `m` is `on(const m&)`.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/lease_messages.hpp"
#include "protocol/types/account.hpp"
#include "protocol/types/call.hpp"
#include "protocol/types/carrier.hpp"
#include "protocol/types/command.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/mail.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/transition.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ringdown::persistence {
class store;
}

namespace ringdown {

// --- anybody --------------------------------------------------------------------------------------------------------
// The time asked of the clock has come. `token` is the asker's, who ignores those it no longer waits for.
struct due {
  std::uint64_t token = 0;
};
// An exchange of the http port ended. Shared, so that a body is not copied on its way.
struct exchange_ended {
  std::uint64_t token = 0;
  std::shared_ptr<const http_outcome> outcome;
};
// A run of requests ended: the outcomes of those that were made, in order.
struct run_ended {
  std::uint64_t token = 0;
  std::vector<std::shared_ptr<const http_outcome>> outcomes;
};
// A restart that was asked for (`ringdownctl restart-actor`): the actor throws, and its supervisor does what it always does.
struct crash_now {
  std::string text;
};

// --- clock ----------------------------------------------------------------------------------------------------------
// Send me `due{token}` at `at`. Late by at most the clock's slack (5 ms) when the node is not overloaded.
struct wake_me {
  caf::weak_actor_ptr who;
  steady_time at;
  std::uint64_t token = 0;
};

// --- poller ---------------------------------------------------------------------------------------------------------
// Start over from this stored truth; news not yet committed is forgotten, the instance is polled at once (D-08).
struct rebaseline {
  caf::strong_actor_ptr tenant;
  baseline base;
  persistence::login_budget budget;
};
struct reconfigure_instance {
  instance_config config;
};
struct news_committed {
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
};
// Say `settled` after two complete polls (S-A1).
struct settle_instance {
  instance_id instance;
};
struct login_budget_saved {
  std::uint64_t number = 0; // as it was asked
  bool ok = false;
  bool again = false; // the store is away, and tries again until it is written or a newer one comes
};

// --- tenant ---------------------------------------------------------------------------------------------------------
// (poll_news of transition.hpp and delivery_settled below are its daily bread.)
struct poller_ready {
  instance_id instance;
  caf::strong_actor_ptr poller;
};
// So that the poller's successor begins with what is left of it.
struct login_budget_changed {
  instance_id instance;
  persistence::login_budget budget;
};
struct channel_ready {
  channel_id channel;
  caf::strong_actor_ptr actor;
  std::size_t window = 0;
};
struct channel_lost {
  channel_id channel;
}; // crashed or tripped: its rows stay pending
struct reconfigure_tenant {
  std::shared_ptr<const tenant_config> config;
};
struct tenant_loaded {
  std::shared_ptr<const persistence::tenant_snapshot> snapshot;
  std::vector<command> commands;
  failure why;
  bool ok = false;
};
struct batch_committed {
  std::uint64_t sequence = 0;
  bool ok = false;
  failure why;
};
struct delivery_settled {
  delivery_id delivery;
  alert_id alert;
  channel_id channel;
  delivery_state state = delivery_state::sent;
  reason why = reason::none;
  std::string reference{};    // the provider's, once accepted
  std::uint32_t attempts = 0; // begun at the provider
};
// What a provider, asked, said of a call.
struct call_heard {
  call_news news;
};
// Nothing of it is pending or under way in the store, as of the `looks`-th look it was asked for.
struct channel_idle {
  channel_id channel;
  std::uint64_t looks = 0;
};
struct command_stored {
  command what;
}; // durable in the inbox; decide it
// Where the watch over carriers is now; none: it is gone, and what it said is not known any more.
struct carrier_watch_at {
  caf::strong_actor_ptr actor;
};
// Which of the registrars where this tenant has trunks are of a carrier that fails at other tenants. Nothing else of other
// tenants comes back, and of this only what fails at the tenant itself is ever said (S-C5).
struct carriers_elsewhere {
  std::uint64_t number = 0; // of its last report that was taken up
  std::set<std::string> registrars;
};

// --- channel --------------------------------------------------------------------------------------------------------
struct tenant_attached {
  caf::strong_actor_ptr tenant;
};
struct reconfigure_channel {
  channel_config config;
  timing times;
};
struct deliveries_ready {
  std::vector<delivery> rows;
}; // born claimed and committed
// Pending rows were committed; numbered by the tenant, so that it knows which looks an idle channel has made.
struct look_for_rows {
  std::uint64_t number = 0;
};
// Nobody waits for this call any more.
struct hang_up_call {
  delivery_id call;
  std::string reference; // empty: it may not have been placed
  call_stage stage = call_stage::wanted;
};
// What is live as the tenant knows it: a channel that starts anew follows these again.
struct follow_calls {
  std::vector<call_record> calls;
};
struct withdraw_alerts {
  std::vector<alert_id> alerts;
}; // drop what is held for these and has not begun
struct rows_claimed {
  persistence::claimed_rows rows;
  bool ok = false;
};
// Rows that nobody carried are back, or were given up; not `ok`: ask again.
struct rows_recovered {
  bool ok = false;
};
// The answer to one message, row by row. Refused: not ours any more, or not to be written.
struct settlements_stored {
  std::vector<delivery_id> rows;
  std::vector<delivery_id> refused;
};
// A mail of the mail port ended.
struct mail_ended {
  std::uint64_t token = 0;
  mail_outcome outcome;
};

// Who keeps the rates of provider accounts, newly started.
struct accounts_attached {
  caf::strong_actor_ptr accounts;
};
// One delivery of this account may be begun now.
struct permit_given {
  std::string account;
};
// Not now, but the wish is known.
struct permit_queued {};

// --- accounts -------------------------------------------------------------------------------------------------------
// One more delivery of this account is to be begun. Asked again it replaces the wish, and keeps its place.
struct permit_wanted {
  std::string account; // of wire::account_key: no secret
  account_limits limits;
  tenant_id tenant;
  urgency how = urgency::routine;
  std::size_t in_use = 0; // by the asker, now: what is not known any more after a restart
  caf::strong_actor_ptr asker;
};
// A permit is not needed any more: its delivery has ended, or there was none to be begun.
enum class permit_end : std::uint8_t { used, unused };
struct permit_over {
  std::string account;
  permit_end how = permit_end::used;
  caf::strong_actor_ptr asker;
};
// The asker has nothing more to do with this account.
struct account_left {
  std::string account;
  caf::strong_actor_ptr asker;
};
// The provider wants to be left alone for so long.
struct account_refused {
  std::string account;
  duration wait{};
};

// --- store ----------------------------------------------------------------------------------------------------------
struct load_tenant {
  tenant_id tenant;
  caf::strong_actor_ptr reply_to;
};
struct commit_batch {
  std::uint64_t sequence = 0;
  std::shared_ptr<const persistence::write_batch> batch;
  caf::strong_actor_ptr reply_to;
};
struct claim_rows {
  persistence::claim_request request;
  caf::strong_actor_ptr reply_to;
};
// Rows of this channel claimed under our fence that nobody carries any more (its predecessor or its tenant crashed), all
// but `carried`: their outcome is not known (S-D6).
struct recover_rows {
  tenant_id tenant;
  channel_id channel;
  fence owner;
  bool keyed = false;
  std::vector<delivery_id> carried;
  caf::strong_actor_ptr reply_to;
};
struct settle_rows {
  std::vector<persistence::settlement> settlements;
  caf::strong_actor_ptr reply_to;
};
struct store_command {
  command what;
  std::function<void(result<void>)> done;
};
struct save_budget {
  fence owner;
  tenant_id tenant;
  instance_id instance;
  persistence::login_budget budget;
  std::uint64_t number = 0;
  caf::strong_actor_ptr reply_to;
};
// Anything rare that needs the writing connection: configuration, settings, probes. Runs on the store's thread; what it
// returns is what the store said to it, so that an ill store is known by whoever meets it first.
struct with_store {
  std::function<result<void>(persistence::store&)> run;
  bool writes = true; // else: that it succeeds says nothing of whether the store can be written
  // Called in place of `run` while the store is known to be away, so that nobody waits for one more time-out. None: it is run.
  std::function<void(const failure&)> refused = {};
};
// A death of an actor (S-D5), and its end as a matter of concern: it has lived long enough since.
struct crash_noted {
  fence owner;
  std::string actor;
};
struct crashes_forgotten {
  fence owner;
  std::string actor;
};
struct flush_writes {
  bool held_ones = false; // what waits for a lease, too
  bool budgets = false;   // only counts of logins that wait
};

// --- carrier watch --------------------------------------------------------------------------------------------------
// The trunks of some of the tenant's PBXes as they are now, in place of what it reported of these before. The next report
// waits until this one was answered: so a watch that hangs has at most one of each tenant in its mailbox.
struct carriers_seen {
  tenant_id tenant;
  caf::strong_actor_ptr reporter;
  std::uint64_t number = 0;
  std::vector<place_report> places;
};

// --- tenant group (supervisor of one tenant) and node ---------------------------------------------------------------
struct group_reconfigure {
  std::shared_ptr<const tenant_config> config;
};
struct tenant_applied {
  std::shared_ptr<const tenant_config> config;
  shard_id shard = 0;
}; // add or replace this tenant; it runs while the node holds its shard
// The node holds this shard from now on, under this fence, and what its last owner left has been taken up.
struct shard_begun {
  fence owner;
};
// The shard's tenants end here: now, or as soon as what they have begun has ended, within `patience`.
struct shard_ended {
  shard_id shard = 0;
  duration patience{};
};
struct tenant_removed {
  tenant_id tenant;
};
struct command_for_tenant {
  command what;
};

// Crash this child of the tenant, by its name ("channel/acme/noc-push"); `found` is told whether it is running.
struct restart_child {
  tenant_id tenant;
  std::string name;
  std::string text;
  std::function<void(bool)> found;
};
// Are you all there? Goes through scheduler and clock, then makes one durable write; `answered` is told of its end, on the
// store's thread (watchdog, heartbeat).
enum class pulse_answer : std::uint8_t {
  well,
  store_ill, // everybody works but the disk: starting again would mend nothing
  silent     // scheduler, clock or the store's thread hangs
};
struct pulse {
  std::function<void(pulse_answer)> answered;
  std::function<void()> at_the_store; // it came as far as to the store's thread; none: nobody asks
};
// Finish within `within`: no new polls, no new sends; answer by the callback when quiet (I18).
struct drain {
  std::function<void()> done;
};
struct drained {
  std::string who;
};

} // namespace ringdown

#define RINGDOWN_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::type)
RINGDOWN_MESSAGE(due)
RINGDOWN_MESSAGE(exchange_ended)
RINGDOWN_MESSAGE(run_ended)
RINGDOWN_MESSAGE(crash_now)
RINGDOWN_MESSAGE(wake_me)
RINGDOWN_MESSAGE(rebaseline)
RINGDOWN_MESSAGE(reconfigure_instance)
RINGDOWN_MESSAGE(news_committed)
RINGDOWN_MESSAGE(settle_instance)
RINGDOWN_MESSAGE(login_budget_saved)
RINGDOWN_MESSAGE(poll_news)
RINGDOWN_MESSAGE(poller_ready)
RINGDOWN_MESSAGE(login_budget_changed)
RINGDOWN_MESSAGE(channel_ready)
RINGDOWN_MESSAGE(channel_lost)
RINGDOWN_MESSAGE(reconfigure_tenant)
RINGDOWN_MESSAGE(tenant_loaded)
RINGDOWN_MESSAGE(batch_committed)
RINGDOWN_MESSAGE(delivery_settled)
RINGDOWN_MESSAGE(call_heard)
RINGDOWN_MESSAGE(channel_idle)
RINGDOWN_MESSAGE(command_stored)
RINGDOWN_MESSAGE(carrier_watch_at)
RINGDOWN_MESSAGE(carriers_elsewhere)
RINGDOWN_MESSAGE(carriers_seen)
RINGDOWN_MESSAGE(tenant_attached)
RINGDOWN_MESSAGE(reconfigure_channel)
RINGDOWN_MESSAGE(deliveries_ready)
RINGDOWN_MESSAGE(look_for_rows)
RINGDOWN_MESSAGE(hang_up_call)
RINGDOWN_MESSAGE(follow_calls)
RINGDOWN_MESSAGE(rows_recovered)
RINGDOWN_MESSAGE(withdraw_alerts)
RINGDOWN_MESSAGE(rows_claimed)
RINGDOWN_MESSAGE(settlements_stored)
RINGDOWN_MESSAGE(mail_ended)
RINGDOWN_MESSAGE(accounts_attached)
RINGDOWN_MESSAGE(permit_given)
RINGDOWN_MESSAGE(permit_queued)
RINGDOWN_MESSAGE(permit_wanted)
RINGDOWN_MESSAGE(permit_over)
RINGDOWN_MESSAGE(account_left)
RINGDOWN_MESSAGE(account_refused)
RINGDOWN_MESSAGE(load_tenant)
RINGDOWN_MESSAGE(commit_batch)
RINGDOWN_MESSAGE(claim_rows)
RINGDOWN_MESSAGE(recover_rows)
RINGDOWN_MESSAGE(settle_rows)
RINGDOWN_MESSAGE(store_command)
RINGDOWN_MESSAGE(save_budget)
RINGDOWN_MESSAGE(with_store)
RINGDOWN_MESSAGE(crash_noted)
RINGDOWN_MESSAGE(crashes_forgotten)
RINGDOWN_MESSAGE(flush_writes)
RINGDOWN_MESSAGE(group_reconfigure)
RINGDOWN_MESSAGE(tenant_applied)
RINGDOWN_MESSAGE(tenant_removed)
RINGDOWN_MESSAGE(shard_begun)
RINGDOWN_MESSAGE(shard_ended)
RINGDOWN_MESSAGE(command_for_tenant)
RINGDOWN_MESSAGE(restart_child)
RINGDOWN_MESSAGE(pulse)
RINGDOWN_MESSAGE(drain)
RINGDOWN_MESSAGE(drained)
#undef RINGDOWN_MESSAGE
