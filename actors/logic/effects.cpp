#include "actors/logic/effects.hpp"

#include <algorithm>
#include <iterator>

namespace ringdown::logic {

namespace {

template <class T>
void move_all(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

} // namespace

bool effects::empty() const {
  return alerts.empty() && suppressions.empty() && deliveries.empty() && decisions.empty() && mutes.empty() &&
         commands.empty() && audits.empty() && calls.empty() && confirmed.empty() && phones.empty() && !oncall &&
         settle.empty() && withdraw.empty() && hang_ups.empty();
}

void effects::append(effects more) {
  // A later state of the same alert replaces the earlier one: both are of one transaction.
  for (alert& one : more.alerts) {
    const auto at = std::ranges::find(alerts, one.id, &alert::id);
    if (at == alerts.end())
      alerts.push_back(std::move(one));
    else
      *at = std::move(one);
  }
  move_all(suppressions, more.suppressions);
  move_all(deliveries, more.deliveries);
  move_all(decisions, more.decisions);
  move_all(mutes, more.mutes);
  move_all(commands, more.commands);
  move_all(audits, more.audits);
  move_all(calls, more.calls);
  move_all(confirmed, more.confirmed);
  move_all(phones, more.phones);
  if (more.oncall) oncall = std::move(more.oncall);
  move_all(hang_ups, more.hang_ups);
  move_all(settle, more.settle);
  move_all(withdraw, more.withdraw);
  urgency = std::max(urgency, more.urgency);
}

} // namespace ringdown::logic
