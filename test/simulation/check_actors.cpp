// That one's trouble stays its own: sound channels are prompt, and what crashes or fails is tried again with patience.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

// When something was amiss that a channel may feel.
struct troubles {
  std::map<std::string, std::vector<std::pair<instant, instant>>>
      spells; // of "store", "provider push-t1", "process", ...

  // Of each channel: from when to when a row was open.
  struct open_row {
    delivery_id row;
    instant from{};
    instant to{};
  };
  std::map<channel_id, std::vector<open_row>> open;

  // Others were made before it and had not ended: it waits for them, or with them.
  [[nodiscard]] bool busy(const row_story& story) const {
    const auto at = open.find(story.row.channel);
    return at != open.end() && std::ranges::any_of(at->second, [&](const auto& one) {
             return one.row != story.row.id && one.from <= story.made && one.to > story.made + 1s;
           });
  }
  void note(const std::string& what, instant from, instant to) { spells[what].emplace_back(from, to); }
  [[nodiscard]] bool any(const std::string& what, instant from, instant to) const {
    const auto at = spells.find(what);
    return at != spells.end() &&
           std::ranges::any_of(at->second, [&](const auto& one) { return one.first <= to && one.second >= from; });
  }
};

// When each row ended, by its outcome or at a claim.
std::map<delivery_id, instant> ends_of(const history& of) {
  std::map<delivery_id, instant> ends;
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<outcome_kept>(&one.what); kept != nullptr && is_final(kept->what.state))
      ends[kept->what.ledger.delivery] = one.at;
    if (const auto* taken = std::get_if<rows_taken>(&one.what))
      for (const auto& withheld : taken->rows.ended) ends[withheld.id] = one.at;
  }
  return ends;
}

troubles troubles_of(const history& of) {
  troubles all;
  std::map<std::string, instant> open;
  for (const entry& one : of.entries()) {
    if (const auto* fault = std::get_if<spell>(&one.what)) {
      if (fault->begins)
        open[fault->what] = one.at;
      else
        all.note(fault->what, open[fault->what], one.at);
    }
    if (std::holds_alternative<life_began>(one.what) || std::holds_alternative<life_ended>(one.what))
      all.note("process", one.at, one.at);
    if (std::holds_alternative<actor_crashed>(one.what)) all.note("crash", one.at, one.at);
  }
  for (const auto& tenant : of.inhabitants()) {
    const auto& configured = of.configured_as(tenant->id);
    for (std::size_t i = 0; i < configured.size(); ++i)
      for (const channel_config& one : configured[i].second->channels)
        if (!one.enabled)
          all.note("off " + one.id.str(), configured[i].first,
                   i + 1 < configured.size() ? configured[i + 1].first : of.ended());
  }
  for (const auto& [id, ended] : ends_of(of))
    if (const row_story* story = of.find(id)) all.open[story->row.channel].push_back({id, story->made, ended});
  return all;
}

// Whether the row had the channel and its provider to itself and in good health.
bool was_easy(const troubles& all, const row_story& story) {
  const instant at = story.made;
  if (all.busy(story)) return false;
  if (all.any("process", at - 90s, at + 3s) || all.any("crash", at - 90s, at + 3s)) return false;
  if (all.any("store", at - 5s, at + 3s) || all.any("slow store", at - 15s, at + 3s)) return false;
  const std::string& channel = story.row.channel.str();
  if (all.any("off " + channel, at - 75s, at + 3s)) return false;
  return !all.any("provider " + channel, at - 75s, at + 3s) && !all.any("poison " + channel, at - 2min, at + 3s);
}

// It is tried often while it is young: up to the tenth attempt it waits no longer than after the third.
std::uint32_t doublings_of_a_critical(std::uint32_t attempt) {
  return attempt <= 3 ? attempt - 1 : attempt <= 10 ? 2 : attempt - 8;
}

} // namespace

// Exact: with a sound provider the first fire of an alert is there within the time of one exchange, whatever the others do.
void sound_channels_are_prompt(const history& of, violations& found) {
  const troubles all = troubles_of(of);
  for (const auto& [id, story] : of.rows()) {
    if (of.is_of(story.row.channel, channel_class::voice)) continue; // a number may be busy
    if (!is_fire(story.row.event) || !was_easy(all, story) || story.made + 2s > of.ended()) continue;
    // What is not to be told any more is not late.
    if (story.effects.empty() && story.last.row.state == delivery_state::suppressed) continue;
    // A service desk's account takes one delivery in 3.6 s, a chat's one in 1.1 s: the one before this may just have had its
    // turn, and what is worse goes first.
    const instant allowed = of.is_of(story.row.channel, channel_class::ticket) ? 6s
                            : of.is_of(story.row.channel, channel_class::chat) ? 4s
                                                                               : 2s;
    if (story.effects.empty() || story.effects.front().first - story.made > allowed)
      found.add(story.made, fmt::format("{} took more than {} s, and nothing was amiss with its channel",
                                        words_of(story.row), allowed / 1s));
  }
}

// 5 in 30 s (of a tenant in 60 s), then a minute of rest; never twice within 50 ms, and the clock may be 5 ms early.
void restart_budgets_are_obeyed(const history& of, violations& found) {
  std::map<std::string, std::deque<instant>> recent;
  std::map<std::string, instant> tripped;
  for (const entry& one : of.entries()) {
    if (std::holds_alternative<life_ended>(one.what)) {
      recent.clear();
      tripped.clear();
    }
    if (const auto* trip = std::get_if<actor_tripped>(&one.what)) {
      tripped[trip->actor] = one.at;
      recent[trip->actor].clear();
    }
    const auto* crash = std::get_if<actor_crashed>(&one.what);
    if (crash == nullptr) continue;
    if (crash->actor.starts_with("group/")) { // its budgets die with it
      recent.clear();
      tripped.clear();
      continue;
    }
    auto& times = recent[crash->actor];
    const instant period = crash->actor.starts_with("tenant/") ? 60s : 30s;
    while (!times.empty() && one.at - times.front() > period) times.pop_front();
    if (!times.empty() && one.at - times.back() < 45ms) found.add(one.at, crash->actor + " was started again at once");
    if (times.size() > 5) found.add(one.at, crash->actor + " spent its restart budget and was not tripped");
    const auto rest = tripped.find(crash->actor);
    if (rest != tripped.end() && one.at > rest->second && one.at - rest->second < 60s)
      found.add(one.at, crash->actor + " did not rest for a minute after it was tripped");
    times.push_back(one.at);
  }
}

// Doubling from 2 s, halved at most by jitter, counted from the end of the attempt.
void failures_are_retried_with_patience(const history& of, violations& found) {
  std::map<delivery_id, instant> ended;
  instant jumped = -2min;
  std::map<delivery_id, std::uint32_t> failed; // number of the attempt after which it waits
  for (const entry& one : of.entries()) {
    if (const auto* over = std::get_if<attempt_ended>(&one.what)) ended[over->row] = one.at;
    if (const auto* kept = std::get_if<outcome_kept>(&one.what)) {
      const auto& what = kept->what;
      if (what.state == delivery_state::pending && what.ledger.outcome != outcome_kind::not_sent)
        failed[what.ledger.delivery] = what.ledger.number;
      else
        failed.erase(what.ledger.delivery);
    }
    // What waits by the wall clock waits no more when that jumps; what a crash cut short is tried again at once. An attempt
    // may have ended before that and be settled only after it.
    if (std::holds_alternative<claims_recovered>(one.what) || std::holds_alternative<clock_jumped>(one.what)) {
      failed.clear();
      ended.clear();
    }
    if (std::holds_alternative<clock_jumped>(one.what)) jumped = one.at;
    const auto* begun = std::get_if<attempt_begun>(&one.what);
    const auto at = begun == nullptr ? failed.end() : failed.find(begun->row);
    if (at == failed.end() || !ended.contains(begun->row)) continue;
    const auto row = of.rows().find(begun->row);
    const bool critical = row != of.rows().end() && row->second.row.level == severity::critical;
    const std::uint32_t doublings = critical ? doublings_of_a_critical(at->second) : at->second - 1;
    const instant least = std::min<instant>(1s * (std::int64_t{1} << std::min(doublings, 10U)), 30s);
    const instant waited = one.at - ended[begun->row];
    if (waited < least && one.at - jumped > 2min)
      found.add(one.at, fmt::format("{} was tried again {} ms after its attempt {} failed", begun->row.str(),
                                    waited / 1ms, at->second));
  }
}

namespace {

// When a wait that began at `from`, until `until` by the wall clock, is over: after that time, or when the clock is set to it.
instant over_at(const history& of, instant from, wall_time until) {
  auto wall = of.wall_at(from);
  instant at = from;
  for (const entry& one : of.entries()) {
    const auto* jump = std::get_if<clock_jumped>(&one.what);
    if (jump == nullptr || one.at < from || jump->by < instant{}) continue;
    if (wall + std::chrono::duration_cast<duration>(one.at - at) >= until) break;
    wall += std::chrono::duration_cast<duration>(one.at - at + jump->by);
    at = one.at;
  }
  return at + std::max<instant>(until - wall, instant{});
}

// Something else kept it, or what carries it, from going on.
bool was_hindered(const history& of, const troubles& all, const row_story& story, instant from, instant to) {
  const std::string& channel = story.row.channel.str();
  for (const std::string& what : {std::string("process"), std::string("crash"), std::string("store"),
                                  std::string("slow store"), "poison " + channel, "off " + channel})
    if (all.any(what, from - 2min, to)) return true;
  if (all.any("provider " + channel, to - 90s, to)) return true;
  const auto open = all.open.find(story.row.channel);
  return open != all.open.end() && std::ranges::any_of(open->second, [&](const auto& one) {
           const row_story* other = of.find(one.row);
           return one.row != story.row.id && one.from <= story.made && one.to > from &&
                  other->row.alert == story.row.alert;
         });
}

} // namespace

// A wall clock that is set, to and fro, lengthens no wait by more than the minute after which clocks are looked at again.
void waits_end_in_time(const history& of, violations& found) {
  constexpr auto slack = 65s;
  const troubles all = troubles_of(of);
  std::map<delivery_id, std::pair<instant, instant>> waiting; // since when, and when it is over
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<outcome_kept>(&one.what); kept != nullptr)
      if (kept->what.state == delivery_state::pending)
        waiting[kept->what.ledger.delivery] = {one.at, over_at(of, one.at, kept->what.not_before)};
    const auto* taken = std::get_if<rows_taken>(&one.what);
    if (taken == nullptr) continue;
    for (const delivery& row : taken->rows.rows) {
      const auto at = waiting.find(row.id);
      if (at == waiting.end()) continue;
      const auto [since, over] = at->second;
      waiting.erase(at);
      const row_story* story = of.find(row.id);
      if (one.at <= over + slack || story == nullptr || was_hindered(of, all, *story, since, one.at)) continue;
      found.add(one.at, fmt::format("{} was to wait until {} and waited {} s longer", words_of(story->row),
                                    clock_text(over), (one.at - over) / 1s));
    }
  }
}

} // namespace ringdown::simulation
