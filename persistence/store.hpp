// What survives. One interface; SQLite behind it on one node, PostgreSQL in a cluster. Calls block: only the detached
// store actor (writes and claims) and the reader (queries) make them, never a scheduled actor. Not thread-safe: each
// thread opens its own. Every write and every claim names the fence of its shard and changes nothing when it is stale (I8):
// `conflict`, somebody else has the shard; `too_late`, its lease has run out and nobody has taken it, so that the same may be
// asked again once it was lengthened.
// A failure `corrupt` or `io_error` (a failed sync is one) means: end the process and recover from the log. `unreadable` is
// about one row, or what one tenant stored: the others go on.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::persistence {

class store {
public:
  virtual ~store() = default;

  // --- ownership -----------------------------------------------------------------------------------------------
  // Take the shard for a new incarnation, whoever has it now: epoch + 1. What its owner is writing is written first, and what
  // it writes later is refused. For a node that runs alone: in a cluster the register gives shards away.
  virtual result<fence> take_shard(shard_id shard, const incarnation_id& owner, wall_time now) = 0;

  // --- the write path ------------------------------------------------------------------------------------------
  // All batches in ONE transaction, durable when it returns; each batch is applied whole or not at all (its own
  // verdict), so that one tenant's stale fence does not refuse another's. The outer failure means nothing was written.
  virtual result<std::vector<result<void>>> commit(std::span<const write_batch> batches) = 0;

  // Claim up to `limit` rows of a channel that are due, oldest first, one open row per alert and target at a time. In the
  // same transaction the rules of S-T1, S-A15 and `after` are judged: rows that may no longer be sent come back as
  // suppressed; rows handed over three times without an outcome become dead(poison). Raises `handed`.
  virtual result<claimed_rows> claim(const claim_request& request) = 0;

  // Outcomes of attempts: the row's new state and the ledger row. A row not claimed under this fence is left alone (conflict).
  virtual result<std::vector<result<void>>> settle(std::span<const settlement> settlements) = 0;

  // Rows of the shard's tenants claimed under an older fence: their outcome is not known. By S-D6: keyed channels and
  // criticals go back to pending, flagged possible_repeat, the others become unknown. Rows of channels not in `known` are
  // left for recover_channel, open rows of channels that the configuration has no more are ended.
  virtual result<recovery> recover_claims(const fence& now_owner, const std::vector<known_channel>& known,
                                          wall_time now) = 0;

  // The same for rows of ONE channel claimed under the current fence, all but `carried`: the actor that held them, or the
  // tenant that was to hand them over, crashed.
  virtual result<recovery> recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                           key_knowledge keys, const std::vector<delivery_id>& carried,
                                           wall_time now) = 0;

  // --- loading -------------------------------------------------------------------------------------------------
  virtual result<std::vector<config_document>> load_configs(const std::optional<tenant_id>& only) = 0; // none: of all
  virtual result<std::vector<config_head>> config_heads() = 0; // to see what has changed
  virtual result<std::uint64_t> config_changes() = 0;          // ever; to see whether anything has
  virtual result<tenant_snapshot> load_tenant(const tenant_id& tenant, const std::string& egress, wall_time now) = 0;
  virtual result<std::vector<command>> open_commands(
      const std::optional<tenant_id>& tenant) = 0; // none: of all; oldest first
  // Those of them that are decided.
  virtual result<std::vector<command_result>> decided_commands(const std::vector<std::string>& ids) = 0;

  // --- commands (the inbox) ------------------------------------------------------------------------------------
  // Durable when it returns, conflict: before. Claims of interrupts look at open acknowledge and snooze commands (S-A9).
  virtual result<void> insert_command(const command& what) = 0;

  // --- configuration -------------------------------------------------------------------------------------------
  // Replace the objects managed by `file` of one tenant. conflict (names no owner) when an instance's (host, client id) is
  // taken by another tenant. Secrets are sealed before they touch the disk. Suppresses pending rows of removed channels.
  virtual result<config_head> replace_config(const config_change& change) = 0; // as it is then; zeros for one removed
  // Ends what actors still wrote after their tenants were removed, and before they knew; of the tenants of one shard.
  virtual result<void> close_removed(const fence& owner, wall_time now) = 0;
  virtual result<secret_values> load_secrets(const tenant_id& tenant) = 0;

  // --- login budget (D-03, S-K2) -------------------------------------------------------------------------------
  // Who has the shard, or had it last, sets it. Who had it before may hear late of a login that failed: that was spent, whoever
  // has the shard now. So it can raise what is stored, lengthen the pause, and nothing else.
  virtual result<void> save_login_budget(const fence& owner, const tenant_id& tenant, const instance_id& instance,
                                         const std::string& egress, const login_budget& budget) = 0;

  // --- crashes (S-D5) ------------------------------------------------------------------------------------------
  // How often each actor died since forget_crashes() was told that it lived long enough.
  virtual result<std::vector<crash_record>> crashes() = 0;
  // conflict, and nothing is changed: somebody else has the shard. none: the death of a whole process counts against the actor
  // that caused it, whoever runs that now.
  virtual result<void> note_crash(const std::optional<fence>& owner, const tenant_id& tenant, const std::string& actor,
                                  wall_time at) = 0;
  virtual result<void> forget_crashes(const fence& owner, const std::string& actor) = 0;

  // --- node-wide settings --------------------------------------------------------------------------------------
  virtual result<std::optional<std::string>> setting(const std::string& key) = 0;
  virtual result<void> put_setting(const std::string& key, const std::string& value) = 0;

  // --- queries (API, CLI) --------------------------------------------------------------------------------------
  virtual result<page<alert>> alerts(const alert_query& query) = 0;
  virtual result<std::optional<alert>> find_alert(const alert_id& id) = 0; // any tenant; the caller checks rights
  virtual result<page<delivery_row>> deliveries(const delivery_query& query) = 0;
  virtual result<std::optional<delivery_row>> find_delivery(const delivery_id& id) = 0;
  virtual result<std::vector<attempt>> attempts(const delivery_id& id) = 0;
  virtual result<std::optional<call_record>> find_call(const tenant_id& tenant, const delivery_id& call) = 0;
  virtual result<page<resource_row>> resources(const resource_query& query) = 0;
  virtual result<std::vector<instance_row>> instances(const std::optional<tenant_id>& tenant) = 0;
  // Mutes and silences that hold at `now`, by tenant; the silence first.
  virtual result<std::vector<mute_row>> mutes(const std::optional<tenant_id>& tenant, wall_time now) = 0;
  virtual result<std::vector<decision>> decisions(const alert_id& id) = 0; // oldest first
  virtual result<page<audit_row>> audit(const audit_query& query) = 0;
  virtual result<store_figures> figures(wall_time now) = 0; // for metrics

  // --- care ----------------------------------------------------------------------------------------------------
  // Walk every tenant's hash chain up to its signed head; what does not fit, at most 100.
  virtual result<audit_verdict> verify_audit() = 0;
  virtual result<void> probe(wall_time now) = 0; // one small durable write (watchdog, readiness)
  // Moves what was committed to where it stays, when that is much: costs as much as several commits, so it is called when
  // those have been answered. Forgotten, it happens within a commit.
  virtual result<void> fold_log() = 0;
  // Any thread, alone among these: ends the statement that runs now, if one does, with `unavailable`.
  virtual void interrupt() = 0;
};

} // namespace ringdown::persistence
