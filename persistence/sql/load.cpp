#include "persistence/cursor.hpp"
#include "persistence/sql/store_impl.hpp"

#include <algorithm>
#include <map>

namespace ringdown::persistence {

namespace {

resource_record read_resource(columns& row) {
  resource_record r;
  r.ref.kind = row.named(parse_resource_kind);
  r.ref.key = row.text();
  r.label = row.text();
  r.state = row.named(parse_resource_state);
  r.since = row.time();
  r.provider = row.text();
  r.number = row.text();
  r.direction = row.named(parse_trunk_direction);
  r.role = row.named(parse_trunk_role);
  r.detail = row.text();
  return r;
}

instance_health read_health(columns& row) {
  instance_health h;
  h.reach = row.named(parse_reachability);
  h.why = row.named(parse_cause);
  h.since = row.time();
  h.blind = row.as<std::uint32_t>();
  h.starting = row.truth();
  h.version = row.text();
  return h;
}

mute read_mute(columns& row) {
  mute m;
  m.scope = row.text() == "type" ? mute_scope::type : mute_scope::everything;
  m.type = parse_alert_type(row.text()).value_or(alert_type::instance_unreachable);
  m.until = row.time();
  m.by = row.text();
  m.text = row.text();
  return m;
}

command read_command(columns& row) {
  command c;
  c.tenant = row.id<tenant_id>();
  c.id = row.text();
  c.kind = row.named(parse_command_kind);
  c.alert = row.id<alert_id>();
  c.episode = row.as<std::uint32_t>();
  c.by = row.text();
  c.via = row.text();
  c.until = row.maybe_time();
  c.subject = row.text();
  c.text = row.text();
  c.at = row.time();
  return c;
}

} // namespace

result<tenant_snapshot> sql_store::load_tenant(const tenant_id& tenant, const std::string& egress, wall_time now) {
  return guard([&]() -> result<tenant_snapshot> {
    tenant_snapshot all;
    all.tenant = tenant;
    db_->rows("select value from setting where key = 'lineage'", [&](columns& row) { all.lineage = row.text(); });
    std::map<instance_id, std::size_t> place; // of each instance's part
    // Resolved ones too: the next fire continues their numbers, and a number used twice would be a delivery made already.
    db_->rows(
        "select " RINGDOWN_ALERT_COLUMNS " from alert where tenant = ?",
        [&](columns& row) { all.alerts.push_back(read_alert(row)); }, tenant);
    for (alert& one : all.alerts) note_what_was_sent(one);
    db_->rows(
        "select instance, reach, why, since, blind, starting, version from instance_health where tenant = ? order by "
        "instance",
        [&](columns& row) {
          auto id = row.id<instance_id>();
          place[id] = all.instances.size();
          all.instances.push_back({std::move(id), read_health(row), {}});
        },
        tenant);
    db_->rows(
        "select instance, kind, key, label, state, since, provider, number, direction, role, detail from resource "
        "where tenant = ? order by instance, kind, key",
        [&](columns& row) {
          const auto id = row.id<instance_id>();
          const auto [at, is_new] = place.try_emplace(id, all.instances.size());
          if (is_new) all.instances.push_back({id, {}, {}});
          all.instances[at->second].resources.push_back(read_resource(row));
        },
        tenant);
    db_->rows(
        "select scope, type, until, by, text from mute where tenant = ? and until > ?",
        [&](columns& row) { all.mutes.push_back(read_mute(row)); }, tenant, now);
    db_->rows(
        "select instance, failures, paused_until, credentials from login_budget where tenant = ? and egress = ?",
        [&](columns& row) {
          auto& budget = all.budgets[row.id<instance_id>()];
          budget.failures = row.as<std::uint32_t>();
          budget.paused_until = row.maybe_time();
          budget.credentials = row.text();
        },
        tenant, egress);
    load_calls(all, now);
    return all;
  });
}

// A row's outcome is stored before its tenant hears of it, and what only says that it was sent is written nowhere else.
void sql_store::note_what_was_sent(alert& a) {
  for (told_target& one : a.targets)
    if (!one.accepted)
      db_->rows(
          "select 1 from delivery where tenant = ? and id = ? and state in ('sent', 'confirmed')",
          [&](columns&) { one.accepted = true; }, a.tenant, one.fire);
}

result<std::vector<command>> sql_store::open_commands(const std::optional<tenant_id>& tenant) {
  return guard([&]() -> result<std::vector<command>> {
    std::vector<command> open;
    db_->rows(
        "select tenant, id, kind, alert, episode, by, via, until, subject, text, at from command where (?1 = '' or "
        "tenant = ?1) and answer is null order by at, id",
        [&](columns& row) { open.push_back(read_command(row)); }, tenant ? tenant->str() : std::string());
    return open;
  });
}

result<std::vector<command_result>> sql_store::decided_commands(const std::vector<std::string>& ids) {
  return guard([&]() -> result<std::vector<command_result>> {
    std::vector<command_result> decided;
    for (const std::string& id : ids)
      db_->rows(
          "select answer, answer_text, answer_delivery from command where id = ? and answer is not null",
          [&](columns& row) {
            const auto answer = row.named(parse_command_answer);
            std::string text = row.text();
            decided.push_back({id, answer, std::move(text), row.id<delivery_id>()});
          },
          id);
    return decided;
  });
}

result<void> sql_store::insert_command(const command& c) {
  return guard([&] {
    return transact([&]() -> result<void> {
      db_->hold(claims_of(c.tenant), hold_kind::alone);
      const int made = db_->run(
          "insert into command(tenant, id, kind, alert, episode, by, via, until, subject, text, at) "
          "values(?,?,?,?,?,?,?,?,?,?,?) on conflict do nothing",
          c.tenant, c.id, name(c.kind), c.alert, c.episode, c.by, c.via, c.until, c.subject, c.text, c.at);
      if (made == 0) return failure{failure_kind::conflict, "that command was stored before"};
      db_->announce();
      return {};
    });
  });
}

namespace {

#define RINGDOWN_PUT_BUDGET                                                                  \
  "insert into login_budget(tenant, instance, egress, failures, paused_until, credentials) " \
  "values(?,?,?,?,?,?) on conflict(tenant, instance, egress) do update set "
constexpr const char* set_budget_sql = RINGDOWN_PUT_BUDGET
    "failures = excluded.failures, paused_until = excluded.paused_until, credentials = excluded.credentials";
constexpr const char* raise_budget_sql = RINGDOWN_PUT_BUDGET
    "failures = case when excluded.failures > login_budget.failures then excluded.failures else "
    "login_budget.failures end, paused_until = case when login_budget.paused_until is null or excluded.paused_until > "
    "login_budget.paused_until then excluded.paused_until else login_budget.paused_until end where "
    "login_budget.credentials = excluded.credentials";

} // namespace

result<void> sql_store::save_login_budget(const fence& owner, const tenant_id& tenant, const instance_id& instance,
                                          const std::string& egress, const login_budget& budget) {
  return guard([&] {
    return transact([&]() -> result<void> {
      db_->post(holds_or_held_last(owner) ? set_budget_sql : raise_budget_sql, tenant, instance, egress,
                budget.failures, budget.paused_until, budget.credentials);
      return {};
    });
  });
}

result<std::optional<std::string>> sql_store::setting(const std::string& key) {
  return guard([&]() -> result<std::optional<std::string>> {
    std::optional<std::string> value;
    db_->rows(
        "select value from setting where key = ?", [&](columns& row) { value = row.text(); }, key);
    return value;
  });
}

result<void> sql_store::put_setting(const std::string& key, const std::string& value) {
  return guard([&] {
    return transact([&]() -> result<void> {
      db_->post("insert into setting(key, value) values(?, ?) on conflict(key) do update set value = excluded.value",
                key, value);
      return {};
    });
  });
}

result<page<resource_row>> sql_store::resources(const resource_query& query) {
  return guard([&]() -> result<page<resource_row>> {
    page<resource_row> found;
    std::string kinds; // ",trunk,bridge,"
    for (const resource_kind one : query.kinds) kinds += (kinds.empty() ? "," : "") + std::string(name(one)) + ",";
    const auto beyond = read_cursor(query.cursor, 4);
    if (!beyond) return foreign_cursor();
    db_->rows(
        "select tenant, instance, kind, key, label, state, since, provider, number, direction, role, detail from "
        "resource where (?1 = '' or tenant = ?1) and (?2 = '' or instance = ?2) and (?3 = '' or instr(?3, ',' || kind "
        "|| ',') > 0) and (tenant, instance, kind, key) > (?4, ?5, ?6, ?7) order by tenant, instance, kind, key limit "
        "?8",
        [&](columns& row) {
          auto tenant = row.id<tenant_id>();
          auto instance = row.id<instance_id>();
          found.items.push_back({std::move(tenant), std::move(instance), read_resource(row)});
        },
        query.tenant ? query.tenant->str() : std::string(), query.instance ? query.instance->str() : std::string(),
        kinds, (*beyond)[0], (*beyond)[1], (*beyond)[2], (*beyond)[3], query.limit + 1);
    end_page(found, query.limit, [](const resource_row& last) {
      return write_cursor(
          {last.tenant.str(), last.instance.str(), std::string(name(last.record.ref.kind)), last.record.ref.key});
    });
    return found;
  });
}

result<std::vector<mute_row>> sql_store::mutes(const std::optional<tenant_id>& tenant, wall_time now) {
  return guard([&]() -> result<std::vector<mute_row>> {
    std::vector<mute_row> found;
    db_->rows(
        "select tenant, scope, type, until, by, text from mute where (?1 = '' or tenant = ?1) and until > ?2 order by "
        "tenant, scope, type",
        [&](columns& row) {
          auto id = row.id<tenant_id>();
          found.push_back({std::move(id), read_mute(row)});
        },
        tenant ? tenant->str() : std::string(), now);
    return found;
  });
}

result<std::vector<instance_row>> sql_store::instances(const std::optional<tenant_id>& tenant) {
  return guard([&]() -> result<std::vector<instance_row>> {
    std::vector<instance_row> found;
    db_->rows(
        "select tenant, instance, reach, why, since, blind, starting, version from instance_health where (?1 = '' or "
        "tenant = ?1) order by tenant, instance",
        [&](columns& row) {
          auto id = row.id<tenant_id>();
          auto instance = row.id<instance_id>();
          found.push_back({std::move(id), std::move(instance), read_health(row)});
        },
        tenant ? tenant->str() : std::string());
    return found;
  });
}

} // namespace ringdown::persistence
