#include "actors/logic/masks.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

const alert* open_alert(const std::map<alert_key, alert>& alerts, const instance_id& instance, alert_type type) {
  const auto at = alerts.find({instance, type, {resource_kind::instance, ""}});
  return at == alerts.end() || at->second.phase == alert_phase::resolved ? nullptr : &at->second;
}

std::optional<alert_id> id_of(const alert* a) { return a == nullptr ? std::nullopt : std::optional(a->id); }

// L-03: an unreachable PBX speaks for everything below it, then what it was folded into, then all trunks for each.
std::optional<alert_id> parent_of(const alert& a, const std::map<alert_key, alert>& alerts,
                                  const std::optional<alert_id>& folded_into) {
  if (a.key.type == alert_type::instance_unreachable) return std::nullopt;
  if (const alert* unreachable = open_alert(alerts, a.key.instance, alert_type::instance_unreachable))
    return unreachable->id;
  if (folded_into || a.key.type != alert_type::trunk_down) return folded_into;
  return id_of(open_alert(alerts, a.key.instance, alert_type::all_trunks_down));
}

} // namespace

mask_verdict masks_of(const alert& a, const std::map<alert_key, alert>& alerts, const std::vector<mute>& mutes,
                      const std::optional<alert_id>& folded_into, wall_time now) {
  mask_verdict made;
  made.parent = parent_of(a, alerts, folded_into);
  if (made.parent) made.masks = with(made.masks, mask::parent);
  if (a.snoozed_until && now < *a.snoozed_until) made.masks = with(made.masks, mask::snooze);
  const bool muted = std::ranges::any_of(mutes, [&](const mute& m) {
    return now < m.until && (m.scope == mute_scope::everything || m.type == a.key.type);
  });
  if (muted) made.masks = with(made.masks, mask::mute);
  return made;
}

reason reason_of(mask_set masks, const std::vector<mute>& mutes, wall_time now) {
  if (has(masks, mask::parent)) return reason::masked_parent;
  if (has(masks, mask::blind)) return reason::masked_blind;
  if (has(masks, mask::maintenance)) return reason::masked_maintenance;
  if (has(masks, mask::snooze)) return reason::masked_snooze;
  if (!has(masks, mask::mute)) return reason::none;
  const bool everything =
      std::ranges::any_of(mutes, [&](const mute& m) { return m.scope == mute_scope::everything && now < m.until; });
  return everything ? reason::kill_switch : reason::masked_mute;
}

} // namespace ringdown::logic
