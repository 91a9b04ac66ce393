#include "test/noise/truth.hpp"

#include "actors/logic/correlation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ringdown::noise {

namespace {

using namespace std::chrono_literals;

std::size_t number_in(const std::string& text, std::size_t from) {
  std::size_t number = 0;
  std::from_chars(text.data() + from, text.data() + text.size(), number);
  return number;
}

std::string host_of(std::size_t carrier) { return fmt::format("sip{}.example.net", carrier); }

stretch stretch_of(const spell& one) { return {one.begin, one.end, one.of, one.how}; }

part part_of(alert_type type) {
  switch (type) {
    case alert_type::trunk_down:
    case alert_type::bridge_down: return part::trunk;
    case alert_type::sbc_offline: return part::sbc;
    case alert_type::service_down: return part::service;
    case alert_type::sim_calls: return part::calls;
    default: return part::pbx;
  }
}

} // namespace

truth::truth(const plan& of) : plan_(of) {
  for (const spell& one : of.spells) {
    spells_[{one.pbx, one.what, one.index}].push_back(&one);
    const pbx& at = of.pbxes[one.pbx];
    if (one.what == part::trunk) of_carrier_[{at.tenant, at.trunks[one.index]}].push_back(&one);
  }
}

std::optional<stretch> truth::latest_of(const resource& what, wall_time by) const {
  const auto known = spells_.find(what);
  if (known == spells_.end()) return std::nullopt;
  const auto next = std::ranges::upper_bound(known->second, by, {}, [](const spell* one) { return one->begin; });
  if (next == known->second.begin()) return std::nullopt;
  return stretch_of(**std::prev(next));
}

// While all are down: from when the last fell to when the first rose.
std::optional<stretch> truth::all_trunks(std::size_t pbx, wall_time by) const {
  std::optional<stretch> both;
  for (std::size_t i = 0; i < plan_.pbxes[pbx].trunks.size(); ++i) {
    const auto one = latest_of({pbx, part::trunk, i}, by);
    if (!one) return std::nullopt;
    if (!both || one->begin > both->begin) both = {one->begin, both ? both->end : one->end, one->incident, one->how};
    both->end = std::min(both->end, one->end);
  }
  return both && both->begin < both->end ? both : std::nullopt;
}

// While trunks of two PBXes of the tenant are down there: the last such time, with interruptions shorter than what the rule
// waits for.
std::optional<stretch> truth::of_carrier(std::size_t tenant, std::size_t carrier, wall_time by) const {
  const auto known = of_carrier_.find({tenant, carrier});
  if (known == of_carrier_.end()) return std::nullopt;
  std::vector<std::tuple<wall_time, int, std::size_t>> edges;
  for (const spell* one : known->second) {
    if (one->begin > by || one->end < by - 6h) continue;
    edges.emplace_back(one->begin, 1, one->of);
    edges.emplace_back(one->end, -1, one->of);
  }
  std::ranges::sort(edges);
  std::optional<stretch> found;
  int down = 0;
  for (const auto& [at, change, incident] : edges) {
    const bool were = down >= 2;
    down += change;
    if (!were && down >= 2 && (!found || at - found->end > timing{}.provider_quiet)) found = {at, at, incident, {}};
    if (were && down < 2) found->end = at;
  }
  return found;
}

std::optional<stretch> truth::latest(const claim& what, wall_time by) const {
  const auto& [instance, type, ref] = what.key;
  if (type == alert_type::provider_outage) return of_carrier(what.tenant, number_in(ref.key, 3), by);
  if (instance.empty()) return std::nullopt;
  const std::size_t pbx = pbx_of(instance);
  if (type == alert_type::all_trunks_down) return all_trunks(pbx, by);
  return latest_of({pbx, part_of(type), ref.key.empty() ? 0 : number_in(ref.key, 0)}, by);
}

bool truth::holds(const claim& what, wall_time at) const {
  const auto last = latest(what, at);
  return last && at <= last->end;
}

std::optional<stretch> truth::latest_as_seen(const claim& what, wall_time by) const {
  auto last = latest(what, by);
  if (!last || what.key.instance.empty() || what.key.type == alert_type::instance_unreachable) return last;
  const auto known = spells_.find({pbx_of(what.key.instance), part::pbx, 0});
  if (known == spells_.end()) return last;
  const timing times;
  for (const spell* one : known->second)
    if (one->begin <= last->end + times.poll_interval + 2 * times.confirm_after)
      last->end = std::max(last->end, one->end);
  return last;
}

std::vector<claim> truth::claims_of(const spell& of) const {
  const instance_id at = pbx_named(of.pbx);
  const std::size_t tenant = plan_.pbxes[of.pbx].tenant;
  const auto own = [&](alert_type type, resource_kind kind) {
    return claim{tenant, {at, type, {kind, std::to_string(of.index)}}};
  };
  switch (of.what) {
    case part::sbc: return {own(alert_type::sbc_offline, resource_kind::sbc)};
    case part::service: return {own(alert_type::service_down, resource_kind::service)};
    case part::trunk:
      return {own(alert_type::trunk_down, resource_kind::trunk),
              {tenant, {at, alert_type::all_trunks_down, {resource_kind::instance, ""}}},
              {tenant, logic::outage_key(host_of(plan_.pbxes[of.pbx].trunks[of.index]))}};
    case part::calls: return {};
    case part::pbx: return {{tenant, {at, alert_type::instance_unreachable, {resource_kind::instance, ""}}}};
  }
  return {};
}

wall_time truth::judged_from(const spell& of) const {
  wall_time from = of.begin;
  const auto known = spells_.find({of.pbx, part::pbx, 0});
  if (of.what == part::pbx || known == spells_.end()) return from;
  const timing times;
  for (const spell* one : known->second) {
    const wall_time over = one->end + times.starting_grace + times.poll_interval + times.confirm_after;
    if (one->begin <= from + times.poll_interval + 2 * times.confirm_after && over > from) from = over;
  }
  return from;
}

} // namespace ringdown::noise
