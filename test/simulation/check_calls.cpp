// Calls: how many at once, how long, what they say, and what a key does.
#include "actors/logic/script.hpp"
#include "test/simulation/call_history.hpp"
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::string words(const phone_call& call) {
  return fmt::format("call {} of {} to {}", call.sid.substr(0, 8), call.row.str(), call.number);
}

bool may_have_rung(const history& of, const delivery_id& row) {
  const row_story* story = of.find(row);
  return story != nullptr && std::ranges::count(story->ledger, outcome_kind::unknown, &attempt::outcome) > 0;
}

} // namespace

// In the whole installation. What is not known to have been taken rings again: silence is worse (S-D2).
void one_live_call_per_number(const history& of, violations& found) {
  const auto all = calls_of(of);
  const unrest amiss(of);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t before = 0; before < i; ++before) {
      const phone_call& one = all[before];
      const phone_call& other = all[i];
      const bool over = one.ended && *one.ended <= other.placed;
      if (over || one.number != other.number) continue;
      const bool again = one.row == other.row && may_have_rung(of, one.row);
      if (!again && !amiss.any(one.placed - 60s, other.placed))
        found.add(other.placed, words(other) + " rings beside " + words(one));
    }
}

namespace {

// Since when nobody waits for a live call any more, by what is committed.
class waited_for {
public:
  void take(const persistence::write_batch& batch, instant at) {
    for (const alert& a : batch.alerts) alerts_[a.id] = a;
    for (auto& [row, since] : rows_) {
      const bool now = is_wanted(row);
      if (now) since.reset();
      if (!now && !since) since = at;
    }
  }
  void watch(const delivery_id& row, instant at) {
    if (!rows_.contains(row)) rows_[row] = is_wanted(row) ? std::nullopt : std::optional(at);
  }
  [[nodiscard]] std::optional<instant> unwanted_since(const delivery_id& row) const {
    const auto at = rows_.find(row);
    return at == rows_.end() ? std::nullopt : at->second;
  }

private:
  [[nodiscard]] bool is_wanted(const delivery_id& row) const {
    return std::ranges::any_of(alerts_, [&](const auto& one) {
      const alert& a = one.second;
      return a.phase == alert_phase::firing && a.masks == 0 && a.ladder && !a.ladder->frozen && a.ladder->call == row;
    });
  }

  std::map<alert_id, alert> alerts_;
  std::map<delivery_id, std::optional<instant>> rows_;
};

} // namespace

// Acknowledged, resolved or masked: no phone rings for it longer than two seconds, nor begins to.
void calls_end_with_their_alerts(const history& of, violations& found) {
  constexpr instant allowed = 2s + 500ms; // and the way to the company
  const unrest amiss(of);
  waited_for wishes;
  std::map<std::string, instant> ringing; // by sid
  const auto judge = [&](const phone_event& call, instant at) {
    const auto since = wishes.unwanted_since(call.row);
    if (since && at - std::max(*since, ringing[call.sid]) > allowed && !amiss.any(*since - 30s, at))
      found.add(at, fmt::format("{} rang at {}, and nobody waits for it since {}", call.row.str(), call.number,
                                clock_text(*since)));
  };
  for (const entry& one : of.entries()) {
    if (const auto* kept = std::get_if<batch_kept>(&one.what)) {
      for (const delivery& row : kept->batch->deliveries)
        if (of.is_of(row.channel, channel_class::voice)) wishes.watch(row.id, one.at);
      wishes.take(*kept->batch, one.at);
    }
    const auto* call = std::get_if<phone_event>(&one.what);
    if (call == nullptr) continue;
    if (call->kind == "call_ringing") {
      const auto since = wishes.unwanted_since(call->row);
      if (since && one.at - *since > allowed && !amiss.any(*since - 30s, one.at))
        found.add(one.at, fmt::format("{} begins to ring at {}, and nobody waits for it since {}", call->row.str(),
                                      call->number, clock_text(*since)));
      ringing[call->sid] = one.at;
    }
    const bool stops = call->kind == "call_answered" || call->kind == "call_ended";
    if (stops && ringing.contains(call->sid)) {
      judge(*call, one.at);
      ringing.erase(call->sid);
    }
  }
}

namespace {

// Which alerts are read out, since when, as the journal goes on.
class open_criticals {
public:
  explicit open_criticals(const history& of) : of_(of) {}
  // Everything that was committed until then.
  void go_to(instant when) {
    for (; next_ < of_.entries().size() && of_.entries()[next_].at < when; ++next_) {
      const entry& one = of_.entries()[next_];
      if (const auto* kept = std::get_if<batch_kept>(&one.what))
        for (const alert& a : kept->batch->alerts) take(a, one.at);
    }
  }
  [[nodiscard]] std::vector<alert> since(const tenant_id& tenant, instant when) const {
    std::vector<alert> found;
    for (const auto& [id, one] : open_)
      if (one.first.tenant == tenant && one.second <= when && is_for_the_phone(one.first, of_.tenant_at(tenant, when)))
        found.push_back(one.first);
    return found;
  }

private:
  void take(const alert& a, instant at) {
    if (!is_loud(a))
      open_.erase(a.id);
    else
      open_.try_emplace(a.id, a, at).first->second.first = a;
  }

  const history& of_;
  std::size_t next_ = 0;
  std::map<alert_id, std::pair<alert, instant>> open_;
};

struct heard_script {
  phone_call call;
  said_script script;
  bool first = false;
};

bool begins_as_it_should(const std::string& line, const tenant_config& tenant) {
  return line.starts_with("Ringdown for " + tenant.name + ".") || line.starts_with("This is taken by ") ||
         line == "It has recovered. Goodbye." || line == "It is not over, but quiet now. Goodbye.";
}

} // namespace

// The script is made when the call is answered, names its caller first, then every open critical.
void calls_say_what_is_open(const history& of, violations& found) {
  const unrest amiss(of);
  std::vector<heard_script> all;
  for (const phone_call& call : calls_of(of)) {
    const auto first = std::ranges::find_if(call.scripts, [](const said_script& one) { return !one.lines.empty(); });
    for (auto one = first; one != call.scripts.end(); ++one)
      if (one == first || (one->fetched && !one->lines.empty())) all.push_back({call, *one, one == first});
  }
  std::ranges::sort(all, {}, [](const heard_script& one) { return one.script.at; });
  open_criticals open(of);
  for (const auto& [call, script, first] : all) {
    const tenant_config& tenant = of.tenant(call.tenant);
    if (first && !begins_as_it_should(script.lines.front(), tenant))
      found.add(script.at, fmt::format("{} begins with \"{}\"", words(call), script.lines.front()));
    open.go_to(script.at - 500ms);
    if (!script.fetched || amiss.any(script.at - 20s, script.at)) continue;
    if (of.was_configured_in(call.tenant, script.at - 5s, script.at)) continue;
    auto expected = open.since(call.tenant, script.at - 1s);
    open.go_to(script.at);
    const auto still = open.since(call.tenant, script.at - 1s);
    std::erase_if(expected, [&](const alert& a) { return std::ranges::find(still, a.id, &alert::id) == still.end(); });
    if (expected.size() > logic::most_named) continue;
    for (const alert& a : expected)
      if (!names(script, name_said_of(a, tenant)))
        found.add(script.at, fmt::format("{} does not name {} ({})", words(call), name_said_of(a, tenant), a.id.str()));
  }
}

// An acknowledgement by phone follows a 1, on a call that named it.
void keys_acknowledge_what_was_read(const history& of, violations& found) {
  constexpr instant at_most = 16s; // the company gives an answer up after 15
  const auto all = calls_of(of);
  for (const entry& one : of.entries()) {
    const auto* kept = std::get_if<command_kept>(&one.what);
    if (kept == nullptr || kept->what.kind != command_kind::acknowledge || kept->what.via != "phone") continue;
    const auto about = of.alerts().find(kept->what.alert);
    const std::string name =
        about == of.alerts().end() ? "?" : name_said_of(about->second, of.tenant(about->second.tenant));
    const bool pressed = std::ranges::any_of(all, [&](const phone_call& call) {
      return call.tenant == kept->what.tenant && std::ranges::any_of(call.keys, [&](const auto& key) {
               const bool then = key.second == "1" && key.first <= one.at && one.at - key.first <= at_most;
               return then && std::ranges::any_of(call.scripts, [&](const said_script& script) {
                        return script.at <= key.first && names(script, name);
                      });
             });
    });
    if (!pressed)
      found.add(one.at, fmt::format("{} ({}) is acknowledged by phone, and nobody who heard of it pressed 1",
                                    kept->what.alert.str(), name));
  }
}

void forged_callbacks_are_refused(const history& of, violations& found) {
  for (const entry& one : of.entries()) {
    const auto* told = std::get_if<phone_event>(&one.what);
    if (told == nullptr || told->kind != "forged_answer" || told->answered == 403 || told->answered == 0) continue;
    found.add(one.at, fmt::format("a forged callback of {} was answered with {}", told->row.str(), told->answered));
  }
}

} // namespace ringdown::simulation
