// The store, written once over an open connection, whatever its engine. In parts: write.cpp (commit, settle), claim.cpp,
// calls.cpp, load.cpp, config.cpp, query.cpp, audit.cpp, crashes.cpp, remote.cpp, doubt.cpp. Its statements are in the SQL
// that all engines share (connection.hpp says which).
#pragma once

#include "persistence/secrets.hpp"
#include "persistence/sql/connection.hpp"
#include "persistence/store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::persistence {

class sql_store final : public store {
public:
  sql_store(std::unique_ptr<connection> db, secret_box box) : db_(std::move(db)), box_(box) {}

  result<fence> take_shard(shard_id shard, const incarnation_id& owner, wall_time now) override;
  result<std::vector<result<void>>> commit(std::span<const write_batch> batches) override;
  result<claimed_rows> claim(const claim_request& request) override;
  result<std::vector<result<void>>> settle(std::span<const settlement> settlements) override;
  result<recovery> recover_claims(const fence& now_owner, const std::vector<known_channel>& known,
                                  wall_time now) override;
  result<recovery> recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                   key_knowledge keys, const std::vector<delivery_id>& carried, wall_time now) override;
  result<std::vector<config_document>> load_configs(const std::optional<tenant_id>& only) override;
  result<std::vector<config_head>> config_heads() override;
  result<std::uint64_t> config_changes() override;
  result<tenant_snapshot> load_tenant(const tenant_id& tenant, const std::string& egress, wall_time now) override;
  result<std::vector<command>> open_commands(const std::optional<tenant_id>& tenant) override;
  result<std::vector<command_result>> decided_commands(const std::vector<std::string>& ids) override;
  result<void> insert_command(const command& what) override;
  result<config_head> replace_config(const config_change& change) override;
  result<void> close_removed(const fence& owner, wall_time now) override;
  result<secret_values> load_secrets(const tenant_id& tenant) override;
  result<void> save_login_budget(const fence& owner, const tenant_id& tenant, const instance_id& instance,
                                 const std::string& egress, const login_budget& budget) override;
  result<std::vector<crash_record>> crashes() override;
  result<void> note_crash(const std::optional<fence>& owner, const tenant_id& tenant, const std::string& actor,
                          wall_time at) override;
  result<void> forget_crashes(const fence& owner, const std::string& actor) override;
  result<std::optional<std::string>> setting(const std::string& key) override;
  result<void> put_setting(const std::string& key, const std::string& value) override;
  result<page<alert>> alerts(const alert_query& query) override;
  result<std::optional<alert>> find_alert(const alert_id& id) override;
  result<page<delivery_row>> deliveries(const delivery_query& query) override;
  result<std::optional<delivery_row>> find_delivery(const delivery_id& id) override;
  result<std::vector<attempt>> attempts(const delivery_id& id) override;
  result<std::optional<call_record>> find_call(const tenant_id& tenant, const delivery_id& call) override;
  result<page<resource_row>> resources(const resource_query& query) override;
  result<std::vector<instance_row>> instances(const std::optional<tenant_id>& tenant) override;
  result<std::vector<mute_row>> mutes(const std::optional<tenant_id>& tenant, wall_time now) override;
  result<std::vector<decision>> decisions(const alert_id& id) override;
  result<page<audit_row>> audit(const audit_query& query) override;
  result<store_figures> figures(wall_time now) override;
  result<audit_verdict> verify_audit() override;
  result<void> probe(wall_time now) override;
  result<void> fold_log() override;
  void interrupt() override { db_->interrupt(); }

private:
  struct chain_end {
    std::uint64_t sequence = 0;
    std::string hash;
  };
  // Chains with new rows, whose heads are signed at the end of the transaction; `begun`: a chain is new.
  struct chain_growth {
    std::set<tenant_id> tenants;
    bool begun = false;
  };
  struct chain_head {
    std::uint64_t sequence = 0;
    std::string mac;
  };
  struct judged {
    delivery_state state = delivery_state::claimed;
    reason why = reason::none;
  };

  // What was asked for in one transaction and may have been written, though its commit failed.
  struct asked_once {
    std::vector<write_batch> batches;
    std::vector<settlement> settlements;
    std::vector<std::pair<claim_request, claimed_rows>> claims; // and what they took
  };
  // Whoever was told `unavailable` of what was written asks again, with the same, and is told then what became of it.
  void settle_doubt();
  [[nodiscard]] bool was_written(const write_batch& batch) const;
  [[nodiscard]] bool was_written(const settlement& what) const;
  [[nodiscard]] std::optional<claimed_rows> taken_before(const claim_request& request) const;
  void forget_claims(const tenant_id& tenant, const channel_id& channel);

  // Runs `work` in one transaction that takes the write lock at once; rolled back when it throws.
  template <class Work>
  auto transact(Work&& work);

  // conflict: somebody else has the shard, or nobody; too_late: its lease has run out, and nobody has taken it.
  [[nodiscard]] result<void> holds(const fence& owner);
  // The same for many writes of one transaction, with one answer for each owner: were the lease lengthened in between, the
  // second batch of a tenant would be written and the first would not.
  using known_owners = std::vector<std::pair<fence, result<void>>>;
  [[nodiscard]] result<void> holds(const fence& owner, known_owners& known);
  // Whether it may still speak for the shard: as long as nobody has taken it, whatever the time.
  [[nodiscard]] result<void> holds_or_held_last(const fence& owner);
  void write(const write_batch& batch);
  void write_alert(const alert& what);
  void suppress(const tenant_id& tenant, const suppression& what, wall_time now);
  void insert_delivery(const write_batch& batch, const delivery& row);
  void write_decision(const tenant_id& tenant, const decision& what);
  void write_calls(const write_batch& batch);
  void load_calls(tenant_snapshot& into, wall_time now);
  void note_what_was_sent(alert& a);
  // False: another row rings there.
  [[nodiscard]] bool is_rung_too_often(const delivery& row, wall_time now);
  bool take_number(const delivery& row, wall_time now);
  [[nodiscard]] bool is_number_taken(const delivery& row, wall_time now);
  void free_number(const tenant_id& tenant, const delivery_id& row);
  void append_audit(const tenant_id& tenant, const audit_entry& entry);
  void sign_chains();
  [[nodiscard]] chain_end& end_of(const tenant_id& tenant);
  [[nodiscard]] std::string mac_of(std::string_view tenant, std::uint64_t sequence, std::string_view hash) const;
  [[nodiscard]] std::optional<chain_head> head_of(std::string_view tenant);
  void write_head(std::string_view tenant, std::uint64_t sequence, std::string_view hash);
  [[nodiscard]] std::uint64_t count_heads();
  [[nodiscard]] bool ends_well(const tenant_id& tenant, const chain_end& end,
                               const std::optional<chain_head>& head) const;
  void verify_end(const tenant_id& tenant, const chain_end& end, audit_verdict& verdict);
  void verify_heads(audit_verdict& verdict);
  void end_claim(const settlement& what);
  void write_outcome(const settlement& what);
  void end_row(const tenant_id& tenant, const delivery_id& id, delivery_state state, reason why, wall_time now);
  struct claim_state {
    const claim_request& request;
    claimed_rows answer;
    std::size_t held = 0; // claimed on this channel, by this claim too
    bool full = false;    // no more may be claimed now
  };
  // Rows of RINGDOWN_DELIVERY_HEAD, and what comes after it, which `each` reads. One that this version cannot read is ended: its
  // channel must not stand still for it.
  template <class Each, class... Values>
  void read_heads_of(const char* sql, wall_time now, Each&& each, const Values&... values);
  template <class... Values>
  [[nodiscard]] std::vector<delivery> readable_heads(const char* sql, wall_time now, const Values&... values);
  struct due_row {
    delivery row;
    std::string content; // as stored: read where it is claimed
  };
  [[nodiscard]] std::vector<due_row> due_rows(const char* sql, const claim_request& request, std::size_t most);
  [[nodiscard]] bool claim_portion(claim_state& state, std::size_t size);
  // Ends or claims one row; false when it stays where it is.
  [[nodiscard]] bool consider(claim_state& state, due_row one);
  void look_ahead(claim_state& state);
  [[nodiscard]] judged judge(const delivery& row, wall_time now);
  [[nodiscard]] judged judge_interrupt(const delivery& row, wall_time now);
  [[nodiscard]] judged judge_summary(const delivery& row, wall_time now);
  [[nodiscard]] judged judge_hand_over(const delivery& row, wall_time now);
  [[nodiscard]] reason barring(const tenant_id& tenant, mask_set masks, wall_time now);
  [[nodiscard]] std::optional<wall_time> first_doubt_of(const delivery& row);
  [[nodiscard]] urgency urgency_of(const delivery& row);
  // As its tenant wrote it last; none: it is no call of a tenant's.
  struct call_standing {
    std::string stage;
    bool first = false; // ring of its alert's ladder
  };
  [[nodiscard]] std::optional<call_standing> standing_of_call(const delivery& row);
  [[nodiscard]] bool newer_waits(const delivery& row);
  [[nodiscard]] bool was_told(const delivery& row);
  void find_remote(delivery& row);
  [[nodiscard]] std::set<std::pair<alert_id, std::uint32_t>> covered_by(const delivery& row);
  void remember_remote(const settlement& what);
  void end_rows_of_removed_channels(shard_id of, wall_time now);
  void end_rows_of(const tenant_id& tenant, const channel_id& removed, wall_time now);
  void resume_or_give_up(const delivery& row, key_knowledge keys, wall_time now, recovery& tally);
  [[nodiscard]] std::vector<config_head> read_heads(const std::optional<tenant_id>& only);
  void end_what_removed_tenants_left(shard_id of, wall_time now);
  void replace_objects(const config_change& change);
  void replace_identities(const config_change& change);
  void replace_secrets(const config_change& change);

  std::unique_ptr<connection> db_;
  secret_box box_;
  asked_once doubted_;                    // of the commit that is in doubt
  asked_once unheard_;                    // that was written; bounded
  std::map<tenant_id, chain_end> chains_; // the audit's last row per tenant; dropped when a transaction fails
  chain_growth grown_;                    // of the transaction under way
};

template <class Work>
auto sql_store::transact(Work&& work) {
  // What is remembered of the audit's ends runs ahead of the database until the commit.
  struct forget_unless_done {
    std::map<tenant_id, chain_end>& chains;
    chain_growth& grown;
    bool done = false;
    ~forget_unless_done() {
      if (!done) chains.clear();
      grown = {};
    }
  } memory{chains_, grown_};
  settle_doubt();
  if (!db_->is_alone()) chains_.clear();
  transaction all(*db_, transaction_kind::write);
  auto made = work();
  if (!made) return made;
  sign_chains();
  all.commit();
  memory.done = true;
  return made;
}

// What claims share, and whoever forbids what they might take holds alone: one is committed before the other looks.
[[nodiscard]] inline std::string claims_of(const tenant_id& tenant) { return "claims/" + tenant.str(); }

// --- rows <-> values (rows.cpp) ----------------------------------------------------------------------------------------
[[nodiscard]] alert read_alert(columns& row);
[[nodiscard]] delivery read_delivery_head(columns& row); // columns of RINGDOWN_DELIVERY_HEAD: no content
[[nodiscard]] notice read_content(const std::string& stored);
[[nodiscard]] delivery read_delivery(columns& row);         // columns of RINGDOWN_DELIVERY_COLUMNS
[[nodiscard]] delivery_row read_delivery_row(columns& row); // the same and owner, epoch, claimed_at, ended
[[nodiscard]] std::string write_times(const std::vector<wall_time>& times);
[[nodiscard]] std::string write_targets(const std::vector<told_target>& targets);

template <class Each, class... Values>
void sql_store::read_heads_of(const char* sql, wall_time now, Each&& each, const Values&... values) {
  std::vector<std::pair<tenant_id, delivery_id>> others;
  db_->rows(
      sql,
      [&](columns& row) {
        columns beginning = row;
        auto tenant = beginning.id<tenant_id>();
        auto id = beginning.id<delivery_id>();
        try {
          each(read_delivery_head(row), row);
        } catch (const unreadable_row&) {
          others.emplace_back(std::move(tenant), std::move(id));
        }
      },
      values...);
  for (const auto& [tenant, id] : others) end_row(tenant, id, delivery_state::dead, reason::poison, now);
}

template <class... Values>
std::vector<delivery> sql_store::readable_heads(const char* sql, wall_time now, const Values&... values) {
  std::vector<delivery> heads;
  read_heads_of(
      sql, now, [&](delivery head, columns&) { heads.push_back(std::move(head)); }, values...);
  return heads;
}

} // namespace ringdown::persistence

// Of a delivery: not ended. Said twice, because each engine knows its index by other words.
#define RINGDOWN_IS_OPEN "state in ('pending', 'claimed') and (state in ('pending', 'claimed')) is true"
// The columns of a delivery as literals, so that statements are literals too.
#define RINGDOWN_DELIVERY_HEAD                                                                                    \
  "tenant, id, channel, kind, event, alert, episode, version, target, step, round, level, state, why, attempts, " \
  "handed, possible_repeat, "                                                                                     \
  "created, not_before, give_up_at, after, reference, answer, trace, progress"
#define RINGDOWN_DELIVERY_COLUMNS RINGDOWN_DELIVERY_HEAD ", content"
#define RINGDOWN_ALERT_COLUMNS                                                                                      \
  "tenant, id, instance, type, kind, key, label, provider, phase, level, told, episode, version, why, detail, "     \
  "opened, since, not_before, resolved, "                                                                           \
  "removed, unseen_since, masks, snoozed_until, parent, settling, first_sight, flapping, drill, changes, current, " \
  "ack_by, ack_via, ack_at, "                                                                                       \
  "ack_episode, reminded, targets, trace, ladder, escalation, backed_up"
