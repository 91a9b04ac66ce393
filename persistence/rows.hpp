// The rows and requests of the store interface. Plain values.
#pragma once

#include "protocol/types/account.hpp"
#include "protocol/types/alert.hpp"
#include "protocol/types/call.hpp"
#include "protocol/types/command.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/record.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/shard.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::persistence {

// One tenant's share of a transaction. Applied in the order of the fields. Two that are equal are the same: `at` has
// microseconds.
struct write_batch {
  tenant_id tenant;
  fence owner;
  severity urgency = severity::info; // criticals go first when tenants compete (S-D4)
  wall_time at;
  struct resource_change {
    instance_id instance;
    resource_record record;
    friend bool operator==(const resource_change&, const resource_change&) = default;
  };
  struct resource_removal {
    instance_id instance;
    resource_ref ref;
    friend bool operator==(const resource_removal&, const resource_removal&) = default;
  };
  struct health_change {
    instance_id instance;
    instance_health health;
    friend bool operator==(const health_change&, const health_change&) = default;
  };
  std::vector<resource_change> resources;
  std::vector<resource_removal> removals;
  std::vector<health_change> healths;
  std::vector<alert> alerts;             // upsert
  std::vector<suppression> suppressions; // before the inserts below
  std::vector<delivery> deliveries;      // insert; a row whose id exists is left alone (the same intent)
  std::vector<decision> decisions;
  std::vector<channel_id> removed_channels; // their open rows end: nobody will carry them
  std::vector<mute> mutes;                  // upsert by scope and type; `until` in the past removes
  std::vector<command_result> commands;     // close inbox rows
  std::vector<call_record> calls;           // upsert; one that ended lets go of its number
  std::vector<delivery_id> confirmed;       // sent rows of which a person has shown that they arrived
  std::vector<phone_record> phones;         // upsert
  std::optional<oncall_pointer> oncall;     // replaces
  std::vector<audit_entry> audits;
  friend bool operator==(const write_batch&, const write_batch&) = default;
};

// Does a target take one row at a time in the whole installation (S-T5)?
enum class target_use : std::uint8_t { shared, exclusive };
// Which of the due rows is claimed first, where there is not room for all of them.
enum class claim_order : std::uint8_t { by_age, by_urgency };

struct claim_request {
  tenant_id tenant;
  channel_id channel;
  fence owner;
  std::size_t limit = 1; // zero: only looks, and ends what may not be sent any more
  wall_time now;
  target_use targets = target_use::shared; // exclusive: rows whose target is in use stay pending
  claim_order order = claim_order::by_age;
  // The wall clock was set back since the channel's last claim, and says this: what is left waits from now on as long as it was
  // to wait after its last attempt. `now` may be later: what a waiting channel has waited for by the other clock is due, and
  // stays due by the new one where this takes none of it.
  std::optional<wall_time> set_back_to{};
};
struct claimed_rows {
  std::vector<delivery> rows; // now claimed
  struct withheld {
    delivery_id id;
    alert_id alert;
    reason why;
    delivery_state state;
    std::uint32_t attempts = 0; // begun before
  };
  std::vector<withheld> ended;       // suppressed or dead instead
  bool due_left = false;             // rows are due that could not be claimed now: too many, or behind an open one
  std::optional<urgency> waiting;    // of the first row that was due and found no room
  std::optional<wall_time> next_due; // earliest not_before of the channel's rows that are not yet due
};

struct settlement {
  fence owner;
  tenant_id tenant;
  attempt ledger; // ledger.delivery names the row; not_sent: of that claim nothing left (0: of any)
  delivery_state state = delivery_state::sent; // pending: try again at not_before
  reason why = reason::none;
  wall_time not_before;
  bool possible_repeat = false;
  std::string reference;
  std::string remote;   // of an accepted mirror row: kept for the later rows of its episode; empty: what is known stays
  std::string progress; // given back with the row when it is claimed again
  friend bool operator==(const settlement&, const settlement&) = default;
};

// Does the far end of a channel know our idempotency key? Then a repeat is harmless (S-D6).
enum class key_knowledge : std::uint8_t { unkeyed, keyed };

// A channel there is now, as recovery must know it.
struct known_channel {
  tenant_id tenant;
  channel_id channel;
  key_knowledge keys = key_knowledge::unkeyed;
};

struct recovery {
  std::size_t resumed = 0; // back to pending
  std::size_t unknown = 0; // ended as unknown
};

// A tenant's configuration as stored: canonical TOML objects, secrets apart.
struct config_object {
  std::string kind;       // "tenant", "customer", "instance", "user", "channel", "oncall", "routing", "timing"
  std::string id;         // "" for single ones
  std::string managed_by; // "file", "console"
  std::string body;       // canonical TOML of the object; secrets as { secret = "name" }
};
struct config_document {
  tenant_id tenant;
  std::uint64_t version = 0;
  std::vector<config_object> objects;
  shard_id shard = 0; // who holds it runs the tenant
};
// The same without what it says.
struct config_head {
  tenant_id tenant;
  std::uint64_t version = 0;
  shard_id shard = 0;
};
using secret_values = std::map<std::string, secret_text>;
struct config_change {
  tenant_id tenant;
  std::vector<config_object> objects; // all that `file` now manages; others managed by file are removed
  secret_values secrets;              // new or changed; names no object uses any more are removed
  struct identity {
    instance_id instance;
    std::string host;
    std::string client;
  };
  std::vector<identity> identities; // unique in the whole installation
  std::string actor;
  std::string summary;        // for the audit: what changed, in words, no secrets
  shard_id shard = 0;         // where it is placed if it is new; one that was placed once stays there
  bool remove_tenant = false; // all of the tenant's objects go; alerts are closed by the tenant actor before
  wall_time at;
};

// Failed logins of one instance from one address. It belongs to the credentials it was spent with: with others it is void.
struct login_budget {
  std::uint32_t failures = 0; // in a row
  std::optional<wall_time> paused_until;
  std::string credentials{}; // mark of these credentials (ports::credentials_mark); tells nothing of them
};

// Deaths of one actor, by its name ("poller/acme/hq"), without a long life between them.
struct crash_record {
  std::string actor;
  std::uint32_t count = 0;
  wall_time last;
};

struct tenant_snapshot {
  tenant_id tenant;
  std::string lineage;       // of this database since it was made or restored: part of every delivery's key
  std::vector<alert> alerts; // resolved ones too: their numbers go on; a target whose row was sent is accepted
  struct instance_part {
    instance_id instance;
    instance_health health;
    std::vector<resource_record> resources;
  };
  std::vector<instance_part> instances; // only those ever seen
  std::vector<mute> mutes;
  std::map<instance_id, login_budget> budgets;
  std::vector<call_record> calls; // that have not ended, or were made within the last hour: budgets count them
  // Rows of calls that are wanted there, and have ended: nobody has decided on that yet. Without their content.
  std::vector<delivery> settled;
  std::vector<phone_record> phones;
  std::optional<oncall_pointer> oncall;
};

template <class T>
struct page {
  std::vector<T> items;
  std::string next; // cursor; empty: the end
};
struct alert_query {
  std::optional<tenant_id> tenant;
  std::optional<instance_id> instance;
  bool open_only = true;
  std::size_t limit = 100;
  std::string cursor;
};
struct delivery_query {
  std::optional<tenant_id> tenant;
  std::optional<alert_id> alert;
  std::optional<channel_id> channel;
  std::optional<delivery_state> state;
  std::size_t limit = 100;
  std::string cursor;
};
struct resource_query {
  std::optional<tenant_id> tenant;
  std::optional<instance_id> instance;
  std::vector<resource_kind> kinds; // none: all
  std::size_t limit = 500;
  std::string cursor;
};
struct audit_query {
  tenant_id tenant;
  std::size_t limit = 100;
  std::string cursor;
};
struct delivery_row {
  delivery row;
  std::optional<fence> claimed_by;
  std::optional<wall_time> claimed_at;
  std::optional<wall_time> ended;
};
struct resource_row {
  tenant_id tenant;
  instance_id instance;
  resource_record record;
};
struct instance_row {
  tenant_id tenant;
  instance_id instance;
  instance_health health;
};
struct mute_row {
  tenant_id tenant;
  mute row;
};
struct audit_row {
  std::uint64_t sequence = 0;
  audit_entry entry;
  std::string hash;
};
struct store_figures {
  std::map<severity, std::size_t> open_alerts;
  std::map<delivery_state, std::size_t> deliveries;
  std::optional<wall_time> oldest_pending; // created, of rows that are due
  std::size_t silenced_tenants = 0;        // nothing interrupts there (S-T8)
};
struct audit_verdict {
  std::uint64_t checked = 0;
  std::vector<std::string> broken;
};

} // namespace ringdown::persistence
