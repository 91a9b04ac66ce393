// What was told against what was: the PBXes' own truth, and who has heard of it in the end.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

// Those whose truth the journal has as one thing, or as all trunks.
bool has_truth(const alert_key& key) {
  const alert_type type = key.type;
  // "Some service" of a PBX whose list cannot be read.
  if (type == alert_type::service_down && key.resource.key.empty()) return false;
  return type == alert_type::trunk_down || type == alert_type::all_trunks_down || type == alert_type::sbc_offline ||
         type == alert_type::service_down || type == alert_type::instance_unreachable;
}

std::string words(const alert& a) {
  return fmt::format("{} ({} {} of {})", a.id.str(), name(a.key.type), to_text(a.key.resource), a.key.instance.str());
}

// Calls `each(at, before, now)` for every committed alert; `before` is null for the first.
template <class Each>
void for_each_write(const history& of, const Each& each) {
  std::map<alert_id, std::pair<alert, instant>> last;
  for (const entry& one : of.entries()) {
    const auto* kept = std::get_if<batch_kept>(&one.what);
    if (kept == nullptr) continue;
    for (const alert& a : kept->batch->alerts) {
      const auto at = last.find(a.id);
      each(one.at, at == last.end() ? nullptr : &at->second.first, a);
      last[a.id] = {a, one.at};
    }
  }
}

// Since when what is committed at a moment may have been decided: decisions wait for a disk that is away.
std::function<instant(instant)> decided_before(const history& of) {
  std::vector<std::pair<instant, instant>> away;
  for (const entry& one : of.entries())
    if (const auto* fault = std::get_if<spell>(&one.what); fault != nullptr && fault->what == "store") {
      if (fault->begins)
        away.emplace_back(one.at, one.at);
      else
        away.back().second = one.at;
    }
  return [away](instant at) {
    for (const auto& [from, to] : away)
      if (at >= from && at <= to + 1s) return from;
    return at - 1s;
  };
}

} // namespace

void what_fires_was_failing(const history& of, violations& found) {
  constexpr instant longest_doubt = 12min; // a store that is away, a confirmation
  for_each_write(of, [&](instant at, const alert* before, const alert& now) {
    const bool opens =
        now.phase == alert_phase::firing && (before == nullptr || before->phase == alert_phase::resolved);
    // A PBX all of whose lists fail counts as unreachable, and its host is up.
    if (!opens || !has_truth(now.key) || now.key.type == alert_type::instance_unreachable) return;
    if (!of.was_failing(now.key, std::max(instant{}, at - longest_doubt), at))
      found.add(at, words(now) + " fires, and nothing of it has failed");
  });
}

void unknown_is_never_ok(const history& of, violations& found) {
  std::map<alert_id, instant> fired;
  const auto decided = decided_before(of);
  for_each_write(of, [&](instant at, const alert* before, const alert& now) {
    if (now.phase == alert_phase::firing && (before == nullptr || before->phase == alert_phase::resolved))
      fired[now.id] = decided(at);
    const bool resolves =
        now.phase == alert_phase::resolved && before != nullptr && before->phase != alert_phase::resolved;
    if (!resolves || now.removed || !has_truth(now.key)) return;
    if (!of.was_not_failing(now.key, fired[now.id], at))
      found.add(at, words(now) + " is resolved, and has failed all the time");
  });
}

// After the calm: open is what fails, and nothing else.
void the_end_is_the_truth(const history& of, violations& found) {
  std::set<alert_key> open;
  for (const auto& [id, a] : of.alerts()) {
    if (a.phase == alert_phase::resolved) continue;
    open.insert(a.key);
    if (a.snoozed_until && *a.snoozed_until < of.wall_ended() - 2min && has(a.masks, mask::snooze))
      found.add(of.ended(), words(a) + " is still snoozed, and its snooze is over");
    const bool quiet = !has_truth(a.key) || of.was_failing(a.key, of.ended(), of.ended());
    if (!quiet) found.add(of.ended(), words(a) + " is open, and it does not fail");
  }
  for (const auto& [what, states] : of.truth()) {
    const auto& [pbx, ref] = what;
    if (of.state_at(what, of.ended()) != health::failing) continue;
    alert_key key{pbx, alert_type::trunk_down, ref};
    if (ref.kind == resource_kind::sbc) key.type = alert_type::sbc_offline;
    if (ref.kind == resource_kind::instance) key.type = alert_type::instance_unreachable;
    if (ref.kind == resource_kind::service || ref.kind == resource_kind::bridge) continue;
    const alert_key all{pbx, alert_type::all_trunks_down, {resource_kind::instance, ""}};
    if (!open.contains(key) && !(ref.kind == resource_kind::trunk && open.contains(all)))
      found.add(of.ended(), fmt::format("{} of {} fails since {}, and no alert is open", to_text(ref), pbx.str(),
                                        clock_text(states.back().first)));
  }
}

namespace {

struct last_heard {
  instant at{-1};
  instant made{-1};
  bool fire = false; // what was told last of it: a fire, not its end
};

// A chat shows whatever is newest, and what gave way to that is known with it.
bool tells(const history& of, const delivery& row) {
  return is_fire(row.event) || (of.is_of(row.channel, channel_class::chat) && row.event != notice_event::test);
}

// What a channel has been told last of an alert.
last_heard heard(const history& of, const channel_id& channel, const alert_id& what) {
  last_heard last;
  for (const auto& [id, story] : of.rows()) {
    const bool ends = story.row.event == notice_event::resolved;
    if (story.row.channel != channel || story.effects.empty() || (!ends && !tells(of, story.row))) continue;
    const instant at = story.effects.front().first;
    if (speaks_of(story.row, what) && at >= last.at) last = {at, story.made, !ends};
  }
  return last;
}

// A row about it, made since the row that was told last, that its provider refused or that ran out of time or of lives: nobody
// can do more. Not since that arrived: it may have been under way when its end was written.
bool was_given_up(const history& of, const channel_id& channel, const alert_id& what, notice_event event,
                  instant since) {
  return std::ranges::any_of(of.rows(), [&](const auto& one) {
    const auto& [id, story] = one;
    const bool same = event == notice_event::resolved ? story.row.event == event : is_fire(story.row.event);
    const auto state = story.last.row.state;
    return same && story.row.channel == channel && story.made >= since && speaks_of(story.row, what) &&
           (state == delivery_state::dead || state == delivery_state::unknown);
  });
}

// Where it goes was decided while a channel was off, and a configuration that changes sends nothing (S-A14).
bool was_decided_with_one_off(const history& of, const alert& a) {
  const auto some_off = [](const tenant_config* config) {
    return std::ranges::any_of(config->channels, [](const channel_config& one) { return !one.enabled; });
  };
  return std::ranges::any_of(of.entries(), [&](const entry& one) {
    const auto* kept = std::get_if<batch_kept>(&one.what);
    return kept != nullptr && std::ranges::any_of(kept->batch->decisions, [&](const decision& d) {
             return d.alert == a.id && d.version == a.version &&
                    std::ranges::any_of(of.tenants_in(a.tenant, one.at - 3s, one.at), some_off);
           });
  });
}

// A mirror or a log that has only heard how it went on: whose fire is dead is owed no end (S-A12).
bool heard_no_fire(const history& of, const channel_id& channel, const alert& a) {
  return std::ranges::any_of(of.rows(), [&](const auto& one) {
    const delivery& row = one.second.row;
    return row.channel == channel && row.kind != delivery_kind::interrupt && row.episode == a.episode &&
           row.event == notice_event::fired && row.alert == a.id && one.second.last.row.state == delivery_state::dead;
  });
}

bool has_desk_or_chat(const history& of, const tenant_config& tenant) {
  return std::ranges::any_of(tenant.channels, [&](const channel_config& one) {
    return of.is_of(one.id, channel_class::chat) || of.is_of(one.id, channel_class::ticket);
  });
}

// S-T3: warnings go to chat and tickets where there are any. Mails are backups, unless they are routed; who is called is up to
// the ladder.
bool is_routed(const history& of, const tenant_config& tenant, const channel_config& channel, severity level) {
  if (of.is_of(channel.id, channel_class::voice)) return false;
  if (!tenant.routes.empty()) return level > severity::info;
  if (of.is_of(channel.id, channel_class::email)) return false;
  const bool mirrors = of.is_of(channel.id, channel_class::chat) || of.is_of(channel.id, channel_class::ticket);
  return level == severity::critical || (level == severity::warning && (mirrors || !has_desk_or_chat(of, tenant)));
}

// No channel is told that it fails itself.
bool is_wanted(const history& of, const channel_config& channel, const alert& a) {
  if (a.key.type == alert_type::channel_failing && a.key.resource.key == channel.id.str()) return false;
  return is_routed(of, of.tenant(a.tenant), channel, a.level) && a.level >= channel.floor;
}

// It waits for two polls, and the world ended before they were made.
bool is_settling_yet(const history& of, const alert& a) {
  return a.settling && std::ranges::any_of(of.entries(), [&](const entry& one) {
           const auto* kept = one.at < of.ended() - 2min ? nullptr : std::get_if<batch_kept>(&one.what);
           return kept != nullptr &&
                  std::ranges::find(kept->batch->alerts, a.id, &alert::id) != kept->batch->alerts.end();
         });
}

void judge_knowledge(const history& of, const channel_config& channel, const alert& a, violations& found) {
  const last_heard last = heard(of, channel.id, a.id);
  if (a.phase == alert_phase::resolved) {
    // Of tickets only who is told of a fire is judged: an outage's may end several.
    const bool owed = !a.removed && last.fire && !of.is_of(channel.id, channel_class::ticket);
    // Of a chat the newest row speaks for those before it: an end may have given way to a fire that then ran out of time.
    const bool newest_given_up =
        of.is_of(channel.id, channel_class::chat) && was_given_up(of, channel.id, a.id, notice_event::fired, last.made);
    if (owed && !newest_given_up && !was_given_up(of, channel.id, a.id, notice_event::resolved, last.made) &&
        !was_decided_with_one_off(of, a) && !heard_no_fire(of, channel.id, a))
      found.add(of.ended(), fmt::format("{} is over, and {} was never told so", words(a), channel.id.str()));
    return;
  }
  const bool due =
      a.phase == alert_phase::firing && a.masks == 0 && is_wanted(of, channel, a) && !is_settling_yet(of, a);
  if (due && !last.fire && !was_given_up(of, channel.id, a.id, notice_event::fired, last.made) &&
      !was_decided_with_one_off(of, a))
    found.add(of.ended(), fmt::format("{} fires, and {} does not know", words(a), channel.id.str()));
}

} // namespace

void who_should_know_knows(const history& of, violations& found) {
  for (const auto& tenant : of.inhabitants())
    for (const auto& [id, a] : of.alerts())
      if (a.tenant == tenant->id)
        for (const channel_config& channel : tenant->channels)
          if (!of.is_of(channel.id, channel_class::voice)) judge_knowledge(of, channel, a, found);
}

namespace {

// A reminder, or what an outage had acknowledged: the acknowledgement ends some time after the outage.
bool is_told_by_time(const history& of, const delivery& row) {
  if (row.event == notice_event::reminder || row.event == notice_event::escalated) return true;
  if (of.is_of(row.channel, channel_class::voice)) return true;
  return is_fire(row.event) && std::ranges::any_of(of.decisions_of(row.alert), [&](const decision& d) {
           return d.deciding == reason::settling && d.version + 1 == row.version;
         });
}

} // namespace

void equal_polls_write_nothing(const history& of, violations& found) {
  std::map<std::pair<instance_id, resource_ref>, resource_record> stored;
  const instant quiet_since = of.ended() - 3min;
  for (const entry& one : of.entries()) {
    const auto* kept = std::get_if<batch_kept>(&one.what);
    if (kept == nullptr) continue;
    for (const auto& [instance, ref] : kept->batch->removals) stored.erase({instance, ref});
    for (const auto& [instance, record] : kept->batch->resources) {
      const auto [at, fresh] = stored.try_emplace({instance, record.ref}, record);
      if (!fresh && at->second == record)
        found.add(one.at, fmt::format("{} of {} is written again as it was", to_text(record.ref), instance.str()));
      at->second = record;
    }
    const bool by_time =
        std::ranges::all_of(kept->batch->deliveries, [&](const delivery& row) { return is_told_by_time(of, row); });
    const bool by_somebody = !kept->batch->commands.empty(); // a key was pressed
    if (one.at > quiet_since && !by_somebody && (!kept->batch->resources.empty() || !by_time))
      found.add(one.at, "something is written though nothing has changed for long");
  }
}

void every_pbx_is_fresh(const history& of, violations& found) {
  std::map<instance_id, instant> asked;
  for (const auto& tenant : of.inhabitants())
    for (const auto& one : tenant->instances) asked[one.id] = {};
  for (const entry& one : of.entries())
    if (const auto* what = std::get_if<pbx_asked>(&one.what)) asked[what->pbx] = one.at;
  for (const auto& [pbx, at] : asked)
    if (of.ended() - at > 2 * 30s + 5s)
      found.add(of.ended(), fmt::format("{} was last asked at {}", pbx.str(), clock_text(at)));
}

} // namespace ringdown::simulation
