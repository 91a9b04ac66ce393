// The real store, and how long each of its commits took. Everything else is forwarded.
#pragma once

#include "persistence/store.hpp"
#include "test/bench/commit_load.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace ringdown::bench {

class timed_store final : public persistence::store {
public:
  explicit timed_store(std::unique_ptr<persistence::store> real) : real_(std::move(real)) {}

  // Of the thread that commits; read by others only when it commits no more.
  [[nodiscard]] const std::vector<timed_commit>& commits() const { return commits_; }
  [[nodiscard]] std::chrono::nanoseconds longest_fold() const { return longest_fold_; }

  result<std::vector<result<void>>> commit(std::span<const persistence::write_batch> batches) override {
    const auto begun = std::chrono::steady_clock::now();
    auto verdicts = real_->commit(batches);
    commits_.push_back({batches.size(), std::chrono::steady_clock::now() - begun});
    return verdicts;
  }

  result<fence> take_shard(shard_id shard, const incarnation_id& owner, wall_time now) override {
    return real_->take_shard(shard, owner, now);
  }
  result<persistence::claimed_rows> claim(const persistence::claim_request& request) override {
    return real_->claim(request);
  }
  result<std::vector<result<void>>> settle(std::span<const persistence::settlement> settlements) override {
    return real_->settle(settlements);
  }
  result<persistence::recovery> recover_claims(const fence& now_owner,
                                               const std::vector<persistence::known_channel>& known,
                                               wall_time now) override {
    return real_->recover_claims(now_owner, known, now);
  }
  result<persistence::recovery> recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                                persistence::key_knowledge keys,
                                                const std::vector<delivery_id>& carried, wall_time now) override {
    return real_->recover_channel(tenant, channel, owner, keys, carried, now);
  }
  result<std::vector<persistence::config_document>> load_configs(const std::optional<tenant_id>& only) override {
    return real_->load_configs(only);
  }
  result<std::vector<persistence::config_head>> config_heads() override { return real_->config_heads(); }
  result<std::uint64_t> config_changes() override { return real_->config_changes(); }
  result<void> close_removed(const fence& owner, wall_time now) override { return real_->close_removed(owner, now); }
  result<persistence::tenant_snapshot> load_tenant(const tenant_id& tenant, const std::string& egress,
                                                   wall_time now) override {
    return real_->load_tenant(tenant, egress, now);
  }
  result<std::vector<command>> open_commands(const std::optional<tenant_id>& tenant) override {
    return real_->open_commands(tenant);
  }
  result<std::vector<command_result>> decided_commands(const std::vector<std::string>& ids) override {
    return real_->decided_commands(ids);
  }
  result<void> insert_command(const command& what) override { return real_->insert_command(what); }
  result<persistence::config_head> replace_config(const persistence::config_change& change) override {
    return real_->replace_config(change);
  }
  result<persistence::secret_values> load_secrets(const tenant_id& tenant) override {
    return real_->load_secrets(tenant);
  }
  result<void> save_login_budget(const fence& owner, const tenant_id& tenant, const instance_id& instance,
                                 const std::string& egress, const persistence::login_budget& budget) override {
    return real_->save_login_budget(owner, tenant, instance, egress, budget);
  }
  result<std::vector<persistence::crash_record>> crashes() override { return real_->crashes(); }
  result<void> note_crash(const std::optional<fence>& owner, const tenant_id& tenant, const std::string& actor,
                          wall_time at) override {
    return real_->note_crash(owner, tenant, actor, at);
  }
  result<void> forget_crashes(const fence& owner, const std::string& actor) override {
    return real_->forget_crashes(owner, actor);
  }
  result<std::optional<std::string>> setting(const std::string& key) override { return real_->setting(key); }
  result<void> put_setting(const std::string& key, const std::string& value) override {
    return real_->put_setting(key, value);
  }
  result<persistence::page<alert>> alerts(const persistence::alert_query& query) override {
    return real_->alerts(query);
  }
  result<std::optional<alert>> find_alert(const alert_id& id) override { return real_->find_alert(id); }
  result<persistence::page<persistence::delivery_row>> deliveries(const persistence::delivery_query& query) override {
    return real_->deliveries(query);
  }
  result<std::optional<persistence::delivery_row>> find_delivery(const delivery_id& id) override {
    return real_->find_delivery(id);
  }
  result<std::vector<attempt>> attempts(const delivery_id& id) override { return real_->attempts(id); }
  result<std::optional<call_record>> find_call(const tenant_id& tenant, const delivery_id& call) override {
    return real_->find_call(tenant, call);
  }
  result<persistence::page<persistence::resource_row>> resources(const persistence::resource_query& query) override {
    return real_->resources(query);
  }
  result<std::vector<persistence::instance_row>> instances(const std::optional<tenant_id>& tenant) override {
    return real_->instances(tenant);
  }
  result<std::vector<persistence::mute_row>> mutes(const std::optional<tenant_id>& tenant, wall_time now) override {
    return real_->mutes(tenant, now);
  }
  result<std::vector<decision>> decisions(const alert_id& id) override { return real_->decisions(id); }
  result<persistence::page<persistence::audit_row>> audit(const persistence::audit_query& query) override {
    return real_->audit(query);
  }
  result<persistence::store_figures> figures(wall_time now) override { return real_->figures(now); }
  result<persistence::audit_verdict> verify_audit() override { return real_->verify_audit(); }
  result<void> probe(wall_time now) override { return real_->probe(now); }
  result<void> fold_log() override {
    const auto begun = std::chrono::steady_clock::now();
    auto folded = real_->fold_log();
    longest_fold_ = std::max(longest_fold_, std::chrono::steady_clock::now() - begun);
    return folded;
  }
  void interrupt() override { real_->interrupt(); }

private:
  std::unique_ptr<persistence::store> real_;
  std::vector<timed_commit> commits_;
  std::chrono::nanoseconds longest_fold_{};
};

} // namespace ringdown::bench
