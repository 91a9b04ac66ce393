#include "test/simulation/history.hpp"

#include "protocol/wire/dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace ringdown::simulation {

namespace {

template <class T>
T sure(result<T> said) {
  if (!said) throw std::runtime_error("the store cannot be read at the end: " + said.error().detail);
  return std::move(*said);
}

} // namespace

history::history(const journal& told, const tenants& who, instant ended, wall_time wall, persistence::store& left)
    : told_(told),
      who_(who),
      ended_(ended),
      wall_(wall) {
  read_channels();
  read_journal();
  read_store(left);
}

void history::read_journal() {
  for (const entry& one : told_.entries()) {
    if (const auto* kept = std::get_if<batch_kept>(&one.what)) {
      for (const delivery& row : kept->batch->deliveries) rows_.try_emplace(row.id, row_story{row, one.at, {}, {}, {}});
    } else if (const auto* taken = std::get_if<effect>(&one.what)) {
      const auto at = rows_.find(taken->row);
      (at == rows_.end() ? strays_ : at->second.effects).emplace_back(one.at, *taken);
    } else if (const auto* changed = std::get_if<truth_changed>(&one.what)) {
      truth_[{changed->pbx, changed->resource}].emplace_back(one.at, changed->now);
    } else if (const auto* set = std::get_if<configured>(&one.what)) {
      configured_[set->to->id].emplace_back(one.at, set->to.get());
    }
  }
}

void history::read_store(persistence::store& left) {
  for (auto& [id, story] : rows_) {
    const auto found = sure(left.find_delivery(id));
    if (found) story.last = *found;
    story.ledger = sure(left.attempts(id));
  }
  for (const auto& [id, last] : told_.alerts()) decisions_[id] = sure(left.decisions(id));
}

wall_time history::wall_at(instant when) const {
  instant since = ended_ - when;
  for (const entry& one : told_.entries())
    if (const auto* jump = std::get_if<clock_jumped>(&one.what); jump != nullptr && one.at > when) since += jump->by;
  return wall_ - std::chrono::duration_cast<duration>(since);
}

const row_story* history::find(const delivery_id& row) const {
  const auto at = rows_.find(row);
  return at == rows_.end() ? nullptr : &at->second;
}

const std::vector<decision>& history::decisions_of(const alert_id& id) const { return decisions_.at(id); }

bool history::is_asked_for(const delivery& row) const {
  if (row.round == 0) return false;
  const auto about = decisions_.find(row.alert);
  return about != decisions_.end() && std::ranges::any_of(about->second, [&](const decision& d) {
           return d.made == row.id && d.deciding == reason::asked;
         });
}

void history::read_channels() {
  for (const auto& tenant : who_)
    for (const channel_config& one : tenant->channels) {
      const auto about = wire::find_dialect(one.kind)->describe();
      channels_[one.id] = {about.is, about.keys};
    }
}

const history::channel_facts* history::facts_of(const channel_id& id) const {
  const auto at = channels_.find(id);
  return at == channels_.end() ? nullptr : &at->second;
}

bool history::is_keyed(const channel_id& id) const {
  const auto* facts = facts_of(id);
  return facts != nullptr && facts->keys == wire::target_key::known_to_it;
}

bool history::may_be_repeated(const channel_id& id) const {
  const auto* facts = facts_of(id);
  return facts != nullptr && wire::repeats_are_safe(facts->keys);
}

bool history::is_of(const channel_id& id, channel_class what) const {
  const auto* facts = facts_of(id);
  return facts != nullptr && facts->is == what;
}

bool history::was_taken_over(const channel_id& channel, const alert_id& what) const {
  if (!is_of(channel, channel_class::ticket)) return false;
  return std::ranges::any_of(rows_, [&](const auto& one) {
    const delivery& row = one.second.row;
    const auto& all = row.content.alerts;
    return row.channel == channel && !all.empty() && all.front().type == alert_type::provider_outage &&
           !one.second.effects.empty() && std::ranges::find(all, what, &alert_view::id) != all.end();
  });
}

const tenant_config& history::tenant(const tenant_id& id) const {
  for (const auto& one : who_)
    if (one->id == id) return *one;
  throw std::logic_error("no such tenant: " + id.str());
}

const tenant_config& history::tenant_at(const tenant_id& id, instant when) const {
  const configurations& all = configured_.at(id);
  const tenant_config* last = all.front().second;
  for (const auto& [at, one] : all)
    if (at <= when) last = one;
  return *last;
}

std::vector<const tenant_config*> history::tenants_in(const tenant_id& id, instant from, instant to) const {
  std::vector<const tenant_config*> all{&tenant_at(id, from)};
  for (const auto& [at, one] : configured_.at(id))
    if (at > from && at <= to) all.push_back(one);
  return all;
}

bool history::was_configured_in(const tenant_id& id, instant from, instant to) const {
  return tenants_in(id, from, to).size() > 1;
}

health history::state_at(const thing& what, instant when) const {
  const auto known = truth_.find(what);
  health now = health::absent;
  if (known == truth_.end()) return now;
  for (const auto& [at, state] : known->second)
    if (at <= when) now = state;
  return now;
}

bool history::fails_at(const alert_key& what, instant when) const {
  if (what.type != alert_type::all_trunks_down)
    return state_at({what.instance, what.resource}, when) == health::failing;
  bool some = false;
  for (const auto& [where, since] : truth_) {
    if (where.first != what.instance || where.second.kind != resource_kind::trunk) continue;
    const health now = state_at(where, when);
    if (now == health::sound) return false;
    some = some || now == health::failing;
  }
  return some;
}

// Whenever anything changed that it depends on.
std::vector<instant> history::moments_of(const alert_key& what, instant from, instant to) const {
  std::vector<instant> moments{from};
  for (const auto& [where, since] : truth_) {
    if (where.first != what.instance) continue;
    for (const auto& [at, state] : since)
      if (at > from && at <= to) moments.push_back(at);
  }
  return moments;
}

bool history::was_failing(const alert_key& what, instant from, instant to) const {
  return std::ranges::any_of(moments_of(what, from, to), [&](instant at) { return fails_at(what, at); });
}

bool history::was_not_failing(const alert_key& what, instant from, instant to) const {
  return std::ranges::any_of(moments_of(what, from, to), [&](instant at) { return !fails_at(what, at); });
}

std::span<const alert_view> news_of(const delivery& row) {
  const std::span<const alert_view> all = row.content.alerts;
  const bool of_outage = !all.empty() && all.front().type == alert_type::provider_outage;
  return of_outage && row.event != notice_event::summary ? all.first(1) : all;
}

bool speaks_of(const delivery& row, const alert_id& what) {
  return row.alert == what || std::ranges::any_of(news_of(row), [&](const alert_view& one) { return one.id == what; });
}

bool is_fire(notice_event event) {
  return event == notice_event::fired || event == notice_event::escalated || event == notice_event::summary ||
         event == notice_event::handed_over;
}

std::string words_of(const delivery& row) {
  return fmt::format("{} {} v{} of {} on {}", row.id.str(), name(row.event), row.version, row.alert.str(),
                     row.channel.str());
}

} // namespace ringdown::simulation
