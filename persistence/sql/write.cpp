#include "persistence/sql/store_impl.hpp"
#include "protocol/wire/notice_json.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::persistence {

namespace {

// All but those of its key and its indexes, each with the number of its parameter, which is its place in RINGDOWN_ALERT_COLUMNS.
#define RINGDOWN_ALERT_CHANGES(VALUE) \
  "type = " VALUE(type, 4) ", kind = " VALUE(kind, 5) ", key = " VALUE(key, 6) ", label = " VALUE(label, 7)            \
  ", provider = " VALUE(provider, 8) ", level = " VALUE(level, 10) ", told = " VALUE(told, 11)                         \
  ", episode = " VALUE(episode, 12) ", version = " VALUE(version, 13) ", why = " VALUE(why, 14)                        \
  ", detail = " VALUE(detail, 15) ", since = " VALUE(since, 17) ", not_before = " VALUE(not_before, 18)                \
  ", resolved = " VALUE(resolved, 19) ", removed = " VALUE(removed, 20) ", unseen_since = " VALUE(unseen_since, 21)    \
  ", masks = " VALUE(masks, 22) ", snoozed_until = " VALUE(snoozed_until, 23) ", parent = " VALUE(parent, 24)          \
  ", settling = " VALUE(settling, 25) ", first_sight = " VALUE(first_sight, 26) ", flapping = " VALUE(flapping, 27)    \
  ", drill = " VALUE(drill, 28) ", changes = " VALUE(changes, 29) ", current = " VALUE(current, 30)                    \
  ", ack_by = " VALUE(ack_by, 31) ", ack_via = " VALUE(ack_via, 32) ", ack_at = " VALUE(ack_at, 33)                    \
  ", ack_episode = " VALUE(ack_episode, 34) ", reminded = " VALUE(reminded, 35) ", targets = " VALUE(targets, 36)      \
  ", trace = " VALUE(trace, 37) ", ladder = " VALUE(ladder, 38) ", escalation = " VALUE(escalation, 39)                \
  ", backed_up = " VALUE(backed_up, 40)
#define RINGDOWN_BY_NUMBER(COLUMN, NUMBER) "?" #NUMBER
#define RINGDOWN_BY_NAME(COLUMN, NUMBER) "excluded." #COLUMN
// Mostly an alert stays open or closed as it is, and only its own row is written: no index.
constexpr row_statement alert_row{
    "insert into alert(" RINGDOWN_ALERT_COLUMNS
    ") values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict(tenant, id) "
    "do update set instance = excluded.instance, phase = excluded.phase, opened = "
    "excluded.opened, " RINGDOWN_ALERT_CHANGES(RINGDOWN_BY_NAME),
    row_kind::put,
    "update alert set " RINGDOWN_ALERT_CHANGES(
        RINGDOWN_BY_NUMBER) " where tenant = ?1 and id = ?2 and instance = ?3 and phase = ?9 and opened = ?16"};
constexpr row_statement resource_row_of_batch{
    "insert into resource(tenant, instance, kind, key, label, state, since, provider, number, direction, role, detail) "
    "values(?,?,?,?,?,?,?,?,?,?,?,?) on conflict(tenant, instance, kind, key) do update set label = excluded.label, "
    "state = excluded.state, since = excluded.since, provider = excluded.provider, number = excluded.number, "
    "direction = excluded.direction, role = excluded.role, detail = excluded.detail",
    row_kind::put};
constexpr row_statement health_row{
    "insert into instance_health(tenant, instance, reach, why, since, blind, starting, version) "
    "values(?,?,?,?,?,?,?,?) "
    "on conflict(tenant, instance) do update set reach = excluded.reach, why = excluded.why, since = excluded.since, "
    "blind = excluded.blind, starting = excluded.starting, version = excluded.version",
    row_kind::put};
// What may have arrived ends as unknown, so that its end is told. A summary is kept while anything it speaks of still fires unacknowledged; the claim judges that.
constexpr row_statement suppression_row{
    "update delivery indexed by delivery_by_alert set state = case when possible_repeat <> 0 then 'unknown' else "
    "'suppressed' end, why = ?, ended = ? where tenant = ? and alert = ? and +state = 'pending' and kind = "
    "'interrupt' "
    "and version <= ? and event in ('fired', 'escalated', 'reminder')",
    row_kind::found};
constexpr row_statement decision_row{
    "insert into decision(tenant, alert, episode, version, event, channel, target, deciding, gates, detail, made, at) "
    "values(?,?,?,?,?,?,?,?,?,?,?,?)",
    row_kind::inserted};
constexpr row_statement delivery_row_of_batch{
    "insert into delivery(" RINGDOWN_DELIVERY_COLUMNS
    ", owner, epoch, claimed_at) values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict do "
    "nothing",
    row_kind::inserted};

// As suppression_row has it.
bool can_be_suppressed(notice_event what) {
  return what == notice_event::fired || what == notice_event::escalated || what == notice_event::reminder;
}

} // namespace

result<fence> sql_store::take_shard(shard_id shard, const incarnation_id& owner, wall_time) {
  return guard([&] {
    return transact([&]() -> result<fence> {
      db_->post("insert into shard(id, owner, epoch) values(?, '', 0) on conflict do nothing", shard);
      std::uint64_t epoch = 0;
      db_->rows(
          db_->shards().lock, [&](columns& row) { epoch = row.as<std::uint64_t>() + 1; }, shard);
      db_->post(db_->shards().hand_over, shard, owner, epoch);
      return fence{owner, epoch, shard};
    });
  });
}

result<void> sql_store::holds(const fence& owner) {
  bool ours = false;
  bool runs = false;
  db_->rows(
      db_->shards().fence,
      [&](columns& row) {
        const bool by_us = row.text() == owner.owner.str();
        ours = row.as<std::uint64_t>() == owner.epoch && by_us;
        runs = row.truth();
      },
      owner.shard);
  if (!ours) return failure{failure_kind::conflict, "the shard has another owner now"};
  if (!runs) return failure{failure_kind::too_late, "the lease of the shard has run out"};
  return {};
}

result<void> sql_store::holds_or_held_last(const fence& owner) {
  auto said = holds(owner);
  return !said && said.error().kind == failure_kind::too_late ? result<void>() : said;
}

result<void> sql_store::holds(const fence& owner, known_owners& known) {
  const auto at = std::ranges::find(known, owner, &known_owners::value_type::first);
  return at != known.end() ? at->second : known.emplace_back(owner, holds(owner)).second;
}

result<std::vector<result<void>>> sql_store::commit(std::span<const write_batch> batches) {
  std::vector<const write_batch*> written;
  auto said = guard([&] {
    return transact([&]() -> result<std::vector<result<void>>> {
      std::vector<result<void>> verdicts;
      known_owners known;
      for (const write_batch& batch : batches) {
        if (was_written(batch)) {
          verdicts.emplace_back();
          continue;
        }
        verdicts.push_back(holds(batch.owner, known));
        if (verdicts.back()) written.push_back(&batch);
      }
      // Once rows are gathered, whatever is asked for has them written first.
      for (const write_batch* one : written)
        if (!one->audits.empty()) static_cast<void>(end_of(one->tenant));
      for (const write_batch* one : written) write(*one);
      return verdicts;
    });
  });
  if (said)
    for (const write_batch& one : batches) std::erase(unheard_.batches, one);
  else if (db_->is_in_doubt())
    for (const write_batch* one : written) doubted_.batches.push_back(*one);
  return said;
}

void sql_store::write(const write_batch& batch) {
  const tenant_id& tenant = batch.tenant;
  for (const auto& [instance, r] : batch.resources)
    db_->gather(resource_row_of_batch, {"resource", tenant.str(), instance.str(), name(r.ref.kind), r.ref.key}, tenant,
                instance, name(r.ref.kind), r.ref.key, r.label, name(r.state), r.since, r.provider, r.number,
                name(r.direction), name(r.role), r.detail);
  for (const auto& [instance, ref] : batch.removals)
    db_->post("delete from resource where tenant = ? and instance = ? and kind = ? and key = ?", tenant, instance,
              name(ref.kind), ref.key);
  for (const auto& [instance, h] : batch.healths)
    db_->gather(health_row, {"health", tenant.str(), instance.str()}, tenant, instance, name(h.reach), name(h.why),
                h.since, h.blind, h.starting, h.version);
  for (const alert& one : batch.alerts) write_alert(one);
  for (const suppression& one : batch.suppressions) suppress(tenant, one, batch.at);
  for (const delivery& row : batch.deliveries) insert_delivery(batch, row);
  for (const channel_id& one : batch.removed_channels) end_rows_of(tenant, one, batch.at);
  for (const decision& one : batch.decisions) write_decision(tenant, one);
  for (const mute& one : batch.mutes) {
    const std::string_view type = one.scope == mute_scope::type ? name(one.type) : std::string_view();
    const std::string_view scope = one.scope == mute_scope::type ? "type" : "everything";
    db_->post(
        "insert into mute(tenant, scope, type, until, by, text) values(?,?,?,?,?,?) on conflict(tenant, scope, type) "
        "do update set until = excluded.until, by = excluded.by, text = excluded.text",
        tenant, scope, type, one.until, one.by, one.text);
    db_->post("delete from mute where tenant = ? and scope = ? and type = ? and until <= ?", tenant, scope, type,
              batch.at);
  }
  for (const command_result& one : batch.commands)
    db_->post("update command set answer = ?, answer_text = ?, answer_delivery = ? where tenant = ? and id = ?",
              name(one.answer), one.text, one.delivery, tenant, one.id);
  if (!batch.commands.empty()) db_->announce();
  write_calls(batch);
  for (const audit_entry& one : batch.audits) append_audit(tenant, one);
}

void sql_store::write_alert(const alert& a) {
  const auto no_text = parameter::null(parameter::type::text);
  const auto no_number = parameter::null(parameter::type::number);
  const auto told = a.told ? parameter(name(*a.told)) : no_text;
  const auto by = a.ack ? parameter(a.ack->by) : no_text;
  const auto via = a.ack ? parameter(a.ack->via) : no_text;
  const auto at = a.ack ? parameter(a.ack->at) : no_number;
  const auto ack_episode = a.ack ? parameter(a.ack->episode) : no_number;
  db_->gather(alert_row, {"alert", a.tenant.str(), a.id.str()}, a.tenant, a.id, a.key.instance, name(a.key.type),
              name(a.key.resource.kind), a.key.resource.key, a.label, a.provider, name(a.phase), name(a.level), told,
              a.episode, a.version, name(a.why), a.detail, a.opened, a.since, a.not_before, a.resolved, a.removed,
              a.unseen_since, a.masks, a.snoozed_until, a.parent, a.settling, a.first_sight, a.flapping, a.drill,
              write_times(a.changes), name(a.current), by, via, at, ack_episode, a.reminded, write_targets(a.targets),
              a.trace, a.ladder ? to_text(*a.ladder) : std::string(),
              a.escalation ? to_text(*a.escalation) : std::string(), a.backed_up);
}

void sql_store::suppress(const tenant_id& tenant, const suppression& what, wall_time now) {
  db_->gather(suppression_row, {"deliveries", tenant.str(), what.alert.str()}, name(what.why), now, tenant, what.alert,
              what.up_to_version);
}

// One in flight may have arrived.
void sql_store::end_rows_of(const tenant_id& tenant, const channel_id& removed, wall_time now) {
  db_->post(
      "update delivery set state = case when state = 'claimed' or possible_repeat <> 0 then 'unknown' else "
      "'suppressed' end, why = 'channel_removed', ended = ?, owner = null, epoch = null, claimed_at = null where "
      "tenant = ? and channel = ? and " RINGDOWN_IS_OPEN,
      now, tenant, removed);
}

void sql_store::insert_delivery(const write_batch& batch, const delivery& row) {
  const bool born_claimed = row.state == delivery_state::claimed;
  const auto owner = born_claimed ? parameter(batch.owner.owner) : parameter::null(parameter::type::text);
  const auto epoch = born_claimed ? parameter(batch.owner.epoch) : parameter::null(parameter::type::number);
  const auto claimed_at = born_claimed ? parameter(batch.at) : parameter::null(parameter::type::number);
  const auto insert = [&](const auto& with) {
    return with(batch.tenant, row.id, row.channel, name(row.kind), name(row.event), row.alert, row.episode, row.version,
                row.target, row.step, row.round, name(row.level), name(row.state), name(row.why), row.attempts,
                row.handed, row.possible_repeat, row.created, row.not_before, row.give_up_at, row.after, row.reference,
                row.answer, row.trace, row.progress, wire::write_notice(row.content), owner, epoch, claimed_at);
  };
  if (row.event != notice_event::summary && row.event != notice_event::handed_over) {
    const connection::things touched = {"deliveries", batch.tenant.str(), row.alert.str()};
    insert([&](const auto&... all) {
      db_->gather(delivery_row_of_batch, can_be_suppressed(row.event) ? touched : connection::things{}, all...);
    });
    return;
  }
  // Only those two cover others, and a row that is there already covers what it did.
  if (insert([&](const auto&... all) { return db_->run(delivery_row_of_batch.sql, all...); }) == 0) return;
  for (const alert_view& one : row.content.alerts)
    db_->post("insert into delivery_cover(tenant, delivery, alert) values(?,?,?) on conflict do nothing", batch.tenant,
              row.id, one.id);
}

void sql_store::write_decision(const tenant_id& tenant, const decision& d) {
  db_->gather(decision_row, {}, tenant, d.alert, d.episode, d.version, name(d.event), d.channel, d.target,
              name(d.deciding), d.gates, d.detail, d.made, d.at);
}

result<std::vector<result<void>>> sql_store::settle(std::span<const settlement> settlements) {
  std::vector<const settlement*> written;
  auto said = guard([&] {
    return transact([&]() -> result<std::vector<result<void>>> {
      std::vector<result<void>> verdicts;
      std::vector<std::size_t> asked;
      known_owners known;
      for (const settlement& one : settlements) {
        if (was_written(one)) {
          verdicts.emplace_back();
          continue;
        }
        verdicts.push_back(holds(one.owner, known));
        if (!verdicts.back()) continue;
        asked.push_back(verdicts.size() - 1);
        end_claim(one);
      }
      const std::vector<int> changed = db_->counts();
      for (std::size_t i = 0; i < asked.size(); ++i) {
        const settlement& one = settlements[asked[i]];
        if (changed[i] == 0) {
          verdicts[asked[i]] = failure{failure_kind::conflict, "the row is not claimed by this owner"};
          continue;
        }
        write_outcome(one);
        written.push_back(&one);
      }
      return verdicts;
    });
  });
  if (said)
    for (const settlement& one : settlements) std::erase(unheard_.settlements, one);
  else if (db_->is_in_doubt())
    for (const settlement* one : written) doubted_.settlements.push_back(*one);
  return said;
}

namespace {

bool was_attempted(const settlement& what) {
  return what.ledger.number > 0 && what.ledger.outcome != outcome_kind::not_sent;
}

} // namespace

// Counted: nothing changes where the row is not claimed by this owner.
void sql_store::end_claim(const settlement& what) {
  const attempt& done = what.ledger;
  const bool attempted = was_attempted(what);
  // Handed back late: somebody may have claimed it since, and sent it.
  const bool any_claim = attempted || done.number == 0;
  std::optional<std::int64_t> ended;
  if (is_final(what.state)) ended = micros(done.ended);
  const int not_begun = attempted ? 0 : 1;
  // A row whose attempt never began gives its attempt number back, and what was written down before still holds.
  db_->post_counted(
      "update delivery set state = ?, why = ?, handed = 0, attempts = case when attempts > ? then attempts - ? else 0 "
      "end, not_before = ?, possible_repeat = ?, reference = case when ? = '' then reference else ? end, progress = "
      "case when ? <> 0 then ? else progress end, answer = ?, ended = ?, owner = null, epoch = null, claimed_at = "
      "null where tenant = ? and id = ? and +state = 'claimed' and owner = ? and epoch = ? and (? <> 0 or attempts = "
      "?)",
      name(what.state), name(what.why), not_begun, not_begun, what.not_before, what.possible_repeat, what.reference,
      what.reference, attempted, what.progress, done.answer, ended, what.tenant, done.delivery, what.owner.owner,
      what.owner.epoch, any_claim, done.number);
}

// What goes with a claim that was ended.
void sql_store::write_outcome(const settlement& what) {
  const attempt& done = what.ledger;
  if (what.state != delivery_state::sent && what.state != delivery_state::unknown && !what.possible_repeat)
    free_number(what.tenant, done.delivery);
  if (was_attempted(what))
    db_->post(
        "insert into attempt(row, tenant, delivery, number, started, ended, outcome, status, address, answer) select "
        "seq, tenant, id, ?, ?, ?, ?, ?, ?, ? from delivery where tenant = ? and id = ?",
        done.number, done.started, done.ended, name(done.outcome), done.status, done.address, done.answer, what.tenant,
        done.delivery);
  if (what.state == delivery_state::sent && !what.remote.empty()) remember_remote(what);
}

void sql_store::end_row(const tenant_id& tenant, const delivery_id& id, delivery_state state, reason why,
                        wall_time now) {
  db_->post(
      "update delivery set state = ?, why = ?, ended = ?, owner = null, epoch = null, claimed_at = null where tenant = "
      "? and id = ?",
      name(state), name(why), now, tenant, id);
  if (state != delivery_state::unknown) free_number(tenant, id);
}

result<void> sql_store::probe(wall_time now) { return put_setting("probe", rfc3339(now)); }

result<void> sql_store::fold_log() {
  return guard([&]() -> result<void> {
    db_->fold_log();
    return {};
  });
}

} // namespace ringdown::persistence
