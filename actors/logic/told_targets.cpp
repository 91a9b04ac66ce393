// Who has been told of an alert, as the ends of their rows come in.
#include "actors/logic/telling.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// A line is told in order: when a row is held back, those before it have ended. Of which it is not known that they arrived, the
// target is owed the end (they may have), and counts for nothing as having heard.
void doubt_line(alert& a, std::vector<told_target>::iterator last) {
  for (auto at = a.targets.begin(); at != last; ++at)
    if (at->channel == last->channel && at->target == last->target && !at->accepted) at->level = severity::info;
}

} // namespace

told_change note_end(alert& a, const delivery_id& row, delivery_state state) {
  const auto at = std::ranges::find(a.targets, row, &told_target::fire);
  if (at == a.targets.end() || !is_final(state)) return told_change::none;
  if (state == delivery_state::dead || state == delivery_state::suppressed) {
    if (state == delivery_state::suppressed) doubt_line(a, at);
    a.targets.erase(at);
    return told_change::targets;
  }
  const bool was_accepted = std::exchange(at->accepted, true);
  // It arrived, or may have: what was to tell the same target before it no longer matters, but for how high it went.
  const told_target told = *at;
  const auto same = [&](const told_target& t) { return t.channel == told.channel && t.target == told.target; };
  const auto older = std::stable_partition(a.targets.begin(), at, [&](const told_target& t) { return !same(t); });
  if (older == at) return was_accepted ? told_change::none : told_change::accepted;
  at->level = std::ranges::max(std::ranges::subrange(older, std::next(at)), {}, &told_target::level).level;
  a.targets.erase(older, at);
  return told_change::targets;
}

} // namespace ringdown::logic
