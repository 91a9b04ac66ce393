// A wall clock that was set back. What waits by it would wait for that much longer, and nobody would be told why: so it is
// moved along, and waits as long as it was to.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/tenant_machine.hpp"

#include <algorithm>
#include <chrono>

namespace ringdown::logic {

namespace {

// Less is a clock that is being slewed, or two threads that read it at once.
constexpr duration unsteady = std::chrono::seconds(2);

template <class Clock>
void move_back(Clock& clock, duration by) {
  clock.begun -= by;
  clock.due -= by;
}

// A moment that had come when this was written: a ladder begins later than that.
wall_time last_written(const alert& a) {
  // `opened` is what was shown to people, and stays as it is when the clock is set back.
  wall_time last = std::max(a.changes.empty() ? a.opened : a.changes.back(), a.reminded.value_or(wall_time{}));
  for (const told_target& one : a.targets) last = std::max(last, one.at);
  return last;
}

} // namespace

void tenant_machine::note_written() {
  for (const auto& [key, a] : alerts_)
    if (is_open(a)) latest_ = std::max(latest_, last_written(a));
  for (const auto& [id, call] : calls_) latest_ = std::max(latest_, call.changed);
}

void tenant_machine::follow_clock(turn& t) {
  if (t.now + unsteady >= latest_) {
    latest_ = std::max(latest_, t.now);
    return;
  }
  const duration back = latest_ - t.now;
  latest_ = t.now;
  for (auto& [key, a] : alerts_) {
    if (!is_open(a)) continue;
    turn_back(a, t.now, back);
    // How long nobody looked is not known: told once more is better than told late.
    for (told_target& one : a.targets) one.at = std::min(one.at, t.now - config_->times.late_after);
    t.touched.insert(key);
    timers_.emplace(t.now, key);
  }
  for (auto& [id, call] : calls_) {
    call.made -= back;
    call.changed -= back;
    t.out.calls.push_back(call);
  }
  for (auto& [channel, run] : unplaced_) {
    run.since -= back;
    run.last -= back;
  }
  for (auto& [key, look] : looks_) look.asked -= back;
  for (auto& [key, since] : quiet_) since -= back;
}

// `opened` and `ack` stay: they are what was shown to people.
void tenant_machine::turn_back(alert& a, wall_time now, duration by) {
  if (a.ladder) move_back(*a.ladder, by);
  if (a.escalation) move_back(*a.escalation, by);
  for (told_target& one : a.targets) one.at -= by;
  for (wall_time& one : a.changes)
    if (one > now) one -= by;
  if (a.ack) a.reminded = std::min(now, a.reminded.value_or(a.ack->at));
}

} // namespace ringdown::logic
