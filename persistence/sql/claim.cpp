#include "persistence/sql/store_impl.hpp"
#include "protocol/types/call_queue.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace ringdown::persistence {

namespace {

// Rows are looked at in portions of this many; a portion that changed nothing ends the claim. The first is only as large as
// what is asked for, and one to see what is left: mostly it is enough.
constexpr std::size_t looked_at = 64;
// A row handed over so often without an outcome has taken its actor down each time (S-D5).
constexpr std::uint32_t poison_limit = 3;
// No row waits longer than an hour (Retry-After is clamped to it): one that seems to was written before the clock was set
// back, and is due. So is one that was to wait for nothing, however late the clock says it was made.
constexpr auto longest_wait = std::chrono::minutes(65);

// Due rows of a channel that stand first in their line: nothing older of the same alert and target is open there (log
// rows have one target), and no row that it comes after. A test has no alert and waits for nobody.
#define RINGDOWN_DUE                                                                                             \
  "select " RINGDOWN_DELIVERY_COLUMNS                                                                            \
  " from delivery d indexed by delivery_due where tenant = ?1 and channel = ?2 and state = 'pending' "           \
  "and (not_before <= ?3 or not_before > ?4 or (attempts = 0 and not_before <= created)) "                       \
  "and (alert = '' or not exists(select 1 from delivery o indexed by delivery_by_alert where o.alert = d.alert " \
  "and o.tenant = d.tenant and o.seq < d.seq /*sqlite*/ and o.seq >= (select min(f.seq) from delivery f "        \
  "indexed by delivery_open where f.tenant = ?1 and f.channel = ?2 and f.state in ('pending', 'claimed')) /**/ " \
  "and o.channel = d.channel and o.target = d.target and (o.state in ('pending', 'claimed')) is true)) "         \
  "and (after is null or coalesce((select f.state from delivery f where f.tenant = d.tenant and f.id = "         \
  "d.after), '') not in ('pending', 'claimed')) "
#define RINGDOWN_OLDEST_FIRST " order by not_before, seq limit ?5"
constexpr const char* due_sql = RINGDOWN_DUE RINGDOWN_OLDEST_FIRST;
// As urgency_of() has it, one text for each, so that none has to look at all that is due to find its first few.
#define RINGDOWN_TELLS_A_CRITICAL "(level = 'critical' and event in ('fired', 'escalated', 'summary'))"
#define RINGDOWN_IS_FIRST                                                                                        \
  "(attempts = 0 and (round = 0 or coalesce((select c.first from call c where c.tenant = d.tenant and c.call = " \
  "d.id), 0) <> 0))"
constexpr std::array urgent_due_sql{
    RINGDOWN_DUE "and " RINGDOWN_TELLS_A_CRITICAL " and " RINGDOWN_IS_FIRST RINGDOWN_OLDEST_FIRST,
    RINGDOWN_DUE "and " RINGDOWN_TELLS_A_CRITICAL " and not " RINGDOWN_IS_FIRST RINGDOWN_OLDEST_FIRST,
    RINGDOWN_DUE "and not " RINGDOWN_TELLS_A_CRITICAL RINGDOWN_OLDEST_FIRST};
// Was this target told of the episode since the last time it was told of an end? Fires of its own, and summaries; a mirror by
// whatever it was told, since its newest row speaks for those that gave way to it.
constexpr const char* told_sql =
    "with mine as (select seq, alert, tenant, channel, target, episode from delivery where tenant = ?1 and id = ?2), "
    "ended as (select coalesce(max(r.seq), 0) as at from mine m join delivery r indexed by delivery_by_alert on "
    "r.alert = m.alert and r.tenant = m.tenant where r.channel = m.channel and r.target = m.target and r.event = "
    "'resolved' and r.seq < m.seq and r.state in ('sent', 'confirmed', 'unknown')) select 1 from mine m cross join "
    "ended e join delivery t indexed by delivery_by_alert on t.alert = m.alert and t.tenant = m.tenant where "
    "t.channel = m.channel and t.target = m.target and t.episode = m.episode and (t.event in ('fired', 'escalated') "
    "or t.kind = 'mirror') and t.seq > e.at and t.seq < m.seq and t.state in ('sent', 'confirmed', 'unknown') union "
    "all select 1 from mine m cross join ended e join delivery_cover c indexed by delivery_cover_alert on c.alert = "
    "m.alert and c.tenant = m.tenant join delivery t on t.tenant = c.tenant and t.id = c.delivery where t.channel = "
    "m.channel and t.target = m.target and t.seq > e.at and t.seq < m.seq and t.state in ('sent', 'confirmed', "
    "'unknown') limit 1";

// Rows that wait by a clock that has been set back since: ?1 is what it says now. What was tried waits from now as long as it
// was to wait after its last attempt; what was not is due, and so is what was waited for until ?2 by the clock as it was. (A
// claim is told that it was set, a start has to look.)
#define RINGDOWN_LAST_TRIED "(select max(a.ended) from attempt a where a.row = delivery.seq)"
#define RINGDOWN_WAITS_BEGIN_ANEW                                                                   \
  "update delivery set not_before = ?1 + case when attempts = 0 or not_before <= ?2 or not_before " \
  "<= " RINGDOWN_LAST_TRIED " then 0 else not_before - " RINGDOWN_LAST_TRIED                        \
  " end where state = 'pending' and not_before > ?1 and (attempts = 0 or " RINGDOWN_LAST_TRIED " > ?1)"
// Of rows `row`, but those of tenants that another shard than `shard` has.
#define RINGDOWN_OF_SHARD(row, shard) \
  " and not exists(select 1 from tenant_shard s where s.tenant = " row ".tenant and s.shard <> " shard ")"
constexpr const char* waits_of_shard_sql = RINGDOWN_WAITS_BEGIN_ANEW RINGDOWN_OF_SHARD("delivery", "?3");
constexpr const char* waits_of_channel_sql = RINGDOWN_WAITS_BEGIN_ANEW " and tenant = ?3 and channel = ?4";

bool is_call(const delivery& row) { return row.target.starts_with('+'); }

// How long a call was to be tried, counted from its wish.
duration patience_of(const delivery& row) { return row.give_up_at - row.created; }

// Only a call about an alert does, until it is claimed: what was handed back is due from then on. A code is not waited for.
bool waits_for_turn(const delivery& row) {
  return is_call(row) && !row.alert.empty() && row.attempts == 0 && row.not_before <= row.created;
}

// False: it cannot be read.
bool put_content(delivery& row, const std::string& stored) {
  try {
    row.content = read_content(stored);
  } catch (const unreadable_row&) {
    return false;
  }
  return true;
}

bool is_fire(notice_event event) { return event == notice_event::fired || event == notice_event::escalated; }

} // namespace

// What tells of an end is no alarm, however bad it was. An alert whose first ring joined another's call, or was given up
// unplaced, is still owed a first call: its ladder says so, not the round.
urgency sql_store::urgency_of(const delivery& row) {
  const bool tells = is_fire(row.event) || row.event == notice_event::summary;
  if (row.level != severity::critical || !tells) return urgency::routine;
  if (row.attempts > 0) return urgency::repeated_critical;
  const auto call = standing_of_call(row);
  return row.round == 0 || (call && call->first) ? urgency::first_critical : urgency::repeated_critical;
}

result<claimed_rows> sql_store::claim(const claim_request& request) {
  claim_state state{request, {}, 0, false};
  bool looked = false;
  auto done = guard([&] {
    return transact([&]() -> result<void> {
      if (auto ours = holds(request.owner); !ours) return ours;
      if (auto taken = taken_before(request)) {
        state.answer = std::move(*taken);
        return {};
      }
      db_->hold(claims_of(request.tenant), hold_kind::shared);
      db_->rows(
          "select handed from delivery indexed by delivery_held where tenant = ? and channel = ? and state = 'claimed'",
          [&](columns& row) {
            ++state.held;
            state.full = state.full || row.as<std::uint32_t>() > 1;
          },
          request.tenant, request.channel);
      if (!state.full) static_cast<void>(claim_portion(state, std::min(request.limit + 1, looked_at)));
      while (!state.full && claim_portion(state, looked_at)) continue;
      if (request.set_back_to)
        db_->post(waits_of_channel_sql, *request.set_back_to, request.now, request.tenant, request.channel);
      look_ahead(state);
      looked = true;
      return {};
    });
  });
  if (!done && looked && db_->is_in_doubt()) doubted_.claims.emplace_back(request, std::move(state.answer));
  if (!done) return done.error();
  forget_claims(request.tenant, request.channel);
  return std::move(state.answer);
}

std::vector<sql_store::due_row> sql_store::due_rows(const char* sql, const claim_request& request, std::size_t most) {
  std::vector<due_row> found;
  read_heads_of(
      sql, request.now,
      [&](delivery head, columns& rest) {
        found.push_back({std::move(head), rest.text()});
      },
      request.tenant, request.channel, request.now, request.now + longest_wait, most);
  return found;
}

// Ends or claims what is due now; false when nothing moved, or enough is claimed.
bool sql_store::claim_portion(claim_state& state, std::size_t size) {
  const claim_request& request = state.request;
  std::vector<due_row> due;
  if (request.order == claim_order::by_age)
    due = due_rows(due_sql, request, size);
  else
    for (auto next = urgent_due_sql.begin(); next != urgent_due_sql.end() && due.size() < size; ++next)
      std::ranges::move(due_rows(*next, request, size - due.size()), std::back_inserter(due));
  bool moved = false;
  for (due_row& row : due) {
    if (state.full) return false;
    moved = consider(state, std::move(row)) || moved;
  }
  return moved;
}

bool sql_store::consider(claim_state& state, due_row one) {
  const claim_request& request = state.request;
  claimed_rows& answer = state.answer;
  delivery& row = one.row;
  judged verdict = judge(row, request.now);
  if (verdict.state == delivery_state::claimed && !put_content(row, one.content))
    verdict = {delivery_state::dead, reason::poison};
  if (verdict.state != delivery_state::claimed) {
    // What may have arrived was told, whatever becomes of its repeat: its end is owed (S-A12).
    const auto end = row.possible_repeat ? delivery_state::unknown : verdict.state;
    end_row(request.tenant, row.id, end, verdict.why, request.now);
    answer.ended.push_back({row.id, row.alert, verdict.why, end, row.attempts});
    return true;
  }
  // What was handed over before without an outcome travels alone, so that it takes no others down with it.
  const bool suspect = row.handed > 0;
  if (suspect && state.held > 0) return false;
  if (answer.rows.size() >= request.limit) {
    answer.waiting = urgency_of(row);
    state.full = true;
    return false;
  }
  if (request.targets == target_use::exclusive && !take_number(row, request.now)) return false;
  state.full = suspect;
  ++state.held;
  if (row.kind == delivery_kind::mirror) find_remote(row);
  row.state = delivery_state::claimed;
  // However long it waited for its turn, the provider may be asked for as long as of any other, from now on.
  if (waits_for_turn(row)) row.give_up_at = std::max(row.give_up_at, request.now + patience_of(row));
  if (row.possible_repeat) row.doubted_since = first_doubt_of(row);
  ++row.attempts;
  ++row.handed;
  db_->post(
      "update delivery set state = 'claimed', attempts = ?, handed = ?, give_up_at = ?, owner = ?, epoch = ?, "
      "claimed_at = ? where tenant = ? and id = ?",
      row.attempts, row.handed, row.give_up_at, request.owner.owner, request.owner.epoch, request.now, request.tenant,
      row.id);
  answer.rows.push_back(std::move(row));
  return true;
}

// What is left for later: due now but behind something open, or not yet due.
void sql_store::look_ahead(claim_state& state) {
  const claim_request& request = state.request;
  const wall_time now = request.set_back_to.value_or(request.now);
  db_->rows(
      "select 1 from delivery indexed by delivery_due where tenant = ? and channel = ? and state = 'pending' and "
      "(not_before <= ? or (attempts = 0 and not_before <= created)) order by not_before limit 1",
      [&](columns&) { state.answer.due_left = true; }, request.tenant, request.channel, now);
  db_->rows(
      "select not_before from delivery indexed by delivery_due where tenant = ? and channel = ? and state = 'pending' "
      "and not_before > ? and (attempts > 0 or not_before > created) order by not_before limit 1",
      [&](columns& found) { state.answer.next_due = found.time(); }, request.tenant, request.channel, now);
}

sql_store::judged sql_store::judge(const delivery& row, wall_time now) {
  if (row.handed >= poison_limit) return {delivery_state::dead, reason::poison};
  // A deadline that passed before the first attempt is a clock that was set forward, or a node that was away: one try.
  // A call waits for its turn at the provider's account as long as its tenant does (its record says so whatever the clock
  // says). One whose number is taken is late: the next number may be free.
  const bool calls = is_call(row);
  const std::string stage = calls ? standing_of_call(row).value_or(call_standing()).stage : std::string();
  const bool waits = waits_for_turn(row) && stage == name(call_stage::wanted);
  if (row.give_up_at <= now && (row.attempts > 0 || (calls && (!waits || is_number_taken(row, now)))))
    return {delivery_state::dead, reason::expired};
  // Nor longer: a node that was away rings for nothing that its tenant wished for hours ago.
  if (waits && row.created + std::max(longest_call_queue, patience_of(row)) <= now)
    return {delivery_state::dead, reason::expired};
  if (stage == name(call_stage::ended)) return {delivery_state::dead, reason::expired};
  if (row.after && row.event == notice_event::resolved && !was_told(row))
    return {delivery_state::suppressed, reason::never_told};
  if (row.kind == delivery_kind::interrupt) {
    judged verdict = judge_interrupt(row, now);
    if (verdict.state == delivery_state::claimed && calls && is_rung_too_often(row, now))
      verdict = {delivery_state::suppressed, reason::budget_spent};
    return verdict;
  }
  if (row.kind == delivery_kind::mirror && newer_waits(row)) return {delivery_state::suppressed, reason::superseded};
  return {};
}

bool sql_store::newer_waits(const delivery& row) {
  bool newer = false;
  db_->rows(
      "select 1 from delivery indexed by delivery_by_alert where alert = ?1 and tenant = ?2 and seq > (select f.seq "
      "from delivery f where f.id = ?3 and f.tenant = ?2) and channel = ?4 and target = ?5 and +state = 'pending' and "
      "version > ?6 limit 1",
      [&](columns&) { newer = true; }, row.alert, row.tenant, row.id, row.channel, row.target, row.version);
  return newer;
}

bool sql_store::was_told(const delivery& row) {
  bool told = false;
  db_->rows(
      told_sql, [&](columns&) { told = true; }, row.tenant, row.id);
  return told;
}

// Why a row may not interrupt while its alert is masked so; none: it may.
reason sql_store::barring(const tenant_id& tenant, mask_set masks, wall_time now) {
  if (has(masks, mask::snooze)) return reason::snoozed_first;
  if (has(masks, mask::parent)) return reason::masked_parent;
  if (has(masks, mask::blind)) return reason::masked_blind;
  if (has(masks, mask::maintenance)) return reason::masked_maintenance;
  if (!has(masks, mask::mute)) return reason::none;
  reason why = reason::masked_mute;
  db_->rows(
      "select 1 from mute where tenant = ? and scope = 'everything' and until > ? limit 1",
      [&](columns&) { why = reason::kill_switch; }, tenant, now);
  return why;
}

sql_store::judged sql_store::judge_interrupt(const delivery& row, wall_time now) {
  if (row.event == notice_event::summary) return judge_summary(row, now);
  if (row.event == notice_event::handed_over) return judge_hand_over(row, now);
  if (!is_fire(row.event) && row.event != notice_event::reminder) return {};
  judged verdict{delivery_state::suppressed, reason::superseded};
  // One statement: the alert as committed, and what people asked of it that its tenant has not decided yet (S-A9).
  db_->rows(
      "select a.phase, a.episode, a.version, a.masks, "
      "exists(select 1 from command c indexed by command_open where c.tenant = a.tenant and c.alert = a.id and "
      "c.answer is null and c.kind = 'acknowledge' and c.episode in (0, a.episode)), "
      "exists(select 1 from command c indexed by command_open where c.tenant = a.tenant and c.alert = a.id and "
      "c.answer is null and c.kind = 'snooze') "
      "from alert a where +a.tenant = ? and a.id = ?",
      [&](columns& found) {
        const auto phase = found.named(parse_alert_phase);
        const bool current = found.as<std::uint32_t>() == row.episode && found.as<std::uint32_t>() <= row.version;
        const auto masks = found.as<mask_set>();
        const bool being_acknowledged = found.truth();
        const bool being_snoozed = found.truth();
        const auto wanted = row.event == notice_event::reminder ? alert_phase::acknowledged : alert_phase::firing;
        const reason barred = being_snoozed ? reason::snoozed_first : barring(row.tenant, masks, now);
        if (!current)
          verdict.why = reason::superseded;
        else if (phase == alert_phase::resolved)
          verdict.why = reason::resolved_first;
        else if (phase != wanted || (being_acknowledged && wanted == alert_phase::firing))
          verdict.why = reason::acknowledged;
        else if (barred != reason::none)
          verdict.why = barred;
        else
          verdict = judged{};
      },
      row.tenant, row.alert);
  return verdict;
}

// A summary is told while anything it speaks of fires and may interrupt; else the first reason found is its own.
sql_store::judged sql_store::judge_summary(const delivery& row, wall_time now) {
  judged verdict{delivery_state::suppressed, reason::resolved_first};
  db_->rows(
      "select a.masks from delivery_cover d join alert a on +a.tenant = d.tenant and a.id = d.alert "
      "where d.tenant = ? and d.delivery = ? and +a.phase = 'firing' and not exists(select 1 from command c indexed by "
      "command_open where c.tenant = a.tenant and c.alert = a.id and c.answer is null and c.kind in ('acknowledge', "
      "'snooze'))",
      [&](columns& found) {
        const reason barred = barring(row.tenant, found.as<mask_set>(), now);
        if (barred == reason::none) verdict = judged{};
        if (verdict.state != delivery_state::claimed) verdict.why = barred;
        return verdict.state != delivery_state::claimed;
      },
      row.tenant, row.id);
  return verdict;
}

// What is open is told to whoever takes over, acknowledged or not.
sql_store::judged sql_store::judge_hand_over(const delivery& row, wall_time now) {
  judged verdict{delivery_state::suppressed, reason::resolved_first};
  db_->rows(
      "select a.masks from delivery_cover d join alert a on +a.tenant = d.tenant and a.id = d.alert "
      "where d.tenant = ? and d.delivery = ? and +a.phase <> 'resolved'",
      [&](columns& found) {
        const reason barred = barring(row.tenant, found.as<mask_set>(), now);
        verdict = barred == reason::none ? judged{} : judged{delivery_state::suppressed, barred};
        return barred != reason::none;
      },
      row.tenant, row.id);
  return verdict;
}

// S-D6: keyed targets and criticals are tried again, flagged; the others end as unknown.
void sql_store::resume_or_give_up(const delivery& row, key_knowledge keys, wall_time now, recovery& tally) {
  const bool keyed = keys == key_knowledge::keyed;
  db_->post(
      "insert into attempt(row, tenant, delivery, number, started, ended, outcome, status, address, answer) select "
      "seq, tenant, id, attempts, case when claimed_at < ?1 then claimed_at else ?1 end, ?1, 'unknown', 0, '', 'its "
      "process or actor ended before the answer' from delivery where tenant = ?2 and id = ?3",
      now, row.tenant, row.id);
  if (!keyed && row.level != severity::critical) {
    end_row(row.tenant, row.id, delivery_state::unknown, reason::outcome_unknown, now);
    ++tally.unknown;
    return;
  }
  db_->post(
      "update delivery set state = 'pending', not_before = ?, possible_repeat = 1, handed = ?, owner = null, epoch = "
      "null, claimed_at = null where tenant = ? and id = ?",
      now, row.handed, row.tenant, row.id);
  ++tally.resumed;
}

result<recovery> sql_store::recover_claims(const fence& now_owner, const std::vector<known_channel>& known,
                                           wall_time now) {
  return guard([&] {
    return transact([&]() -> result<recovery> {
      if (auto ours = holds(now_owner); !ours) return ours.error();
      end_what_removed_tenants_left(now_owner.shard, now);
      end_rows_of_removed_channels(now_owner.shard, now);
      db_->post(waits_of_shard_sql, now, now, now_owner.shard);
      auto left = readable_heads(
          "select " RINGDOWN_DELIVERY_HEAD
          " from delivery where state = 'claimed' and (owner <> ?1 or epoch <> ?2)" RINGDOWN_OF_SHARD("delivery", "?3"),
          now, now_owner.owner, now_owner.epoch, now_owner.shard);
      recovery tally;
      for (delivery& row : left) {
        // A process that died says nothing of one row among many: only one that was alone is a suspect for longer.
        if (left.size() > 1) row.handed = std::min<std::uint32_t>(row.handed, 1);
        const auto of = std::ranges::find_if(
            known, [&](const known_channel& one) { return one.tenant == row.tenant && one.channel == row.channel; });
        if (of != known.end()) resume_or_give_up(row, of->keys, now, tally);
      }
      return tally;
    });
  });
}

// Made or claimed while their channel was being removed: nobody will ever carry them.
void sql_store::end_rows_of_removed_channels(shard_id of, wall_time now) {
  db_->post(
      "update delivery set state = case when state = 'claimed' or possible_repeat <> 0 then 'unknown' else "
      "'suppressed' end, why = 'channel_removed', ended = ?1, owner = null, epoch = null, claimed_at = null "
      "where " RINGDOWN_IS_OPEN
      " and exists(select 1 from config_document d where d.tenant = "
      "delivery.tenant) "
      "and not exists(select 1 from config_object c where c.tenant = delivery.tenant and c.kind = 'channel' and c.id "
      "= delivery.channel)" RINGDOWN_OF_SHARD("delivery", "?2"),
      now, of);
}

result<recovery> sql_store::recover_channel(const tenant_id& tenant, const channel_id& channel, const fence& owner,
                                            key_knowledge keys, const std::vector<delivery_id>& carried,
                                            wall_time now) {
  return guard([&] {
    return transact([&]() -> result<recovery> {
      if (auto ours = holds(owner); !ours) return ours.error();
      forget_claims(tenant, channel);
      db_->post(waits_of_channel_sql, now, now, tenant, channel);
      const auto held = readable_heads("select " RINGDOWN_DELIVERY_HEAD
                                       " from delivery where tenant = ? and channel = ? and state = 'claimed' order by "
                                       "seq",
                                       now, tenant, channel);
      recovery tally;
      for (const delivery& row : held)
        if (std::ranges::find(carried, row.id) == carried.end()) resume_or_give_up(row, keys, now, tally);
      return tally;
    });
  });
}

} // namespace ringdown::persistence
