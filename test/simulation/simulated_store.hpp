// The real store behind a decorator that can be away, dies with its process, and writes down what became durable. Everything
// else is forwarded.
#pragma once

#include "persistence/store.hpp"
#include "test/simulation/journal.hpp"
#include "test/simulation/process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ringdown::simulation {

// Outlives the processes of a world: a disk, or in a cluster a node's way to the database.
struct disk_state {
  bool away = false;
  bool cut = false;  // this node's way alone
  bool slow = false; // whoever asks it waits now and then
  int refusals = 0;  // of the next commits
};

enum class fenced_write : std::uint8_t { commit, claim, settle };

// What a node of a cluster passes on its way to the database. In a world of one node there is none.
class store_gate {
public:
  virtual ~store_gate() = default;
  [[nodiscard]] virtual bool may_write() = 0; // whoever writes believes in its lease
  virtual void enter() = 0;                   // the next write arrives now
  // True: this write has left, arrives when somebody else has taken the shard, and its writer hears nothing of it.
  [[nodiscard]] virtual bool delays(fenced_write what) = 0;
  virtual void arrives_late(std::function<void(persistence::store&)> what) = 0;
};

class simulated_store final : public persistence::store {
public:
  struct site {
    disk_state& disk;
    journal& told;
    std::function<instant()> true_time; // the world's
    seat_id seat = 0;
    store_gate* gate = nullptr;
  };
  simulated_store(std::unique_ptr<persistence::store> real, std::shared_ptr<process> of, site at);

  result<fence> take_shard(shard_id shard, const incarnation_id& owner, wall_time now) override;
  result<std::vector<result<void>>> commit(std::span<const persistence::write_batch> batches) override;
  result<persistence::claimed_rows> claim(const persistence::claim_request& request) override;
  result<std::vector<result<void>>> settle(std::span<const persistence::settlement> settlements) override;
  result<persistence::recovery> recover_claims(const fence& now_owner,
                                               const std::vector<persistence::known_channel>& known,
                                               wall_time now) override;
  result<persistence::recovery> recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                                persistence::key_knowledge keys,
                                                const std::vector<delivery_id>& carried, wall_time now) override;
  result<std::vector<persistence::config_document>> load_configs(const std::optional<tenant_id>& only) override;
  result<std::vector<persistence::config_head>> config_heads() override;
  result<std::uint64_t> config_changes() override;
  result<void> close_removed(const fence& owner, wall_time now) override;
  result<persistence::tenant_snapshot> load_tenant(const tenant_id& tenant, const std::string& egress,
                                                   wall_time now) override;
  result<std::vector<command>> open_commands(const std::optional<tenant_id>& tenant) override;
  result<std::vector<command_result>> decided_commands(const std::vector<std::string>& ids) override;
  result<void> insert_command(const command& what) override;
  result<persistence::config_head> replace_config(const persistence::config_change& change) override;
  result<persistence::secret_values> load_secrets(const tenant_id& tenant) override;
  result<void> save_login_budget(const fence& owner, const tenant_id& tenant, const instance_id& instance,
                                 const std::string& egress, const persistence::login_budget& budget) override;
  result<std::vector<persistence::crash_record>> crashes() override;
  result<void> note_crash(const std::optional<fence>& owner, const tenant_id& tenant, const std::string& actor,
                          wall_time at) override;
  result<void> forget_crashes(const fence& owner, const std::string& actor) override;
  result<std::optional<std::string>> setting(const std::string& key) override;
  result<void> put_setting(const std::string& key, const std::string& value) override;
  result<persistence::page<alert>> alerts(const persistence::alert_query& query) override;
  result<std::optional<alert>> find_alert(const alert_id& id) override;
  result<persistence::page<persistence::delivery_row>> deliveries(const persistence::delivery_query& query) override;
  result<std::optional<persistence::delivery_row>> find_delivery(const delivery_id& id) override;
  result<std::vector<attempt>> attempts(const delivery_id& id) override;
  result<std::optional<call_record>> find_call(const tenant_id& tenant, const delivery_id& call) override;
  result<persistence::page<persistence::resource_row>> resources(const persistence::resource_query& query) override;
  result<std::vector<persistence::instance_row>> instances(const std::optional<tenant_id>& tenant) override;
  result<std::vector<persistence::mute_row>> mutes(const std::optional<tenant_id>& tenant, wall_time now) override;
  result<std::vector<decision>> decisions(const alert_id& id) override;
  result<persistence::page<persistence::audit_row>> audit(const persistence::audit_query& query) override;
  result<persistence::store_figures> figures(wall_time now) override;
  result<persistence::audit_verdict> verify_audit() override;
  result<void> probe(wall_time now) override;
  result<void> fold_log() override;
  void interrupt() override;

private:
  [[nodiscard]] bool is_away() const { return at_.disk.away || at_.disk.cut || process_->dead(); }
  [[nodiscard]] bool may_write() {
    return !is_away() && (at_.gate == nullptr || at_.gate->may_write()) && process_->may_write();
  }
  void tell(happening what) { at_.told.write(at_.true_time(), std::move(what)); }
  template <class Later>
  [[nodiscard]] bool is_delayed(fenced_write what, Later&& later);
  template <class T>
  [[nodiscard]] static result<T> away();
  template <class T, class Ask>
  [[nodiscard]] result<T> read(Ask&& ask);
  template <class T, class Do, class Tell>
  [[nodiscard]] result<T> write(Do&& act, Tell&& told);

  std::unique_ptr<persistence::store> real_;
  std::shared_ptr<process> process_; // shared with everything the process reaches the world by
  site at_;
};

} // namespace ringdown::simulation
