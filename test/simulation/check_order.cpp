// The order of things: what may leave when.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

template <class... Handlers>
struct replay : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
replay(Handlers...) -> replay<Handlers...>;
constexpr auto nothing_else = [](const auto&) {};

// What is committed of alerts and commands at a moment of the journal.
struct committed {
  std::map<alert_id, alert> alerts;
  std::map<std::string, command> inbox;

  void take(const persistence::write_batch& batch) {
    for (const alert& one : batch.alerts) alerts[one.id] = one;
    for (const command_result& one : batch.commands) inbox.erase(one.id);
  }
  // L-03: an unreachable PBX speaks for what is below it.
  [[nodiscard]] bool has_parent(const alert& of) const {
    return of.key.type != alert_type::instance_unreachable && std::ranges::any_of(alerts, [&](const auto& one) {
             const alert& other = one.second;
             return other.tenant == of.tenant && other.key.instance == of.key.instance &&
                    other.key.type == alert_type::instance_unreachable && other.phase != alert_phase::resolved;
           });
  }
  [[nodiscard]] bool is_asked(const alert& of) const {
    return std::ranges::any_of(inbox, [&](const auto& one) {
      const command& c = one.second;
      if (c.alert != of.id) return false;
      return c.kind == command_kind::snooze ||
             (c.kind == command_kind::acknowledge && (c.episode == 0 || c.episode == of.episode));
    });
  }
};

enum class inbox_is : std::uint8_t { looked_at, not_looked_at };

// Why this interrupt may not be claimed now; empty: it may.
std::string bar_to(const committed& now, const delivery& row, inbox_is inbox) {
  const auto at = now.alerts.find(row.alert);
  if (at == now.alerts.end()) return "its alert is not committed";
  const alert& a = at->second;
  if (a.episode != row.episode) return fmt::format("it is of episode {}, now is {}", row.episode, a.episode);
  if (a.version > row.version) return fmt::format("version {} is committed", a.version);
  if (a.phase != alert_phase::firing) return fmt::format("the alert is {}", name(a.phase));
  if (a.masks != 0) return fmt::format("the alert is masked ({})", a.masks);
  if (now.has_parent(a)) return "its PBX is unreachable";
  if (inbox == inbox_is::looked_at && now.is_asked(a)) return "an acknowledgement or snooze of it lies in the inbox";
  return {};
}

bool is_plain_fire(const delivery& row) {
  return row.kind == delivery_kind::interrupt &&
         (row.event == notice_event::fired || row.event == notice_event::escalated);
}

std::string bar_to_summary(const committed& now, const delivery& row) {
  for (const alert_view& one : news_of(row)) {
    const auto at = now.alerts.find(one.id);
    if (at != now.alerts.end() && at->second.phase == alert_phase::firing && at->second.masks == 0) return {};
  }
  return "nothing that it speaks of fires";
}

std::string bar_to_claim(const committed& now, const delivery& row, inbox_is inbox) {
  if (is_plain_fire(row)) return bar_to(now, row, inbox);
  return row.kind == delivery_kind::interrupt && row.event == notice_event::summary ? bar_to_summary(now, row)
                                                                                    : std::string();
}

} // namespace

void no_claim_after_an_end(const history& of, violations& found) {
  committed now;
  const auto judge = [&](instant at, const delivery& row, inbox_is inbox) {
    if (const std::string bar = bar_to_claim(now, row, inbox); !bar.empty())
      found.add(at, fmt::format("{} was claimed, and {}", words_of(row), bar));
  };
  for (const entry& one : of.entries())
    std::visit(replay{[&](const batch_kept& kept) {
                        now.take(*kept.batch);
                        for (const delivery& row : kept.batch->deliveries)
                          if (row.state == delivery_state::claimed) judge(one.at, row, inbox_is::not_looked_at);
                      },
                      [&](const command_kept& kept) { now.inbox[kept.what.id] = kept.what; },
                      [&](const rows_taken& taken) {
                        for (const delivery& row : taken.rows.rows) judge(one.at, row, inbox_is::looked_at);
                      },
                      nothing_else},
               one.what);
}

// What was claimed before and had not begun is withdrawn in the moment of the commit, by the tenant's actor: if that dies then,
// nobody does, and it may still begin until it is too old to (10 s).
void nothing_begins_after_an_end(const history& of, violations& found) {
  std::map<alert_id, std::pair<alert, instant>> ended; // acknowledged, resolved or snoozed since
  std::map<std::string, instant> died;                 // when each tenant's actor last did
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<batch_kept>(&one.what)) {
      for (const alert& a : kept->batch->alerts) {
        const bool quiet = a.phase != alert_phase::firing || has(a.masks, mask::snooze);
        if (!quiet)
          ended.erase(a.id);
        else
          ended.try_emplace(a.id, a, one.at);
      }
    }
    if (const auto* crash = std::get_if<actor_crashed>(&one.what)) died[crash->actor] = one.at;
    const auto* begun = std::get_if<attempt_begun>(&one.what);
    const row_story* story = begun == nullptr ? nullptr : of.find(begun->row);
    if (story == nullptr || !is_plain_fire(story->row)) continue;
    const auto at = ended.find(story->row.alert);
    const auto death = died.find("tenant/" + begun->tenant.str());
    if (death != died.end() && death->second > one.at - 10s) continue;
    if (at != ended.end() && at->second.second < one.at && story->row.version <= at->second.first.version)
      found.add(one.at, fmt::format("{} was begun, {} since {}", words_of(story->row), name(at->second.first.phase),
                                    clock_text(at->second.second)));
  }
}

void nothing_leaves_unclaimed(const history& of, violations& found) {
  std::map<delivery_id, std::pair<channel_id, instant>> held;
  constexpr instant send_by = 10s + 100ms;
  const auto release = [&](const claims_recovered& what) {
    std::erase_if(held, [&](const auto& one) {
      const bool meant = what.channel.empty() || one.second.first == what.channel;
      return meant && std::ranges::find(what.carried, one.first) == what.carried.end();
    });
  };
  for (const entry& one : of.entries())
    std::visit(replay{[&](const batch_kept& kept) {
                        for (const delivery& row : kept.batch->deliveries)
                          if (row.state == delivery_state::claimed) held[row.id] = {row.channel, one.at};
                      },
                      [&](const rows_taken& taken) {
                        for (const delivery& row : taken.rows.rows) held[row.id] = {row.channel, one.at};
                      },
                      [&](const outcome_kept& kept) { held.erase(kept.what.ledger.delivery); },
                      [&](const claims_recovered& what) { release(what); },
                      [&](const attempt_begun& begun) {
                        const auto at = held.find(begun.row);
                        if (at == held.end())
                          found.add(one.at, begun.row.str() + " was begun, and nobody holds a claim of it");
                        else if (one.at - at->second.second > send_by)
                          found.add(one.at, fmt::format("{} was begun long after its claim of {}", begun.row.str(),
                                                        clock_text(at->second.second)));
                      },
                      nothing_else},
               one.what);
}

void no_row_is_carried_twice(const history& of, violations& found) {
  std::map<delivery_id, std::set<std::uint64_t>> under_way;
  for (const entry& one : of.entries())
    std::visit(replay{[&](const attempt_begun& begun) {
                        auto& all = under_way[begun.row];
                        if (!all.empty())
                          found.add(one.at, begun.row.str() + " was begun while it was under way already");
                        all.insert(begun.exchange);
                      },
                      [&](const attempt_went_on& on) { under_way[on.row].insert(on.exchange); },
                      [&](const attempt_ended& ended) { under_way[ended.row].erase(ended.exchange); },
                      [&](const life_ended&) { under_way.clear(); }, nothing_else},
               one.what);
}

namespace {

// A fire that nobody knows to have arrived, or a mirror's newer row that it gave way to: its end is owed all the same (S-A12).
bool may_have_been_told(const history& of, const delivery& end) {
  return std::ranges::any_of(of.rows(), [&](const auto& one) {
    const auto& [id, story] = one;
    const bool tells = is_fire(story.row.event) ||
                       (story.row.kind == delivery_kind::mirror && story.row.event != notice_event::resolved);
    return tells && story.row.channel == end.channel && speaks_of(story.row, end.alert) &&
           std::ranges::count(story.ledger, outcome_kind::unknown, &attempt::outcome) > 0;
  });
}

} // namespace

// At each target, of each alert: an end only of what was told, and no fire of a version whose end was told.
void a_fire_comes_before_its_end(const history& of, violations& found) {
  struct told {
    std::uint32_t version = 0;
    bool fired = false;
    bool of_a_mirror = false; // by a newer row, that its fire gave way to
  };
  std::map<std::pair<channel_id, alert_id>, told> known;
  const auto hear = [&](instant at, const delivery& row, const alert_view& about) {
    told& so_far = known[{row.channel, about.id}];
    if (is_fire(row.event)) {
      if (!so_far.fired && so_far.version >= about.version && so_far.version > 0)
        found.add(at, fmt::format("{} arrived after the end of version {}", words_of(row), so_far.version));
      so_far.fired = true;
      so_far.version = std::max(so_far.version, about.version);
    } else if (row.event != notice_event::resolved) {
      so_far.of_a_mirror = so_far.of_a_mirror || row.kind == delivery_kind::mirror;
    } else {
      if (so_far.version == 0 && !so_far.of_a_mirror && !may_have_been_told(of, row))
        found.add(at, words_of(row) + " arrived where no fire of it had");
      so_far = {.version = std::max(so_far.version, about.version)};
    }
  };
  for (const entry& one : of.entries()) {
    const auto* taken = std::get_if<effect>(&one.what);
    const row_story* story = taken == nullptr ? nullptr : of.find(taken->row);
    if (story == nullptr || of.is_asked_for(story->row)) continue;
    // It says what it said before, while anything of it still fires (S-T1), and that it may be a repeat.
    if (story->row.event == notice_event::summary && taken->possible_repeat) continue;
    for (const alert_view& about : news_of(story->row)) hear(one.at, story->row, about);
  }
}

} // namespace ringdown::simulation
