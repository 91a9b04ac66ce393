#include "persistence/sqlite/store_impl.hpp"

#include <algorithm>
#include <set>

namespace ringdown::persistence {

namespace {

// Rows are read in portions of this many, so that a long queue costs no memory.
constexpr std::size_t looked_at = 64;
constexpr const char* pending_sql =
    "select " RINGDOWN_DELIVERY_HEAD
    ", seq from delivery where tenant = ? and channel = ? and state = 'pending' and seq > ? order by seq limit ?";
// A row handed over so often without an outcome has taken its actor down each time (S-D5).
constexpr std::uint32_t poison_limit = 3;

// Rows with the same key are sent one after the other. Tests have no alert and wait for nobody.
std::string order_key(const delivery& row) {
  if (row.alert.empty()) return {};
  return row.kind == delivery_kind::log ? row.alert.str() : row.alert.str() + "|" + row.target;
}

bool is_fire(notice_event event) { return event == notice_event::fired || event == notice_event::escalated; }

} // namespace

std::vector<sqlite_store::numbered_row> sqlite_store::heads_of(const char* sql, const tenant_id& tenant,
                                                               const channel_id& channel, std::int64_t beyond) {
  std::vector<numbered_row> found;
  db_->rows(
      sql,
      [&](columns& row) {
        delivery head = read_delivery_head(row);
        found.push_back({std::move(head), row.number()});
      },
      tenant, channel, beyond, looked_at);
  return found;
}

delivery sqlite_store::with_content(delivery row) {
  db_->rows(
      "select content from delivery where tenant = ? and id = ?",
      [&](columns& found) { row.content = read_content(found.text()); }, row.tenant, row.id);
  return row;
}

result<claimed_rows> sqlite_store::claim(const claim_request& request) {
  return guard([&] {
    return transact([&]() -> result<claimed_rows> {
      if (!holds(request.owner)) return stale_fence();
      claim_state state{request, {}, {}};
      db_->rows(
          "select " RINGDOWN_DELIVERY_HEAD " from delivery where tenant = ? and channel = ? and state = 'claimed'",
          [&](columns& row) { state.busy.insert(order_key(read_delivery_head(row))); }, request.tenant,
          request.channel);
      std::int64_t beyond = 0;
      while (true) {
        auto waiting = heads_of(pending_sql, request.tenant, request.channel, beyond);
        for (numbered_row& one : waiting)
          if (!consider(state, std::move(one.row))) return std::move(state.answer);
        if (waiting.size() < looked_at) return std::move(state.answer);
        beyond = waiting.back().sequence;
      }
    });
  });
}

bool sqlite_store::consider(claim_state& state, delivery row) {
  const claim_request& request = state.request;
  claimed_rows& answer = state.answer;
  const judged verdict = judge(row, request.now);
  if (verdict.state != delivery_state::claimed) {
    end_row(request.tenant, row.id, verdict.state, verdict.why, request.now);
    answer.ended.push_back({row.id, row.alert, verdict.why, verdict.state});
    return true;
  }
  const std::string key = order_key(row);
  const bool first_in_line = key.empty() || state.busy.insert(key).second;
  if (!first_in_line || verdict.wait) return true;
  if (row.not_before > request.now) {
    answer.next_due = std::min(answer.next_due.value_or(row.not_before), row.not_before);
    return true;
  }
  if (answer.rows.size() >= request.limit) {
    answer.drained = false;
    return false;
  }
  row.state = delivery_state::claimed;
  ++row.attempts;
  ++row.handed;
  db_->run(
      "update delivery set state = 'claimed', attempts = ?, handed = ?, owner = ?, epoch = ?, claimed_at = ? where "
      "tenant = ? and id = ?",
      row.attempts, row.handed, request.owner.owner, request.owner.epoch, request.now, request.tenant, row.id);
  answer.rows.push_back(with_content(std::move(row)));
  return true;
}

sqlite_store::judged sqlite_store::judge(const delivery& row, wall_time now) {
  if (row.handed >= poison_limit) return {delivery_state::dead, reason::poison};
  if (row.give_up_at <= now) return {delivery_state::dead, reason::expired};
  if (row.after)
    if (const judged verdict = judge_predecessor(row); verdict.wait || verdict.state != delivery_state::claimed)
      return verdict;
  if (row.kind == delivery_kind::interrupt) return judge_interrupt(row);
  if (row.kind == delivery_kind::mirror) {
    bool newer = false;
    db_->rows(
        "select 1 from delivery where tenant = ? and channel = ? and alert = ? and target = ? and state = 'pending' "
        "and version > ? limit 1",
        [&](columns&) { newer = true; }, row.tenant, row.channel, row.alert, row.target, row.version);
    if (newer) return {delivery_state::suppressed, reason::superseded};
  }
  return {};
}

// A resolve waits until its fire is final, and is not sent where the fire was not.
sqlite_store::judged sqlite_store::judge_predecessor(const delivery& row) {
  std::optional<delivery_state> before;
  db_->rows(
      "select state from delivery where tenant = ? and id = ?",
      [&](columns& found) { before = found.named(parse_delivery_state); }, row.tenant, *row.after);
  if (!before || *before == delivery_state::suppressed || *before == delivery_state::dead)
    return {delivery_state::suppressed, reason::never_told};
  judged verdict;
  verdict.wait = !is_final(*before);
  return verdict;
}

sqlite_store::judged sqlite_store::judge_interrupt(const delivery& row) {
  if (row.event == notice_event::summary)
    return covers_firing(row) ? judged{} : judged{delivery_state::suppressed, reason::resolved_first};
  if (!is_fire(row.event) && row.event != notice_event::reminder) return {};
  judged verdict{delivery_state::suppressed, reason::superseded};
  // One statement: the alert as committed, and what people asked of it that its tenant has not decided yet (S-A9).
  db_->rows(
      "select a.phase, a.episode, a.version, a.masks, "
      "exists(select 1 from command c where c.tenant = a.tenant and c.alert = a.id and c.answer is null and c.kind = "
      "'acknowledge' and c.episode in (0, a.episode)), "
      "exists(select 1 from command c where c.tenant = a.tenant and c.alert = a.id and c.answer is null and c.kind = "
      "'snooze') "
      "from alert a where a.tenant = ? and a.id = ?",
      [&](columns& found) {
        const auto phase = found.named(parse_alert_phase);
        const bool current = found.as<std::uint32_t>() == row.episode && found.as<std::uint32_t>() <= row.version;
        const auto masks = found.as<mask_set>();
        const bool being_acknowledged = found.truth();
        const bool being_snoozed = found.truth();
        const auto wanted = row.event == notice_event::reminder ? alert_phase::acknowledged : alert_phase::firing;
        if (!current)
          verdict.why = reason::superseded;
        else if (phase == alert_phase::resolved)
          verdict.why = reason::resolved_first;
        else if (phase != wanted || (being_acknowledged && wanted == alert_phase::firing))
          verdict.why = reason::acknowledged;
        else if (has(masks, mask::snooze) || being_snoozed)
          verdict.why = reason::snoozed_first;
        else if (has(masks, mask::mute))
          verdict.why = reason::masked_mute;
        else
          verdict = judged{};
      },
      row.tenant, row.alert);
  return verdict;
}

bool sqlite_store::covers_firing(const delivery& row) {
  bool firing = false;
  db_->rows(
      "select 1 from delivery_cover d join alert a on a.tenant = d.tenant and a.id = d.alert "
      "where d.tenant = ? and d.delivery = ? and a.phase = 'firing' and (a.masks & ?) = 0 and not exists("
      "select 1 from command c where c.tenant = a.tenant and c.alert = a.id and c.answer is null and c.kind in "
      "('acknowledge', 'snooze')) limit 1",
      [&](columns&) { firing = true; }, row.tenant, row.id, with(0, mask::snooze));
  return firing;
}

// S-D6: keyed targets and criticals are tried again, flagged unless keyed; the others end as unknown.
void sqlite_store::resume_or_give_up(const delivery& row, key_knowledge keys, wall_time now, recovery& tally) {
  const bool keyed = keys == key_knowledge::keyed;
  db_->run(
      "insert into attempt(tenant, delivery, number, started, ended, outcome, status, address, answer) "
      "values(?,?,?,?,?,'unknown',0,'','its process or actor ended before the "
      "answer')",
      row.tenant, row.id, row.attempts, now, now);
  if (!keyed && row.level != severity::critical) {
    end_row(row.tenant, row.id, delivery_state::unknown, reason::outcome_unknown, now);
    ++tally.unknown;
    return;
  }
  db_->run(
      "update delivery set state = 'pending', not_before = ?, possible_repeat = ?, owner = null, epoch = null, "
      "claimed_at = null where tenant = ? and id = ?",
      now, keyed ? row.possible_repeat : true, row.tenant, row.id);
  ++tally.resumed;
}

result<recovery> sqlite_store::recover_claims(const fence& now_owner,
                                              const std::vector<std::pair<tenant_id, channel_id>>& keyed,
                                              wall_time now) {
  return guard([&] {
    return transact([&]() -> result<recovery> {
      if (!holds(now_owner)) return stale_fence();
      std::vector<delivery> left;
      db_->rows(
          "select " RINGDOWN_DELIVERY_HEAD " from delivery where state = 'claimed' and (owner <> ? or epoch <> ?)",
          [&](columns& row) { left.push_back(read_delivery_head(row)); }, now_owner.owner, now_owner.epoch);
      recovery tally;
      for (const delivery& row : left) {
        const bool known = std::ranges::find(keyed, std::pair(row.tenant, row.channel)) != keyed.end();
        resume_or_give_up(row, known ? key_knowledge::keyed : key_knowledge::unkeyed, now, tally);
      }
      return tally;
    });
  });
}

result<recovery> sqlite_store::recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                               key_knowledge keys, const std::vector<delivery_id>& carried,
                                               wall_time now) {
  return guard([&] {
    return transact([&]() -> result<recovery> {
      if (!holds(owner)) return stale_fence();
      std::vector<delivery> held;
      db_->rows(
          "select " RINGDOWN_DELIVERY_HEAD
          " from delivery where tenant = ? and channel = ? and state = 'claimed' order by seq",
          [&](columns& row) { held.push_back(read_delivery_head(row)); }, tenant, channel);
      recovery tally;
      for (const delivery& row : held)
        if (std::ranges::find(carried, row.id) == carried.end()) resume_or_give_up(row, keys, now, tally);
      return tally;
    });
  });
}

} // namespace ringdown::persistence
