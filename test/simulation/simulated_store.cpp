#include "test/simulation/simulated_store.hpp"

#include <utility>

namespace ringdown::simulation {

using namespace persistence;

simulated_store::simulated_store(std::unique_ptr<persistence::store> real, std::shared_ptr<process> of, site at)
    : real_(std::move(real)),
      process_(std::move(of)),
      at_(std::move(at)) {}

template <class T>
result<T> simulated_store::away() {
  return failure{failure_kind::unavailable, "the disk is away"};
}

template <class T, class Ask>
result<T> simulated_store::read(Ask&& ask) {
  return is_away() ? away<T>() : std::forward<Ask>(ask)();
}

// A process that dies after its commit has told, but does not hear the answer.
template <class T, class Do, class Tell>
result<T> simulated_store::write(Do&& act, Tell&& told) {
  if (!may_write()) return away<T>();
  if (at_.gate != nullptr) at_.gate->enter();
  auto said = std::forward<Do>(act)();
  if (said) std::forward<Tell>(told)(said);
  process_->wrote();
  return process_->dead() ? away<T>() : std::move(said);
}

template <class Later>
bool simulated_store::is_delayed(fenced_write what, Later&& later) {
  if (at_.gate == nullptr || is_away() || !at_.gate->may_write() || !at_.gate->delays(what)) return false;
  at_.gate->arrives_late(std::forward<Later>(later)());
  return true;
}

result<fence> simulated_store::take_shard(shard_id shard, const incarnation_id& owner, wall_time now) {
  return write<fence>([&] { return real_->take_shard(shard, owner, now); },
                      [&](const auto& said) {
                        tell(life_began{*said, at_.seat});
                      });
}

result<std::vector<result<void>>> simulated_store::commit(std::span<const write_batch> batches) {
  if (at_.disk.refusals > 0 && !is_away()) {
    --at_.disk.refusals;
    return failure{failure_kind::internal, "planted: a commit is refused"};
  }
  const auto later = [&] {
    return [kept = std::vector(batches.begin(), batches.end())](store& to) { static_cast<void>(to.commit(kept)); };
  };
  if (is_delayed(fenced_write::commit, later)) return away<std::vector<result<void>>>();
  return write<std::vector<result<void>>>([&] { return real_->commit(batches); },
                                          [&](const auto& said) {
                                            for (std::size_t i = 0; i < batches.size(); ++i)
                                              if ((*said)[i])
                                                tell(batch_kept{std::make_shared<const write_batch>(batches[i])});
                                          });
}

result<claimed_rows> simulated_store::claim(const claim_request& request) {
  const auto later = [&] { return [request](store& to) { static_cast<void>(to.claim(request)); }; };
  if (is_delayed(fenced_write::claim, later)) return away<claimed_rows>();
  return write<claimed_rows>([&] { return real_->claim(request); },
                             [&](const auto& said) {
                               if (!said->rows.empty() || !said->ended.empty())
                                 tell(rows_taken{request.tenant, request.channel, request.owner, *said});
                             });
}

result<std::vector<result<void>>> simulated_store::settle(std::span<const settlement> settlements) {
  const auto later = [&] {
    return
        [kept = std::vector(settlements.begin(), settlements.end())](store& to) { static_cast<void>(to.settle(kept)); };
  };
  if (is_delayed(fenced_write::settle, later)) return away<std::vector<result<void>>>();
  return write<std::vector<result<void>>>([&] { return real_->settle(settlements); },
                                          [&](const auto& said) {
                                            for (std::size_t i = 0; i < settlements.size(); ++i)
                                              if ((*said)[i]) tell(outcome_kept{settlements[i]});
                                          });
}

result<recovery> simulated_store::recover_claims(const fence& now_owner, const std::vector<known_channel>& known,
                                                 wall_time now) {
  return write<recovery>([&] { return real_->recover_claims(now_owner, known, now); },
                         [&](const auto&) {
                           tell(claims_recovered{{}, {}, {}, at_.seat});
                         });
}

result<recovery> simulated_store::recover_channel(const tenant_id& tenant, const channel_id& channel,
                                                  const fence& owner, key_knowledge keys,
                                                  const std::vector<delivery_id>& carried, wall_time now) {
  return write<recovery>([&] { return real_->recover_channel(tenant, channel, owner, keys, carried, now); },
                         [&](const auto&) {
                           tell(claims_recovered{tenant, channel, carried, at_.seat});
                         });
}

result<void> simulated_store::insert_command(const command& what) {
  return write<void>([&] { return real_->insert_command(what); }, [&](const auto&) { tell(command_kept{what}); });
}

result<config_head> simulated_store::replace_config(const config_change& change) {
  return write<config_head>([&] { return real_->replace_config(change); }, [](const auto&) {});
}
result<void> simulated_store::save_login_budget(const fence& owner, const tenant_id& tenant,
                                                const instance_id& instance, const std::string& egress,
                                                const login_budget& budget) {
  return write<void>([&] { return real_->save_login_budget(owner, tenant, instance, egress, budget); },
                     [](const auto&) {});
}
result<void> simulated_store::note_crash(const std::optional<fence>& owner, const tenant_id& tenant,
                                         const std::string& actor, wall_time at) {
  return write<void>([&] { return real_->note_crash(owner, tenant, actor, at); }, [](const auto&) {});
}
result<void> simulated_store::forget_crashes(const fence& owner, const std::string& actor) {
  return write<void>([&] { return real_->forget_crashes(owner, actor); }, [](const auto&) {});
}
result<void> simulated_store::put_setting(const std::string& key, const std::string& value) {
  return write<void>([&] { return real_->put_setting(key, value); }, [](const auto&) {});
}
result<void> simulated_store::close_removed(const fence& owner, wall_time now) {
  return write<void>([&] { return real_->close_removed(owner, now); }, [](const auto&) {});
}
result<void> simulated_store::probe(wall_time now) {
  return write<void>([&] { return real_->probe(now); }, [](const auto&) {});
}

// Changes nothing that anybody can see.
result<void> simulated_store::fold_log() { return real_->fold_log(); }

result<std::vector<config_document>> simulated_store::load_configs(const std::optional<tenant_id>& only) {
  return read<std::vector<config_document>>([&] { return real_->load_configs(only); });
}
result<tenant_snapshot> simulated_store::load_tenant(const tenant_id& tenant, const std::string& egress,
                                                     wall_time now) {
  return read<tenant_snapshot>([&] { return real_->load_tenant(tenant, egress, now); });
}
result<std::uint64_t> simulated_store::config_changes() {
  return read<std::uint64_t>([&] { return real_->config_changes(); });
}

result<std::vector<config_head>> simulated_store::config_heads() {
  return read<std::vector<config_head>>([&] { return real_->config_heads(); });
}

result<std::vector<command_result>> simulated_store::decided_commands(const std::vector<std::string>& ids) {
  return read<std::vector<command_result>>([&] { return real_->decided_commands(ids); });
}

result<std::vector<command>> simulated_store::open_commands(const std::optional<tenant_id>& tenant) {
  return read<std::vector<command>>([&] { return real_->open_commands(tenant); });
}
result<secret_values> simulated_store::load_secrets(const tenant_id& tenant) {
  return read<secret_values>([&] { return real_->load_secrets(tenant); });
}
result<std::vector<crash_record>> simulated_store::crashes() {
  return read<std::vector<crash_record>>([&] { return real_->crashes(); });
}
result<std::optional<std::string>> simulated_store::setting(const std::string& key) {
  return read<std::optional<std::string>>([&] { return real_->setting(key); });
}
result<page<alert>> simulated_store::alerts(const alert_query& query) {
  return read<page<alert>>([&] { return real_->alerts(query); });
}
result<std::optional<alert>> simulated_store::find_alert(const alert_id& id) {
  return read<std::optional<alert>>([&] { return real_->find_alert(id); });
}
result<page<delivery_row>> simulated_store::deliveries(const delivery_query& query) {
  return read<page<delivery_row>>([&] { return real_->deliveries(query); });
}
result<std::optional<delivery_row>> simulated_store::find_delivery(const delivery_id& id) {
  return read<std::optional<delivery_row>>([&] { return real_->find_delivery(id); });
}
result<std::optional<call_record>> simulated_store::find_call(const tenant_id& tenant, const delivery_id& call) {
  return read<std::optional<call_record>>([&] { return real_->find_call(tenant, call); });
}
result<std::vector<attempt>> simulated_store::attempts(const delivery_id& id) {
  return read<std::vector<attempt>>([&] { return real_->attempts(id); });
}
result<page<resource_row>> simulated_store::resources(const resource_query& query) {
  return read<page<resource_row>>([&] { return real_->resources(query); });
}
result<std::vector<instance_row>> simulated_store::instances(const std::optional<tenant_id>& tenant) {
  return read<std::vector<instance_row>>([&] { return real_->instances(tenant); });
}
result<std::vector<mute_row>> simulated_store::mutes(const std::optional<tenant_id>& tenant, wall_time now) {
  return read<std::vector<mute_row>>([&] { return real_->mutes(tenant, now); });
}
result<std::vector<decision>> simulated_store::decisions(const alert_id& id) {
  return read<std::vector<decision>>([&] { return real_->decisions(id); });
}
result<page<audit_row>> simulated_store::audit(const audit_query& query) {
  return read<page<audit_row>>([&] { return real_->audit(query); });
}
result<store_figures> simulated_store::figures(wall_time now) {
  return read<store_figures>([&] { return real_->figures(now); });
}
result<audit_verdict> simulated_store::verify_audit() {
  return read<audit_verdict>([&] { return real_->verify_audit(); });
}
void simulated_store::interrupt() { real_->interrupt(); }

} // namespace ringdown::simulation
