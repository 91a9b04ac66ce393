// Calls, the numbers they ring, who may be called and who is on call.
#include "persistence/sql/store_impl.hpp"

namespace ringdown::persistence {

namespace {

// No call lasts longer: a number whose call nobody saw end is free after it.
constexpr auto longest_call = std::chrono::minutes(15);
// Budgets look back so far.
constexpr auto remembered = std::chrono::hours(1);

#define RINGDOWN_CALL_COLUMNS \
  "call, channel, alert, number, person, reference, stage, result, first, sequence, read, made, changed"

call_record read_call(columns& row) {
  call_record c;
  c.call = row.id<delivery_id>();
  c.channel = row.id<channel_id>();
  c.lead = row.id<alert_id>();
  c.number = row.text();
  c.person = row.text();
  c.reference = row.text();
  c.stage = row.named(parse_call_stage);
  c.result = row.named(parse_call_result);
  c.first = row.truth();
  if (const auto sequence = row.maybe_number()) c.sequence = static_cast<std::uint32_t>(*sequence);
  auto read = parse_read_alerts(row.text());
  if (!read) throw unreadable_row("what a call read out cannot be read");
  c.read = std::move(*read);
  c.made = row.time();
  c.changed = row.time();
  return c;
}

} // namespace

void sql_store::write_calls(const write_batch& batch) {
  const tenant_id& tenant = batch.tenant;
  for (const call_record& c : batch.calls) {
    db_->post(
        "insert into call(tenant, " RINGDOWN_CALL_COLUMNS
        ") values(?,?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict(tenant, call) do update set channel = excluded.channel, "
        "alert = excluded.alert, number = excluded.number, person = excluded.person, reference = excluded.reference, "
        "stage = excluded.stage, result = excluded.result, first = excluded.first, sequence = excluded.sequence, read "
        "= excluded.read, made = excluded.made, changed = excluded.changed",
        tenant, c.call, c.channel, c.lead, c.number, c.person, c.reference, name(c.stage), name(c.result), c.first,
        c.sequence, to_text(c.read), c.made, c.changed);
    if (c.stage == call_stage::ended) free_number(tenant, c.call);
  }
  for (const delivery_id& id : batch.confirmed)
    db_->post("update delivery set state = 'confirmed' where tenant = ? and id = ? and state = 'sent'", tenant, id);
  for (const phone_record& p : batch.phones)
    db_->post(
        "insert into phone(tenant, number, code, code_until, tries, verified) values(?,?,?,?,?,?) on conflict(tenant, "
        "number) do update set code = excluded.code, code_until = excluded.code_until, tries = excluded.tries, "
        "verified = excluded.verified",
        tenant, p.number, p.code, p.code_until, p.tries, p.verified);
  if (batch.oncall)
    db_->post(
        "insert into oncall(tenant, \"user\", by, at) values(?,?,?,?) on conflict(tenant) do update set \"user\" = "
        "excluded.\"user\", by = excluded.by, at = excluded.at",
        tenant, batch.oncall->user.value_or(user_id()), batch.oncall->by, batch.oncall->at);
}

void sql_store::load_calls(tenant_snapshot& into, wall_time now) {
  db_->rows(
      "select " RINGDOWN_CALL_COLUMNS
      " from call where tenant = ? and made > 0 and (stage <> 'ended' or made > ?) order by made, call",
      [&](columns& row) { into.calls.push_back(read_call(row)); }, into.tenant, now - remembered);
  // A row's end is stored before its tenant hears of it.
  db_->rows(
      "select " RINGDOWN_DELIVERY_HEAD
      " from delivery where +tenant = ?1 and state not in ('pending', 'claimed') and id in (select call from call "
      "where "
      "tenant = ?1 and stage = 'wanted') order by seq",
      [&](columns& row) { into.settled.push_back(read_delivery_head(row)); }, into.tenant);
  db_->rows(
      "select number, code, code_until, tries, verified from phone where tenant = ? order by number",
      [&](columns& row) {
        phone_record p;
        p.number = row.text();
        p.code = row.text();
        p.code_until = row.time();
        p.tries = row.as<std::uint32_t>();
        p.verified = row.maybe_time();
        into.phones.push_back(std::move(p));
      },
      into.tenant);
  db_->rows(
      "select \"user\", by, at from oncall where tenant = ?",
      [&](columns& row) {
        auto& set = into.oncall.emplace();
        auto user = row.id<user_id>();
        if (!user.empty()) set.user = std::move(user);
        set.by = row.text();
        set.at = row.time();
      },
      into.tenant);
}

// By whatever tenant: who is on call for several is one person. A first call passes, as its tenant keeps it a reserve,
// and so does what was begun already, or speaks of no alert: a code that somebody waits for.
bool sql_store::is_rung_too_often(const delivery& row, wall_time now) {
  if (row.alert.empty() || row.attempts > 0) return false;
  if (const auto call = standing_of_call(row); call && call->first) return false;
  const auto rung_since = [&](duration span) {
    std::int64_t rung = 0;
    db_->rows(
        "select count(*) from call c indexed by call_by_number join delivery d on d.tenant = c.tenant and d.id = "
        "c.call where c.number = ? and c.made > ? and c.made <= ? and c.alert <> '' and c.result <> 'cancelled' and "
        "not (c.result = 'failed' and c.reference = '') and d.attempts > 0",
        [&](columns& found) { rung = found.number(); }, row.target, now - span, now);
    return rung;
  };
  return rung_since(std::chrono::minutes(15)) >= call_budget::in_15_minutes ||
         rung_since(std::chrono::hours(1)) >= call_budget::in_an_hour;
}

std::optional<sql_store::call_standing> sql_store::standing_of_call(const delivery& row) {
  std::optional<call_standing> standing;
  db_->rows(
      "select stage, first from call where tenant = ? and call = ?",
      [&](columns& found) {
        standing.emplace().stage = found.text();
        standing->first = found.truth();
      },
      row.tenant, row.id);
  return standing;
}

std::optional<wall_time> sql_store::first_doubt_of(const delivery& row) {
  std::optional<wall_time> first;
  db_->rows(
      "select min(a.started) from delivery d join attempt a on a.row = d.seq where d.tenant = ? and d.id = ? and "
      "a.outcome = 'unknown'",
      [&](columns& found) { first = found.maybe_time(); }, row.tenant, row.id);
  return first;
}

bool sql_store::take_number(const delivery& row, wall_time now) {
  // Whoever's `until` lies too far ahead wrote it before the clock was set back.
  db_->post("delete from live_number where number = ? and (until <= ? or until > ?)", row.target, now,
            now + longest_call);
  const int taken =
      db_->run("insert into live_number(number, tenant, call, until) values(?,?,?,?) on conflict do nothing",
               row.target, row.tenant, row.id, now + longest_call);
  if (taken > 0) return true;
  bool ours = false;
  db_->rows(
      "select 1 from live_number where number = ? and tenant = ? and call = ?", [&](columns&) { ours = true; },
      row.target, row.tenant, row.id);
  return ours;
}

// By another call that may still live.
bool sql_store::is_number_taken(const delivery& row, wall_time now) {
  bool taken = false;
  db_->rows(
      "select 1 from live_number where number = ? and (tenant <> ? or call <> ?) and until > ? and until <= ?",
      [&](columns&) { taken = true; }, row.target, row.tenant, row.id, now, now + longest_call);
  return taken;
}

void sql_store::free_number(const tenant_id& tenant, const delivery_id& row) {
  db_->post("delete from live_number where tenant = ? and call = ?", tenant, row);
}

result<std::optional<call_record>> sql_store::find_call(const tenant_id& tenant, const delivery_id& call) {
  return guard([&]() -> result<std::optional<call_record>> {
    std::optional<call_record> found;
    db_->rows(
        "select " RINGDOWN_CALL_COLUMNS " from call where tenant = ? and call = ?",
        [&](columns& row) { found = read_call(row); }, tenant, call);
    return found;
  });
}

} // namespace ringdown::persistence
