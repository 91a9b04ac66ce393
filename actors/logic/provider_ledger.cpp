#include "actors/logic/provider_ledger.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

// --- one provider ------------------------------------------------------------------------------------------------------

provider_state::failure_at provider_state::failure_of(const provider_trunk& one) {
  return {*one.failing, one.instance, one.key, one.counted && !one.first_sight};
}

void provider_state::add(const provider_trunk& one) {
  ++trunks_;
  counted_ += one.counted ? 1 : 0;
  if (!one.failing) return;
  fails_.insert(failure_of(one));
  ++where_[one.instance];
}

void provider_state::remove(const provider_trunk& one) {
  --trunks_;
  counted_ -= one.counted ? 1 : 0;
  if (!one.failing) return;
  fails_.erase(failure_of(one));
  const auto at = where_.find(one.instance);
  if (--at->second == 0) where_.erase(at);
}

std::optional<wall_time> provider_state::outage_since(duration window, wall_time now) const {
  const auto newest = std::find_if(fails_.rbegin(), fails_.rend(), [](const failure_at& f) { return f.counts; });
  if (newest == fails_.rend() || newest->since < now - window) return std::nullopt;
  std::size_t failing = 0;
  std::set<instance_id> where;
  std::optional<wall_time> first;
  for (auto at = from(newest->since - window); at != fails_.end() && where.size() < enough_places; ++at) {
    if (!at->counts) continue;
    if (!first) first = at->since;
    ++failing;
    where.insert(at->instance);
  }
  return is_outage(where.size(), failing, counted_) ? first : std::nullopt;
}

bool provider_state::goes_on(wall_time outage_since, duration window) const {
  const auto first = from(outage_since - window);
  return std::any_of(first, fails_.end(), [&](const failure_at& f) { return f.instance != first->instance; });
}

provider_state::places provider_state::members_at(wall_time outage_since, duration window, std::size_t named) const {
  const auto first = from(outage_since - window);
  const bool all = first == fails_.begin();
  places found;
  std::set<instance_id> seen;
  for (auto at = first; at != fails_.end() && !(all && found.first.size() == named); ++at) {
    if (!seen.insert(at->instance).second) continue;
    if (found.first.size() < named) found.first.push_back(at->instance);
  }
  found.count = all ? where_.size() : seen.size();
  return found;
}

// --- all of them -------------------------------------------------------------------------------------------------------

void provider_ledger::doubt(const instance_id& one) {
  if (!all_doubted_) doubted_.insert(one);
}

void provider_ledger::doubt_all() {
  all_doubted_ = true;
  doubted_.clear();
}

void provider_ledger::look(const provider_groups& groups, const known_truth& truth,
                           const std::map<alert_key, alert>& alerts) {
  if (std::exchange(all_doubted_, false)) {
    entries_.clear();
    providers_.clear();
    for (const auto& [instance, base] : truth) look_at(base, groups, alerts);
  }
  for (const instance_id& instance : std::exchange(doubted_, {}))
    if (const auto base = truth.find(instance); base != truth.end())
      look_at(base->second, groups, alerts);
    else
      forget(instance);
}

const provider_state& provider_ledger::of(const std::string& group) const {
  static const provider_state nothing;
  const auto at = providers_.find(group);
  return at == providers_.end() ? nothing : at->second;
}

void provider_ledger::look_at(const baseline& base, const provider_groups& groups,
                              const std::map<alert_key, alert>& alerts) {
  std::vector<std::pair<const std::string*, provider_trunk>> seen;
  seen.reserve(base.resources.size());
  for_each_trunk(base, alerts, [&](const resource_record& record, const provider_trunk& one) {
    seen.emplace_back(&record.provider, one);
  });
  auto& held = entries_[base.instance];
  emptied left;
  // Out before in: where one has gone the others move up, and stand in two places meanwhile.
  for (std::size_t i = 0; i < held.size(); ++i)
    if (i >= seen.size() || held[i].host != *seen[i].first || held[i].trunk != seen[i].second) take_out(held[i], left);
  held.resize(seen.size());
  for (std::size_t i = 0; i < held.size(); ++i)
    if (!held[i].placed) put_in(held[i], *seen[i].first, std::move(seen[i].second), groups);
  prune(left);
}

void provider_ledger::take_out(entry& held, emptied& left) {
  if (held.placed && held.at != nullptr) {
    held.at->second.remove(held.trunk);
    if (!held.at->second.has_trunks()) left.push_back(held.at);
  }
  held.placed = false;
}

// A PBX may name another host at each poll. Not before all are in again: what is put back where it was finds its place by it.
void provider_ledger::prune(const emptied& left) {
  for (const auto* one : left)
    if (!one->second.has_trunks()) providers_.erase(providers_.find(one->first));
}

void provider_ledger::put_in(entry& held, const std::string& host, provider_trunk seen, const provider_groups& groups) {
  if (held.host != host) {
    const std::string group = groups.group_of(host);
    held.host = host;
    held.at = group.empty() ? nullptr : &*providers_.try_emplace(group).first;
  }
  held.trunk = std::move(seen);
  held.placed = true;
  if (held.at != nullptr) held.at->second.add(held.trunk);
}

void provider_ledger::forget(const instance_id& one) {
  const auto gone = entries_.find(one);
  if (gone == entries_.end()) return;
  emptied left;
  for (entry& held : gone->second) take_out(held, left);
  entries_.erase(gone);
  prune(left);
}

} // namespace ringdown::logic
