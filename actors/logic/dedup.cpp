#include "actors/logic/dedup.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// More changes than this tell nothing more; the record stays bounded.
constexpr std::size_t remembered_changes = 16;

void note_change(alert& a, const timing& times, wall_time now) {
  a.changes.push_back(now);
  std::erase_if(a.changes, [&](wall_time at) { return now - at > times.flap_window; });
  if (a.changes.size() > remembered_changes) a.changes.erase(a.changes.begin());
}

void take_facts(alert& a, const transition& seen) {
  a.label = seen.label.empty() ? a.label : seen.label;
  a.provider = seen.provider.empty() ? a.provider : seen.provider;
  a.why = seen.why;
  a.detail = seen.detail;
}

// A fire or a rise: a version of its own, unacknowledged.
void begin_telling(alert& a) {
  ++a.version;
  a.phase = alert_phase::firing;
  a.ack.reset();
  a.reminded.reset();
}

dedup_result open(const std::optional<alert>& before, const transition& seen, severity level, const timing& times,
                  wall_time now) {
  dedup_result made{before.value_or(alert{}), alert_change::opened, reason::first};
  alert& a = made.after;
  const bool same_episode = before && before->resolved && now - *before->resolved < times.episode_window;
  a.key = seen.key;
  take_facts(a, seen);
  begin_telling(a);
  if (!before) a.version = 1;
  if (same_episode) {
    made.change = alert_change::reopened;
    made.why = reason::again;
  } else {
    a.episode = before ? before->episode + 1 : 1;
    a.opened = now;
    a.told.reset();
    a.changes.clear();
    a.trace = seen.trace;
  }
  a.targets.clear(); // who was told of the fire before has its resolve
  a.backed_up = false;
  a.level = level;
  a.since = seen.since;
  a.not_before = seen.not_before;
  a.resolved.reset();
  a.removed = false;
  a.unseen_since.reset();
  a.snoozed_until.reset();
  a.masks = 0;
  a.parent.reset();
  a.settling = false;
  a.flapping = false;
  a.first_sight = seen.how == sighting::first_sight;
  a.current = condition::failing;
  note_change(a, times, now);
  if (static_cast<int>(a.changes.size()) >= times.flap_changes) {
    a.flapping = true;
    made.change = alert_change::flap_started;
  }
  return made;
}

dedup_result still_failing(const alert& before, const transition& seen, severity level, const timing& times,
                           wall_time now) {
  dedup_result made{before, alert_change::none, reason::duplicate};
  alert& a = made.after;
  a.unseen_since.reset();
  const bool flipped = before.current != condition::failing; // only a flapping alert is open while its resource is up
  if (flipped) note_change(a, times, now);
  a.current = condition::failing;
  if (level == before.level) {
    if (flipped) return {std::move(a), alert_change::flapped, reason::flapping};
    if (before.unseen_since) made.change = alert_change::unseen; // seen again: nothing to tell, but to be written
    return made;
  }
  take_facts(a, seen);
  a.level = level;
  if (level < before.level) return {std::move(a), alert_change::lowered, reason::not_above_told};
  // The mark is the episode's; where nobody has heard of this fire of it, a mark tells nobody anything.
  if (before.told && level <= *before.told && !before.targets.empty())
    return {std::move(a), alert_change::lowered, reason::not_above_told};
  begin_telling(a);
  a.snoozed_until.reset(); // a rise pierces a snooze (S-A10)
  return {std::move(a), alert_change::raised, reason::raised};
}

dedup_result recovered(const alert& before, const transition& seen, const timing& times, wall_time now) {
  dedup_result made{before, alert_change::resolved, reason::recovered};
  alert& a = made.after;
  a.unseen_since.reset();
  a.removed = seen.to == condition::removed;
  if (seen.detail == switched_off) a.detail = seen.detail;
  if (a.flapping && !a.removed && before.current == condition::ok) {
    if (!before.unseen_since) return {before, alert_change::none, reason::duplicate};
    return {std::move(a), alert_change::unseen, reason::duplicate}; // seen again, as it was
  }
  a.current = condition::ok;
  note_change(a, times, now);
  if (a.flapping && !a.removed) return {std::move(a), alert_change::flapped, reason::flapping};
  close(a, now);
  if (a.removed) made.change = alert_change::removed;
  return made;
}

} // namespace

dedup_result dedup(const std::optional<alert>& before, const transition& seen, severity level, const timing& times,
                   wall_time now) {
  const bool open_now = before && before->phase != alert_phase::resolved;
  switch (seen.to) {
    case condition::failing:
      return open_now ? still_failing(*before, seen, level, times, now) : open(before, seen, level, times, now);
    case condition::ok:
    case condition::removed:
      if (open_now) return recovered(*before, seen, times, now);
      break;
    case condition::unknown:
      if (open_now && !before->unseen_since) {
        dedup_result made{*before, alert_change::unseen, reason::duplicate};
        made.after.unseen_since = now;
        return made;
      }
      break;
  }
  return {before.value_or(alert{}), alert_change::none, reason::duplicate};
}

void close(alert& a, wall_time now) {
  a.phase = alert_phase::resolved;
  a.resolved = now;
  a.flapping = false;
  a.settling = false;
  a.unseen_since.reset();
  a.snoozed_until.reset();
}

dedup_result end_of_flapping(const alert& before, const timing& times, wall_time now) {
  dedup_result made{before, alert_change::none, reason::flapping};
  if (!before.flapping || before.phase == alert_phase::resolved || before.unseen_since) return made;
  if (!before.changes.empty() && now - before.changes.back() < times.flap_quiet) return made;
  alert& a = made.after;
  a.flapping = false;
  a.changes.clear();
  if (a.current == condition::ok) {
    close(a, now);
    return {std::move(a), alert_change::resolved, reason::recovered};
  }
  begin_telling(a);
  return {std::move(a), alert_change::reopened, reason::again};
}

} // namespace ringdown::logic
