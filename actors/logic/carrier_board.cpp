#include "actors/logic/carrier_board.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace ringdown::logic {

namespace {

// Less ahead of us is a clock that is being slewed; more is one that was set back, and the stamp says nothing.
constexpr duration unsteady = std::chrono::seconds(2);

std::vector<provider_config> as_providers(const std::vector<carrier_alias>& known) {
  std::vector<provider_config> made;
  made.reserve(known.size());
  for (const carrier_alias& one : known) made.push_back({one.id, one.id, one.hosts});
  return made;
}

} // namespace

carrier_board::carrier_board(const std::vector<carrier_alias>& known, duration window)
    : carriers_(as_providers(known)),
      window_(window) {}

std::set<tenant_id> carrier_board::hear(const tenant_id& who, const std::vector<place_report>& places, wall_time now) {
  std::set<std::string> touched;
  for (const place_report& one : places) {
    take_out({who, one.place}, touched);
    if (!one.trunks.empty()) put_in({who, one.place}, one.trunks, now, touched);
  }
  return judge(touched, now);
}

std::set<tenant_id> carrier_board::forget(const tenant_id& who, wall_time now) {
  std::set<std::string> touched;
  for (auto at = places_.lower_bound({who, 0}); at != places_.end() && at->first.first == who;) {
    const place_key which = at->first;
    ++at;
    take_out(which, touched);
  }
  return judge(touched, now);
}

std::set<std::string> carrier_board::elsewhere(const tenant_id& who) const {
  std::set<std::string> found;
  const auto mine = beside_.find(who);
  if (mine == beside_.end()) return found;
  for (const std::string& id : mine->second)
    for (const auto& [registrar, count] : known_.at(id).parts.at(who).at) found.insert(registrar);
  return found;
}

void carrier_board::take_out(const place_key& which, std::set<std::string>& touched) {
  const auto at = places_.find(which);
  if (at == places_.end()) return;
  for (std::size_t i = 0; i < at->second.size(); ++i) {
    const trunk_sign& trunk = at->second[i];
    const std::string id = carriers_.group_of(trunk.registrar);
    touched.insert(id);
    carrier& of = known_.at(id);
    part& mine = of.parts.at(which.first);
    --mine.trunks;
    if (const auto there = mine.at.find(trunk.registrar); --there->second == 0) mine.at.erase(there);
    mine.counted -= trunk.counted ? 1 : 0;
    of.counted -= trunk.counted ? 1 : 0;
    if (trunk.failing) of.failing.erase(of.failing.lower_bound({*trunk.failing, which.first, which.second, i, false}));
  }
  places_.erase(at);
}

void carrier_board::put_in(const place_key& which, std::vector<trunk_sign> trunks, wall_time now,
                           std::set<std::string>& touched) {
  std::erase_if(trunks, [&](const trunk_sign& one) { return carriers_.group_of(one.registrar).empty(); });
  for (std::size_t i = 0; i < trunks.size(); ++i) {
    const trunk_sign& trunk = trunks[i];
    const std::string id = carriers_.group_of(trunk.registrar);
    touched.insert(id);
    carrier& of = known_[id];
    part& mine = of.parts[which.first];
    ++mine.trunks;
    ++mine.at[trunk.registrar];
    mine.counted += trunk.counted ? 1 : 0;
    of.counted += trunk.counted ? 1 : 0;
    if (!trunk.failing) continue;
    const bool dated = !trunk.first_sight && *trunk.failing <= now + unsteady;
    of.failing.insert({*trunk.failing, which.first, which.second, i, trunk.counted && dated});
  }
  places_[which] = std::move(trunks);
}

std::set<tenant_id> carrier_board::judge(const std::set<std::string>& touched, wall_time now) {
  std::set<tenant_id> changed;
  for (const std::string& id : touched) {
    carrier& one = known_.at(id);
    std::erase_if(one.parts, [](const auto& entry) { return entry.second.trunks == 0; });
    std::erase_if(one.elsewhere, [&](const auto& entry) {
      const bool over = !one.parts.contains(entry.first) || !goes_on_beside(one, entry.first, entry.second);
      if (over) no_longer_beside(entry.first, id, changed);
      return over;
    });
    // Mostly nothing fails, and there are many tenants at one carrier.
    if (!one.failing.empty()) begin_beside(id, one, now, changed);
    if (one.parts.empty()) known_.erase(id);
  }
  return changed;
}

void carrier_board::begin_beside(const std::string& id, carrier& one, wall_time now, std::set<tenant_id>& changed) {
  for (const auto& [who, mine] : one.parts) {
    if (one.elsewhere.contains(who)) continue;
    const auto since = begins_beside(one, who, now);
    if (!since) continue;
    one.elsewhere[who] = *since;
    beside_[who].insert(id);
    changed.insert(who);
  }
}

void carrier_board::no_longer_beside(const tenant_id& who, const std::string& id, std::set<tenant_id>& changed) {
  const auto mine = beside_.find(who);
  mine->second.erase(id);
  if (mine->second.empty()) beside_.erase(mine);
  changed.insert(who);
}

// As outage_since, of the others' trunks, from the newest failure back: three places decide it, so no more are looked at.
std::optional<wall_time> carrier_board::begins_beside(const carrier& one, const tenant_id& who, wall_time now) const {
  std::optional<wall_time> newest;
  std::optional<wall_time> first;
  std::set<place_key> places;
  std::size_t failing = 0;
  for (const mark& m : std::views::reverse(one.failing)) {
    if (m.who == who || !m.opens) continue;
    if (!newest) newest = m.since;
    if (m.since < *newest - window_) break;
    ++failing;
    first = m.since;
    places.insert({m.who, m.place});
    if (places.size() == 3) break;
  }
  if (!newest || *newest < now - window_) return std::nullopt;
  const auto mine = one.parts.find(who);
  const std::size_t all = one.counted - (mine == one.parts.end() ? 0 : mine->second.counted);
  return is_outage(places.size(), failing, all) ? first : std::nullopt;
}

bool carrier_board::goes_on_beside(const carrier& one, const tenant_id& who, wall_time since) const {
  std::set<place_key> places;
  for (const mark& m : std::views::reverse(one.failing)) {
    if (!belongs(m.since, since, window_)) break;
    if (m.who != who) places.insert({m.who, m.place});
    if (places.size() == 2) return true;
  }
  return false;
}

} // namespace ringdown::logic
