// The one thing that a tenant says of others (S-C5): that the carrier of what fails fails elsewhere too. It is a sentence in
// what is told anyway, and a note in tickets and chats that were told before it was known. It holds nothing back, makes no
// phone ring and changes no alert.
#include "actors/logic/alert_map.hpp"
#include "actors/logic/tenant_machine.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace ringdown::logic {

namespace {

// Of one thing, that still fails, in writing: a call has a script, a summary tells of things that have other carriers.
bool may_say_so(const delivery& row) {
  if (!row.target.empty()) return false;
  switch (row.event) {
    case notice_event::fired:
    case notice_event::escalated:
    case notice_event::acknowledged:
    case notice_event::updated:
    case notice_event::reminder: return true;
    case notice_event::resolved:
    case notice_event::summary:
    case notice_event::handed_over:
    case notice_event::test: return false;
  }
  return false;
}

} // namespace

// Of all its trunks: what is true of one carrier must not be said of another.
bool tenant_machine::fails_at_others(const alert& a) const {
  if (truth_ == nullptr || elsewhere_.empty() || !is_open(a) || a.current != condition::failing) return false;
  const auto behind = registrars_behind(a, providers_, *truth_, alerts_);
  return !behind.empty() &&
         std::ranges::all_of(behind, [&](const std::string& one) { return elsewhere_.contains(one); });
}

void tenant_machine::say_elsewhere(delivery& row) {
  const alert* about = may_say_so(row) ? find(row.alert) : nullptr;
  if (about == nullptr || !fails_at_others(*about)) return;
  row.content.text += row.content.text.empty() ? "" : " ";
  row.content.text += fails_elsewhere;
  said_elsewhere_.insert({about->id, about->episode});
}

effects tenant_machine::on(const elsewhere_news& heard, wall_time now) {
  const bool more = !std::ranges::includes(elsewhere_, heard.registrars);
  elsewhere_ = heard.registrars;
  if (!more) return {};
  std::erase_if(said_elsewhere_, [&](const auto& entry) {
    const alert* known = find(entry.first);
    return known == nullptr || !is_open(*known) || known->episode != entry.second;
  });
  turn t = begin(now);
  // At this very instant an alert may be told of something else: these notes have keys of their own.
  const std::string apart = lineage_ + "|elsewhere";
  telling_context in = t.tell;
  in.lineage = apart;
  for (auto& [key, a] : alerts_) {
    if (a.masks != 0 || !fails_at_others(a) || !said_elsewhere_.insert({a.id, a.episode}).second) continue;
    tell_targets(in, a, notice_event::updated, reason::correlated, "", {delivery_kind::mirror}, t.out);
  }
  return end(t);
}

} // namespace ringdown::logic
