#include "persistence/sql/store_impl.hpp"

#include <set>

namespace ringdown::persistence {

std::vector<config_head> sql_store::read_heads(const std::optional<tenant_id>& only) {
  std::vector<config_head> all;
  db_->rows(
      "select d.tenant, d.version, coalesce(t.shard, 0) from config_document d left join tenant_shard t on t.tenant = "
      "d.tenant where ?1 = '' or d.tenant = ?1 order by d.tenant",
      [&](columns& row) {
        config_head one;
        one.tenant = row.id<tenant_id>();
        one.version = row.as<std::uint64_t>();
        one.shard = row.as<shard_id>();
        all.push_back(std::move(one));
      },
      only ? only->str() : std::string());
  return all;
}

result<std::vector<config_head>> sql_store::config_heads() {
  return guard([&]() -> result<std::vector<config_head>> { return read_heads({}); });
}

result<std::uint64_t> sql_store::config_changes() {
  return guard([&]() -> result<std::uint64_t> {
    std::uint64_t all = 0;
    db_->rows("select cast(coalesce(sum(configs), 0) as bigint) from tenant_shard",
              [&](columns& row) { all = row.as<std::uint64_t>(); });
    return all;
  });
}

result<std::vector<config_document>> sql_store::load_configs(const std::optional<tenant_id>& only) {
  return guard([&]() -> result<std::vector<config_document>> {
    std::vector<config_document> all;
    for (config_head& one : read_heads(only)) all.push_back({std::move(one.tenant), one.version, {}, one.shard});
    for (config_document& one : all)
      db_->rows(
          "select kind, id, managed_by, body from config_object where tenant = ? order by kind, id",
          [&](columns& row) {
            config_object object;
            object.kind = row.text();
            object.id = row.text();
            object.managed_by = row.text();
            object.body = row.text();
            one.objects.push_back(std::move(object));
          },
          one.tenant);
    return all;
  });
}

result<secret_values> sql_store::load_secrets(const tenant_id& tenant) {
  return guard([&]() -> result<secret_values> {
    secret_values all;
    std::optional<failure> broken;
    db_->rows(
        "select name, sealed from secret where tenant = ?",
        [&](columns& row) {
          const std::string name = row.text();
          auto opened = box_.open(tenant.str() + "/" + name, row.text());
          if (opened)
            all[name] = std::move(*opened);
          else
            broken = opened.error();
          return !broken.has_value();
        },
        tenant);
    if (broken) return *broken;
    return all;
  });
}

void sql_store::replace_objects(const config_change& change) {
  db_->post("delete from config_object where tenant = ? and managed_by = 'file'", change.tenant);
  for (const config_object& one : change.objects)
    db_->post(
        "insert into config_object(tenant, kind, id, managed_by, body) values(?,?,?,?,?) on conflict(tenant, kind, id) "
        "do nothing",
        change.tenant, one.kind, one.id, one.managed_by, one.body);
  db_->post(
      "update delivery set state = 'suppressed', why = 'channel_removed', ended = ?1 where tenant = ?2 and state = "
      "'pending' and not exists(select 1 from config_object c where c.tenant = ?2 and c.kind = 'channel' and c.id = "
      "delivery.channel)",
      change.at, change.tenant);
}

void sql_store::replace_identities(const config_change& change) {
  db_->post("delete from instance_identity where tenant = ?", change.tenant);
  std::set<std::string> stays;
  for (const auto& one : change.identities) {
    stays.insert(one.instance.str());
    // A taken identity is a constraint failure: the whole change is refused, without naming the owner.
    db_->post("insert into instance_identity(host, client, tenant, instance) values(?,?,?,?)", one.host, one.client,
              change.tenant, one.instance);
  }
  std::vector<std::string> seen;
  db_->rows(
      "select instance from instance_health where tenant = ?", [&](columns& row) { seen.push_back(row.text()); },
      change.tenant);
  for (const std::string& instance : seen) {
    if (stays.contains(instance)) continue;
    db_->post("delete from instance_health where tenant = ? and instance = ?", change.tenant, instance);
    db_->post("delete from resource where tenant = ? and instance = ?", change.tenant, instance);
    db_->post("delete from login_budget where tenant = ? and instance = ?", change.tenant, instance);
  }
}

void sql_store::replace_secrets(const config_change& change) {
  for (const auto& [name, value] : change.secrets) {
    const std::string sealed = box_.seal(change.tenant.str() + "/" + name, value);
    db_->post(
        "insert into secret(tenant, name, sealed) values(?,?,?) on conflict(tenant, name) do update set sealed = "
        "excluded.sealed",
        change.tenant, name, blob{sealed});
  }
  // TOML quotes a string in either of two ways.
  std::vector<std::string> unused;
  db_->rows(
      "select name from secret s where tenant = ?1 and not exists(select 1 from config_object c where c.tenant = ?1 "
      "and (instr(c.body, '\"' || s.name || '\"') > 0 or instr(c.body, '''' || s.name || '''') > 0))",
      [&](columns& row) { unused.push_back(row.text()); }, change.tenant);
  for (const std::string& name : unused)
    db_->post("delete from secret where tenant = ? and name = ?", change.tenant, name);
}

#define RINGDOWN_OF_REMOVED                                                                                           \
  "tenant in (select s.tenant from tenant_shard s where s.shard = ?2 and not exists(select 1 from config_document d " \
  "where d.tenant = s.tenant))"

void sql_store::end_what_removed_tenants_left(shard_id of, wall_time now) {
  db_->post(
      "update alert set phase = 'resolved', resolved = ?1, removed = 1 where phase <> 'resolved' "
      "and " RINGDOWN_OF_REMOVED,
      now, of);
  db_->post(
      "update delivery set state = case when state = 'claimed' or possible_repeat <> 0 then 'unknown' else "
      "'suppressed' end, why = 'channel_removed', ended = ?1, owner = null, epoch = null, claimed_at = null "
      "where " RINGDOWN_IS_OPEN " and " RINGDOWN_OF_REMOVED,
      now, of);
}

result<void> sql_store::close_removed(const fence& owner, wall_time now) {
  return guard([&] {
    return transact([&]() -> result<void> {
      if (auto ours = holds(owner); !ours) return ours;
      end_what_removed_tenants_left(owner.shard, now);
      return {};
    });
  });
}

result<config_head> sql_store::replace_config(const config_change& change) {
  auto done = guard([&] {
    return transact([&]() -> result<config_head> {
      db_->hold(claims_of(change.tenant), hold_kind::alone);
      if (change.remove_tenant) db_->post("delete from config_object where tenant = ?", change.tenant);
      replace_objects(change);
      replace_identities(change);
      replace_secrets(change);
      db_->post(
          "insert into tenant_shard(tenant, shard, instances, configs) values(?,?,?,1) on conflict(tenant) do update "
          "set "
          "instances = excluded.instances, configs = tenant_shard.configs + 1",
          change.tenant, change.shard, static_cast<std::uint64_t>(change.identities.size()));
      if (change.remove_tenant) {
        db_->post("delete from config_document where tenant = ?", change.tenant);
        db_->post("delete from secret where tenant = ?", change.tenant);
        db_->post(
            "update alert set phase = 'resolved', resolved = ?, removed = 1 where tenant = ? and phase <> 'resolved'",
            change.at, change.tenant);
      } else {
        db_->post(
            "insert into config_document(tenant, version) select tenant, configs from tenant_shard where tenant = ? on "
            "conflict(tenant) do update set version = excluded.version",
            change.tenant);
      }
      append_audit(change.tenant, {change.actor, change.remove_tenant ? "tenant.removed" : "config.applied",
                                   "tenant/" + change.tenant.str(), change.summary, change.at});
      db_->announce();
      auto now = read_heads(change.tenant);
      return now.empty() ? config_head{change.tenant, 0, 0} : std::move(now.front());
    });
  });
  if (!done && done.error().kind == failure_kind::conflict)
    return failure{failure_kind::conflict,
                   "an instance with the same host and client id is configured already, in this tenant or another"};
  return done;
}

} // namespace ringdown::persistence
