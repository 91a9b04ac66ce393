// What keeps a tenant's alerts quiet, and what is owed when that ends: masks, settling, snooze and flapping under a mask.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/masks.hpp"
#include "actors/logic/tenant_machine.hpp"

#include <utility>

namespace ringdown::logic {

reason tenant_machine::quiet_for(const alert& a, wall_time now) const {
  const reason mask = reason_of(a.masks, mutes_, now);
  return mask == reason::masked_parent && outage_of(a) != nullptr ? reason::correlated : mask;
}

// Decided before any channel was looked at: a mask keeps it quiet.
void tenant_machine::stay_quiet(turn& t, const alert& a, const std::string& gates) const {
  const reason why = quiet_for(a, t.now);
  not_told(a, notice_event::fired, why, gates + " masks=" + std::string(name(why)), t.now, t.out);
}

// Nothing keeps a fire from the logs (S-T1) but an alert that stands for it at its own PBX.
void tenant_machine::fire_quietly(turn& t, alert& a, reason why) {
  const bool replaced = has(a.masks, mask::parent) && outage_of(a) == nullptr;
  if (!replaced && a.phase != alert_phase::resolved)
    tell_logs(t.tell, a, why, quiet_for(a, t.now), t.out);
  else
    stay_quiet(t, a, "phase=firing");
}

void tenant_machine::renew_masks(const turn& t, alert& a) const {
  const auto verdict =
      masks_of(a, alerts_, mutes_, a.key.type == alert_type::bridge_down ? peer_bridge(a) : folded_into(a), t.now);
  a.masks = verdict.masks;
  a.parent = verdict.parent;
}

void tenant_machine::refresh_masks(turn& t, const std::optional<instance_id>& only) {
  auto at = only ? first_of(alerts_, *only) : alerts_.begin();
  for (; at != alerts_.end() && (!only || at->first.instance == *only); ++at)
    if (is_open(at->second)) refresh_masks_of(t, at->second);
}

void tenant_machine::refresh_masks_of(turn& t, alert& a) {
  const mask_set before = a.masks;
  const auto speaker = a.parent;
  renew_masks(t, a);
  if (a.masks == before && a.parent == speaker) return;
  a.settling = before != 0 && a.masks == 0;
  t.touched.insert(a.key);
  if (a.settling) ask_to_settle(t, a.key);
  if (outage_of(a) != nullptr && a.parent != speaker) adopt(t, a);
}

// What one alert masks is at its instance, of a bridge also at the other end, of an outage anywhere. A trunk masks nothing,
// but what it belongs to decides who speaks for all trunks of its PBX.
void tenant_machine::refresh_around(turn& t, const alert& changed) {
  switch (changed.key.type) {
    case alert_type::provider_outage: return refresh_masks(t, std::nullopt);
    case alert_type::instance_unreachable:
    case alert_type::all_trunks_down: return refresh_masks(t, changed.key.instance);
    case alert_type::bridge_down:
      refresh_masks(t, changed.key.instance);
      for (const instance_id& end : instances_at(changed.provider))
        if (end != changed.key.instance) refresh_masks(t, end);
      return;
    case alert_type::trunk_down:
      if (const auto all = first_of(alerts_, changed.key.instance, alert_type::all_trunks_down);
          all != alerts_.end() && all->first.instance == changed.key.instance &&
          all->first.type == alert_type::all_trunks_down && is_open(all->second))
        refresh_masks_of(t, all->second);
      return;
    case alert_type::instance_auth_failed:
    case alert_type::instance_degraded:
    case alert_type::sbc_offline:
    case alert_type::sim_calls:
    case alert_type::service_down:
    case alert_type::channel_failing:
    case alert_type::drill: return;
  }
}

// S-A1: after the last mask lifted and two complete polls, one grouped notice of what still fires and was never told.
void tenant_machine::tell_settled(turn& t, const instance_id& instance) {
  std::vector<telling> many;
  for (auto at = first_of(alerts_, instance); at != alerts_.end() && at->first.instance == instance; ++at)
    if (at->second.settling && at->second.masks == 0) settle(t, at->second, many);
  if (!many.empty()) tell_together(t.tell, many, t.out);
}

void tenant_machine::settle_alone(turn& t, alert& a) {
  std::vector<telling> one;
  settle(t, a, one);
  if (!one.empty()) tell_together(t.tell, one, t.out);
}

void tenant_machine::settle(turn& t, alert& a, std::vector<telling>& many) {
  a.settling = false;
  t.touched.insert(a.key);
  // The end of a snooze and of flapping are told once (S-A10, S-A7): a mask that outlasted them only put it off.
  const bool snooze_over = a.snoozed_until && *a.snoozed_until <= t.now;
  if (snooze_over) a.snoozed_until.reset();
  const bool owed = end_flapping(t, a) == alert_change::reopened || snooze_over;
  if (a.phase != alert_phase::firing) return;
  if (!owed && is_told(t.tell, a)) {
    not_told(a, notice_event::fired, reason::not_above_told,
             "phase=firing masks=none told=" + std::string(name(*a.told)), t.now, t.out);
    return;
  }
  // A row that was suppressed meanwhile is made up for where it was, and takes nothing from the channels that have theirs.
  const bool some_heard = a.told && *a.told >= a.level && !a.targets.empty();
  if (some_heard && !owed) {
    many.push_back({&a, reason::mask_lifted, audience::unheard});
    return;
  }
  if (a.told) ++a.version; // a new telling, not the row that was made before
  many.push_back({&a, reason::mask_lifted});
}

// S-A10: what still fails is told once; under another mask it stays owed, and `snoozed_until` past says so.
void tenant_machine::end_snooze(turn& t, alert& a) {
  t.touched.insert(a.key);
  renew_masks(t, a);
  if (a.masks != 0 && a.phase == alert_phase::firing) return stay_quiet(t, a, "phase=firing snooze=over");
  a.snoozed_until.reset();
  if (!is_notifiable(a)) return;
  end_flapping(t, a);
  ++a.version;
  tell(t.tell, a, notice_event::fired, reason::mask_lifted, "The snooze is over.", t.out);
}

// Quiet long enough: up, it resolves; down, it is plain firing and the caller tells it.
alert_change tenant_machine::end_flapping(turn& t, alert& a) {
  if (!a.flapping) return alert_change::none;
  dedup_result ended = end_of_flapping(a, config_->times, t.now);
  if (ended.change == alert_change::none) return ended.change;
  a = std::move(ended.after);
  t.touched.insert(a.key);
  if (ended.change == alert_change::resolved)
    after_resolve(t, a, nullptr);
  else
    audit(t, a, "alert.fired", "system", std::string(name(a.level)));
  return ended.change;
}

// --- both ends of a bridge ---------------------------------------------------------------------------------------------

void tenant_machine::index_hosts() {
  host_of_.clear();
  at_host_.clear();
  for (const instance_config& one : config_->instances) {
    const auto parts = parse_url(one.url);
    if (!parts) continue;
    host_of_[one.id] = parts->host;
    at_host_[parts->host].insert(one.id);
  }
}

std::set<instance_id> tenant_machine::instances_at(const std::string& host) const {
  const auto at = at_host_.find(host);
  return at == at_host_.end() ? std::set<instance_id>() : at->second;
}

// A bridge both ends of which are monitored is one alert: the second end is folded into the first.
std::optional<alert_id> tenant_machine::peer_bridge(const alert& a) const {
  if (a.key.type != alert_type::bridge_down) return std::nullopt;
  const auto own = host_of_.find(a.key.instance);
  if (own == host_of_.end()) return std::nullopt;
  for (const instance_id& end : instances_at(a.provider)) {
    if (end == a.key.instance) continue;
    for (auto at = first_of(alerts_, end, alert_type::bridge_down);
         at != alerts_.end() && at->first.instance == end && at->first.type == alert_type::bridge_down; ++at) {
      const alert& other = at->second;
      // The earlier one leads; ties are broken by id, so that all nodes agree.
      const bool leads = std::pair(other.opened, other.id) < std::pair(a.opened, a.id);
      if (is_open(other) && other.provider == own->second && leads) return other.id;
    }
  }
  return std::nullopt;
}

} // namespace ringdown::logic
