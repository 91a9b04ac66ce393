// Rows, effects and reasons: nothing is lost, nothing is doubled, and what the store says is what happened.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ringdown::simulation {

namespace {

bool has_reason(const std::vector<decision>& all, const alert& of, const channel_id& channel) {
  return std::ranges::any_of(
      all, [&](const decision& d) { return d.version == of.version && (d.channel.empty() || d.channel == channel); });
}

std::size_t unknown_attempts(const row_story& of) {
  return static_cast<std::size_t>(std::ranges::count(of.ledger, outcome_kind::unknown, &attempt::outcome));
}

} // namespace

// Every fire and every rise: for each channel a row, or the reason why there is none.
void each_version_has_its_reason(const history& of, violations& found) {
  std::set<std::pair<alert_id, std::uint32_t>> seen;
  for (const entry& one : of.entries()) {
    const auto* kept = std::get_if<batch_kept>(&one.what);
    if (kept == nullptr) continue;
    for (const alert& a : kept->batch->alerts) {
      if (a.phase != alert_phase::firing || !seen.insert({a.id, a.version}).second) continue;
      for (const channel_config& channel : of.tenant(a.tenant).channels)
        if (!has_reason(of.decisions_of(a.id), a, channel.id))
          found.add(one.at, fmt::format("{} v{} was committed, and nothing says why {} was or was not told", a.id.str(),
                                        a.version, channel.id.str()));
    }
  }
}

namespace {

using namespace std::chrono_literals;

// Calls, and what their keys acknowledge, go on to the world's last moment.
bool is_still_due(const history& of, const row_story& story) {
  const instant usual = of.is_of(story.row.channel, channel_class::voice) ? instant(90s) : instant(5s);
  return story.made + usual > of.ended();
}

} // namespace

void each_row_ends(const history& of, violations& found) {
  for (const auto& [id, story] : of.rows()) {
    const delivery& last = story.last.row;
    if (last.id.empty())
      found.add(story.made, words_of(story.row) + " was committed and is not in the store");
    else if (!is_final(last.state) && !is_still_due(of, story))
      found.add(story.made,
                fmt::format("{} is still {} at the end of the calm", words_of(story.row), name(last.state)));
    else if (last.state == delivery_state::suppressed && last.why == reason::none)
      found.add(story.made, words_of(story.row) + " is suppressed without a reason");
  }
  for (const auto& [id, last] : of.alerts())
    for (const decision& d : of.decisions_of(id))
      if (!d.made.empty() && of.find(d.made) == nullptr)
        found.add(
            {}, fmt::format("a decision about {} names the row {}, which was never committed", id.str(), d.made.str()));
}

namespace {

// Another call to that number, which told of everything that was open: the company's list does not say whose it was.
bool rang_meanwhile(const history& of, const row_story& story) {
  return of.is_of(story.row.channel, channel_class::voice) && std::ranges::any_of(of.rows(), [&](const auto& one) {
           const row_story& other = one.second;
           return other.row.target == story.row.target && !other.effects.empty() &&
                  other.effects.back().first > story.made - 6s;
         });
}

} // namespace

void rows_say_what_happened(const history& of, violations& found) {
  for (const auto& [at, stray] : of.strays())
    found.add(at, fmt::format("{} took \"{}\" of a row that was never committed ({})", stray.channel.str(), stray.title,
                              stray.row.str()));
  for (const auto& [id, story] : of.rows()) {
    const auto state = story.last.row.state;
    // What a ticket shows already is not written there again, and of several steps some may have been taken.
    if (of.is_of(story.row.channel, channel_class::ticket)) continue;
    if (state == delivery_state::sent && story.effects.empty() && !rang_meanwhile(of, story))
      found.add(story.made, words_of(story.row) + " is called sent, and its provider has never taken it");
    if (!story.effects.empty() && (state == delivery_state::suppressed || state == delivery_state::dead))
      found.add(story.effects.front().first, fmt::format("{} was taken, and is called {}({})", words_of(story.row),
                                                         name(state), name(story.last.row.why)));
    if (state == delivery_state::unknown && unknown_attempts(story) == 0)
      found.add(story.made, words_of(story.row) + " is called unknown, and no attempt of it was");
  }
}

// What was refused for good is not tried again (C-08), nor is a warning that may have arrived where nobody knows its key (S-D6).
void ends_are_ends(const history& of, violations& found) {
  for (const auto& [id, story] : of.rows()) {
    const bool may_repeat = of.may_be_repeated(story.row.channel) || story.row.level == severity::critical;
    std::uint32_t last = 0;
    for (const attempt& one : story.ledger) last = std::max(last, one.number);
    for (const attempt& one : story.ledger) {
      if (one.number == last) continue;
      if (one.outcome == outcome_kind::refused)
        found.add(story.made, words_of(story.row) + " was refused and tried again");
      if (one.outcome == outcome_kind::unknown && !may_repeat)
        found.add(story.made, words_of(story.row) + " may have arrived, is no critical, and was tried again");
    }
  }
}

// S-D5: handed over three times without an outcome, and no more.
void poison_is_set_aside(const history& of, violations& found) {
  constexpr std::uint32_t limit = 3;
  for (const entry& one : of.entries())
    if (const auto* taken = std::get_if<rows_taken>(&one.what))
      for (const delivery& row : taken->rows.rows)
        if (row.handed > limit)
          found.add(one.at, fmt::format("{} was handed over {} times without an outcome", words_of(row), row.handed));
}

void one_effect_each(const history& of, violations& found) {
  for (const auto& [id, story] : of.rows()) {
    const bool keyed = of.may_be_repeated(story.row.channel);
    const bool says_so = !of.is_of(story.row.channel, channel_class::voice); // a phone that rings says nothing
    for (std::size_t i = 0; i < story.effects.size(); ++i) {
      const auto& [at, one] = story.effects[i];
      if (one.malformed) found.add(at, words_of(story.row) + " cannot be read by its provider");
      if (of.is_keyed(story.row.channel) && one.key != id.str())
        found.add(at, fmt::format("{} was sent under another key: {}", words_of(story.row), one.key));
      if (!keyed && says_so && i > 0 && !one.possible_repeat)
        found.add(at, words_of(story.row) + " arrived again and does not say that it may be a repeat");
    }
    if (!keyed && story.effects.size() > 1 + unknown_attempts(story))
      found.add(story.made, fmt::format("{} arrived {} times with {} unknown attempts", words_of(story.row),
                                        story.effects.size(), unknown_attempts(story)));
  }
}

// The same version of an alert never by two rows on one channel, plain, in summaries, or because another channel was late.
void nothing_is_told_twice(const history& of, violations& found) {
  using news =
      std::tuple<channel_id, alert_id, std::uint32_t, bool, std::uint32_t, wall_time>; // of a step: which, and when
  std::map<news, delivery_id> told;
  for (const auto& [id, story] : of.rows()) {
    const delivery& row = story.row;
    const bool ends = row.event == notice_event::resolved;
    if (story.effects.empty() || (!ends && !is_fire(row.event)) || of.is_asked_for(row)) continue;
    if (of.is_of(row.channel, channel_class::voice)) continue; // rings on purpose, until somebody has it
    const wall_time step = row.event == notice_event::escalated ? row.created : wall_time{};
    for (const alert_view& about : news_of(row)) {
      const auto [at, fresh] = told.try_emplace({row.channel, about.id, about.version, ends, row.step, step}, id);
      // Its ticket or thread has become an outage's, and what is still down after that has one of its own.
      if (!fresh && !of.was_taken_over(row.channel, about.id))
        found.add(story.effects.front().first,
                  fmt::format("{} says what {} said already of {}", words_of(row), at->second.str(), about.id.str()));
    }
  }
}

void commands_are_decided_once(const history& of, violations& found) {
  std::map<std::string, instant> open;
  std::set<std::string> known; // what is said again is the same command
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<command_kept>(&one.what); kept != nullptr && known.insert(kept->what.id).second)
      open[kept->what.id] = one.at;
    const auto* batch = std::get_if<batch_kept>(&one.what);
    if (batch == nullptr) continue;
    for (const command_result& closed : batch->batch->commands)
      if (open.erase(closed.id) == 0) found.add(one.at, "command " + closed.id + " is decided a second time");
  }
  for (const auto& [id, at] : open)
    if (at + 5s < of.ended()) found.add(at, "command " + id + " is never decided");
}

namespace {

// Members of an outage have its acknowledgement, whoever fails later too.
bool has_its_outages(const alert& member, const std::map<alert_id, alert>& all) {
  const auto outage = member.parent ? all.find(*member.parent) : all.end();
  if (!member.ack || member.ack->via != name(alert_type::provider_outage) || outage == all.end()) return false;
  const alert& parent = outage->second;
  return parent.key.type == alert_type::provider_outage && parent.ack && parent.ack->by == member.ack->by &&
         parent.ack->at == member.ack->at;
}

} // namespace

// S-A9: last night's acknowledgement is none of tonight's outage.
void acknowledged_by_somebody(const history& of, violations& found) {
  std::map<alert_id, alert_phase> last;
  std::map<alert_id, alert> all;
  std::set<alert_id> asked; // since it last resolved
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<command_kept>(&one.what); kept != nullptr)
      if (kept->what.kind == command_kind::acknowledge) asked.insert(kept->what.alert);
    const auto* batch = std::get_if<batch_kept>(&one.what);
    if (batch == nullptr) continue;
    for (const alert& a : batch->batch->alerts) all[a.id] = a;
    for (const alert& a : batch->batch->alerts) {
      const bool shared = has_its_outages(a, all);
      const bool taken = a.phase == alert_phase::acknowledged && !shared && last[a.id] != alert_phase::acknowledged;
      if (taken && (last[a.id] == alert_phase::resolved || !asked.contains(a.id)))
        found.add(one.at,
                  fmt::format("{} v{} counts as acknowledged, and nobody has acknowledged it", a.id.str(), a.version));
      if (a.phase == alert_phase::resolved) asked.erase(a.id);
      last[a.id] = a.phase;
    }
  }
}

} // namespace ringdown::simulation
