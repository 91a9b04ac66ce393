// The instance machine's judgement of single resources: trunks, bridges, SBCs, services, calls.
#include "actors/logic/dedup.hpp"
#include "actors/logic/machine_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// Far above any licence; beyond it the percentage could overflow.
constexpr std::int64_t most_licensed_calls = 1'000'000;

condition condition_of(resource_state state) {
  if (state == resource_state::unknown || state == resource_state::starting) return condition::unknown;
  return is_down(state) ? condition::failing : condition::ok;
}

cause cause_of(const observation& seen, const resource_ref& ref) {
  if (!seen.trunks.ok()) return cause::none;
  const auto listed = std::ranges::find_if(
      *seen.trunks.value, [&](const trunk_reading& trunk) { return trunk.kind == ref.kind && trunk.key == ref.key; });
  return listed == seen.trunks.value->end() ? cause::none : listed->why;
}

} // namespace

severity instance_machine::level_of(trunk_role role) {
  switch (role) {
    case trunk_role::primary: return severity::critical;
    case trunk_role::secondary: return severity::warning;
    case trunk_role::failover: return severity::info;
  }
  return severity::critical;
}

// One row of truth is written when something of it changed, never for the same state again (I5).
void instance_machine::write_row(step_context& at, tracked& one, const seen_row& seen, wall_time since) {
  if (one.written && seen.is_said_by(one.record)) return;
  const bool same_state = one.written && seen.state == one.record->state;
  one.record = seen.record(one.record->ref, same_state ? one.record->since : since);
  one.written = true;
  at.news.changed.push_back(one.record);
}

void instance_machine::judge_one(step_context& at, tracked& one, const seen_row& seen, const sight& what,
                                 alert_type type) {
  one.missing = 0;
  one.now = what.now;
  if (what.now != condition::unknown)
    one.unknown_since.reset();
  else if (!one.unknown_since)
    one.unknown_since = at.now.steady;
  // A restarted PBX registers its trunks one after the other: what fails is not judged yet, what is fine is (S-A5).
  if (in_grace(at.now) && what.now == condition::failing) {
    one.watch.forget_recovery();
    at.why = "starting";
    return;
  }
  wall_time since = at.now.wall;
  const auto tell = [&](condition from, condition to, wall_time when) {
    const resource_ref& ref = one.record->ref;
    emit(at, {config_.instance, type, ref}, from, to, what, when, seen.record(ref, since));
  };
  switch (one.watch.look(what, config_.times, at.now)) {
    case watch_news::nothing: break;
    case watch_news::confirm_soon:
      at.look(at.now.steady + config_.times.confirm_after, "confirm", source_of(one.record->ref));
      at.why = "confirming";
      return;
    case watch_news::recover_soon:
      at.look(at.now.steady + config_.times.confirm_after, "recovery", source_of(one.record->ref));
      at.why = "confirming recovery";
      return;
    case watch_news::failed:
      since = one.watch.failing_since();
      at.why = "down";
      // What belongs to a wider alert is not told by itself (L-03).
      if (type == alert_type::trunk_down && all_trunks_down(at))
        one.watch.cover();
      else
        tell(condition::ok, condition::failing, since);
      break;
    case watch_news::level_changed: tell(condition::failing, condition::failing, one.record->since); break;
    case watch_news::recovered:
      tell(condition::failing, condition::ok, since);
      at.why = "recovered";
      break;
  }
  if (what.now != condition::unknown || !one.written) return write_row(at, one, seen, since);
  // An answer that does not say how it is may be wrong about the rest of it, too.
  if (one.record->state == resource_state::unknown) return;
  one.record.amend([&](resource_record& row) {
    row.state = resource_state::unknown;
    row.since = since;
  });
  at.news.changed.push_back(one.record);
}

// Bridges are judged also when every trunk has vanished from the list.
bool instance_machine::can_judge_trunks(const step_context& at) const {
  return at.seen.trunks.ok() && (!at.seen.trunks.value->empty() || !at.is_blind_to(endpoint::trunks));
}

void instance_machine::judge_trunks(step_context& at) {
  if (!can_judge_trunks(at)) return;
  for (const trunk_reading& trunk : *at.seen.trunks.value) {
    tracked& one = track({trunk.kind, trunk.key});
    one.listed = true;
    seen_row row{trunk.label,     trunk.state,         trunk.host,  trunk.number,
                 trunk.direction, trunk_role::primary, trunk.detail};
    const auto known = std::ranges::find_if(
        config_.trunks, [&](const trunk_override& t) { return t.number == trunk.number || t.number == trunk.key; });
    if (known != config_.trunks.end()) row.role = known->role;
    if (trunk.state == resource_state::disabled) row.detail = switched_off;
    const bool bridge = trunk.kind == resource_kind::bridge;
    const sight what{condition_of(trunk.state), bridge ? severity::warning : level_of(row.role), trunk.why};
    judge_one(at, one, row, what, bridge ? alert_type::bridge_down : alert_type::trunk_down);
  }
  retire_missing(at, resource_kind::trunk);
  retire_missing(at, resource_kind::bridge);
}

// Every enabled SIP trunk is down, and none of them is unknown or missing from the list.
bool instance_machine::all_trunks_down(const step_context& at) const {
  if (!at.seen.trunks.ok()) return false;
  bool any = false;
  for (const trunk_reading& trunk : *at.seen.trunks.value) {
    if (trunk.kind != resource_kind::trunk || trunk.state == resource_state::disabled) continue;
    if (!is_down(trunk.state)) return false;
    any = true;
  }
  return any && !misses_trunks(at);
}

// One that was switched on is not listed.
bool instance_machine::misses_trunks(const step_context& at) const {
  return std::ranges::any_of(tracked_, [&](const auto& entry) {
    const resource_ref& ref = entry.first;
    const tracked& one = entry.second;
    return ref.kind == resource_kind::trunk && one.written && one.record->state != resource_state::disabled &&
           std::ranges::none_of(*at.seen.trunks.value, [&](const trunk_reading& trunk) {
             return trunk.kind == ref.kind && trunk.key == ref.key;
           });
  });
}

void instance_machine::judge_all_trunks(step_context& at) {
  if (!can_judge_trunks(at)) return release_trunks(at);
  const bool down = all_trunks_down(at);
  if (down) all_trunks_now_ = condition::failing;
  if (down && in_grace(at.now)) return;
  bool any_up = false;
  std::size_t listed = 0;
  std::size_t count = 0;
  for (const trunk_reading& trunk : *at.seen.trunks.value) {
    if (trunk.kind != resource_kind::trunk) continue;
    ++listed;
    if (trunk.state == resource_state::disabled) continue;
    ++count;
    any_up = any_up || condition_of(trunk.state) == condition::ok;
  }
  // With every trunk switched off by its administrator nothing is left to be down.
  const bool fine = any_up || (listed > 0 && count == 0 && !misses_trunks(at));
  const sight what{down   ? condition::failing
                   : fine ? condition::ok
                          : condition::unknown,
                   severity::critical, cause::none};
  all_trunks_now_ = what.now;
  const auto words = [&] {
    return !any_up && fine ? std::string(switched_off) : fmt::format("{} of {} trunks down", down ? count : 0, count);
  };
  const bool may_be_told = down || all_trunks_.told();
  judge_instance(at, all_trunks_, alert_type::all_trunks_down, what, may_be_told ? words() : std::string());
  if (!down) release_trunks(at);
}

// The alert of all is over, or did not come at the second look: what waited for it must not wait for what may stay unknown.
// But it waits for the end of the grace like every trunk that fails (S-A5).
void instance_machine::release_trunks(step_context& at) {
  if (all_trunks_.told() || in_grace(at.now)) return;
  all_trunks_.forget_doubt();
  uncover_trunks(at);
}

void instance_machine::uncover_trunks(step_context& at) {
  for (auto& [ref, one] : tracked_) {
    if (ref.kind != resource_kind::trunk || !one.watch.covered()) continue;
    one.watch.uncover();
    const sight what{condition::failing, level_of(one.record->role), cause_of(at.seen, ref)};
    one.watch.resume(true, what.level);
    emit(at, {config_.instance, alert_type::trunk_down, ref}, condition::ok, condition::failing, what,
         one.watch.failing_since(), one.record);
  }
}

void instance_machine::judge_sbcs(step_context& at) {
  if (!at.seen.sbcs.ok()) return;
  for (const sbc_reading& sbc : *at.seen.sbcs.value) {
    const resource_state state = !sbc.connected   ? resource_state::unknown
                                 : *sbc.connected ? resource_state::up
                                                  : resource_state::down;
    tracked& one = track({resource_kind::sbc, sbc.key});
    one.listed = true;
    judge_one(at, one, {sbc.label, state}, {condition_of(state), severity::critical, cause::none},
              alert_type::sbc_offline);
  }
  retire_missing(at, resource_kind::sbc);
}

void instance_machine::judge_services(step_context& at) {
  if (!at.seen.services.ok()) return;
  for (const service_reading& service : *at.seen.services.value) {
    const resource_state state = !service.running   ? resource_state::unknown
                                 : *service.running ? resource_state::up
                                                    : resource_state::down;
    seen_row row{service.label.empty() ? service.key : service.label, state};
    if (state != resource_state::up) row.detail = service.status;
    tracked& one = track({resource_kind::service, service.key});
    one.listed = true;
    judge_one(at, one, row, {condition_of(state), severity::critical, cause::none}, alert_type::service_down);
  }
  retire_missing(at, resource_kind::service);
}

// The PBX says that something does not run, and its list does not say what (one live user falls back to this): then it is
// judged as one service without a name, until the list can be read and each speaks for itself.
void instance_machine::judge_some_service(step_context& at) {
  const resource_ref ref{resource_kind::service, ""};
  const auto known = tracked_.find(ref);
  const bool listed = at.seen.services.ok() && !at.is_blind_to(endpoint::services);
  if (listed && known == tracked_.end()) return;
  if (listed && !known->second.watch.told()) {
    if (known->second.written) at.news.removed.push_back(ref);
    tracked_.erase(known);
    return;
  }
  const bool says = at.seen.system.ok() && at.seen.system.value->has_stopped_services.has_value();
  const bool stopped = says && at.seen.system.value->has_stopped_services == true;
  const auto spoken_for = [&] {
    return std::ranges::any_of(tracked_, [&](const auto& entry) {
      return entry.first.kind == ref.kind && entry.first != ref && entry.second.watch.told();
    });
  };
  if (!listed && (!says || (known == tracked_.end() && (!stopped || spoken_for())))) return;
  const resource_state state = listed || !stopped ? resource_state::up : resource_state::down;
  judge_one(at, track({ref.kind, ref.key}), {"a service", state},
            {condition_of(state), severity::critical, cause::none}, alert_type::service_down);
}

void instance_machine::judge_calls(step_context& at) {
  if (!at.seen.system.ok() || !at.seen.system.value->calls_active || !at.seen.system.value->max_calls) return;
  const std::int64_t active = *at.seen.system.value->calls_active;
  const std::int64_t most = *at.seen.system.value->max_calls;
  if (most <= 0 || most > most_licensed_calls || active < 0 || active > most * 100) return;
  const auto percent = static_cast<int>(active * 100 / most);
  const auto level = calls_.look(percent, config_.calls.warning, config_.calls.critical, config_.calls.hysteresis,
                                 config_.times.threshold_samples);
  tracked& one = track({resource_kind::calls, ""});
  if (level == calls_told_ && one.written) return;
  const std::string detail = level ? fmt::format("{} of {} calls", active, most) : std::string();
  seen_row row{"", level ? resource_state::high : resource_state::up};
  row.detail = detail;
  if (level == calls_told_) return write_row(at, one, row, at.now.wall);
  const sight what{level ? condition::failing : condition::ok, level.value_or(severity::warning), cause::none};
  const resource_ref& ref = one.record->ref;
  emit(at, {config_.instance, alert_type::sim_calls, ref}, calls_told_ ? condition::failing : condition::ok, what.now,
       what, at.now.wall, row.record(ref, at.now.wall));
  calls_told_ = level;
  write_row(at, one, row, at.now.wall);
}

// D-09 counts polls in a row: one that lists nothing begins anew.
void instance_machine::forget_missing(const observation& seen) {
  const auto listed = [&](resource_kind kind) {
    switch (endpoint_of(kind)) {
      case endpoint::trunks: return seen.trunks.ok();
      case endpoint::sbcs: return seen.sbcs.ok();
      case endpoint::services: return seen.services.ok();
      case endpoint::system_status: return seen.system.ok();
    }
    return false;
  };
  for (auto& [ref, one] : tracked_)
    if (!listed(ref.kind)) one.missing = 0;
}

// D-09: gone for good only after others of its kind were listed without it on several polls in a row, or it as another
// kind. While a PBX starts its lists may still fill.
void instance_machine::retire_missing(step_context& at, resource_kind kind) {
  const auto first = tracked_.lower_bound(named{kind, ""});
  const auto ended = [&](auto one) { return one == tracked_.end() || one->first.kind != kind; };
  bool others = false;
  for (auto one = first; !ended(one); ++one) others = others || one->second.listed;
  // A list that does not say how its items are lists nobody (D-07).
  const bool blind = at.is_blind_to(endpoint_of(kind));
  others = others && !blind;
  for (auto next = first; !ended(next);) {
    auto& [ref, one] = *next;
    const bool gone = !one.listed && !ref.key.empty();
    const bool counts = gone && !in_grace(at.now) && (others || is_moved(ref, at.seen));
    one.missing = counts ? static_cast<std::uint16_t>(one.missing + 1) : gone ? std::uint16_t{0} : one.missing;
    if (gone && !blind) one.unknown_since.reset();
    if (!gone || one.missing < config_.times.removal_polls) {
      ++next;
      continue;
    }
    if (one.watch.told())
      emit(at, {config_.instance, type_of(kind), ref}, condition::failing, condition::removed,
           {condition::removed, severity::info, cause::none}, at.now.wall, one.record);
    if (one.written) {
      at.news.removed.push_back(ref);
      at.why = "removed";
    }
    next = tracked_.erase(next);
  }
}

} // namespace ringdown::logic
