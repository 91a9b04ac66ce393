// The steps of an escalation: each in its time, to everybody it names or with the reason why not, and none after the end.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant taken_within = 5s;
constexpr instant clock_looked_at = 65s; // where that is set, what waits by it is looked at so often

std::size_t place_of(const escalation_state& state) {
  const std::size_t all = state.steps.size() * state.cycles;
  return std::min(state.cycle * state.steps.size() + state.next, all);
}

bool has_steps_left(const escalation_state& state) { return place_of(state) < state.steps.size() * state.cycles; }

// From when on a tenant, the process and the store have been at work without a break, by what it has written since.
class at_work {
public:
  explicit at_work(const history& of) : of_(of) {}

  void take(const entry& one) {
    const auto* fault = std::get_if<spell>(&one.what);
    const bool of_the_store = fault != nullptr && (fault->what == "store" || fault->what == "slow store");
    if (of_the_store) away_ += fault->begins ? 1 : -1;
    const auto* crash = std::get_if<actor_crashed>(&one.what);
    const bool crashed =
        crash != nullptr && !crash->actor.starts_with("poller/") && !crash->actor.starts_with("channel/");
    if (of_the_store || crashed || std::holds_alternative<life_began>(one.what) ||
        std::holds_alternative<life_ended>(one.what)) {
      since_.clear();
      disturbed_ = of_.wall_at(one.at);
    }
    if (std::holds_alternative<clock_jumped>(one.what)) jumped_ = one.at;
    // What was decided before may be written later.
    if (const auto* kept = std::get_if<batch_kept>(&one.what);
        kept != nullptr && away_ == 0 && kept->batch->at > disturbed_)
      since_.try_emplace(kept->batch->tenant, one.at);
  }
  [[nodiscard]] std::optional<instant> since(const tenant_id& id) const {
    const auto at = since_.find(id);
    return at == since_.end() || away_ > 0 ? std::nullopt : std::optional(at->second);
  }
  [[nodiscard]] bool has_jumped(instant since) const { return jumped_ >= since; }

private:
  const history& of_;
  std::map<tenant_id, instant> since_;
  wall_time disturbed_;
  int away_ = 0;
  instant jumped_{-1};
};

bool is_of_step(const decision& d, const alert_id& what, const std::string& gates) {
  return d.alert == what && d.event == notice_event::escalated && d.gates.starts_with(gates) &&
         (d.gates.size() == gates.size() || d.gates[gates.size()] == ' ');
}

class step_judge {
public:
  step_judge(const history& of, violations& found) : of_(of), found_(found), work_(of) {}

  void take(const entry& one) {
    if (const auto* kept = std::get_if<batch_kept>(&one.what)) take(*kept->batch, one.at);
    if (std::holds_alternative<clock_jumped>(one.what)) follow_clock(one.at);
    work_.take(one);
  }
  void end() {
    for (const auto& [id, one] : known_) judge_time(one, of_.ended());
  }

private:
  struct story {
    alert now;
    instant written{};
    std::optional<instant> due; // of the step that is next
  };

  void take(const persistence::write_batch& batch, instant at) {
    for (const alert& a : batch.alerts) {
      const auto before = known_.find(a.id);
      if (before != known_.end()) judge_change(before->second, a, batch, at);
      judge_state(a, before != known_.end() && before->second.now.escalation, at);
      std::optional<instant> due;
      if (a.escalation && !a.escalation->frozen && has_steps_left(*a.escalation))
        due = at + std::max<instant>(a.escalation->due - batch.at, instant{});
      // What was due already is due since then.
      if (due && before != known_.end() && before->second.due && a.escalation == before->second.now.escalation)
        due = std::min(*due, *before->second.due);
      known_.insert_or_assign(a.id, story{a, at, due});
    }
    for (const delivery& row : batch.deliveries) {
      const auto about = known_.find(row.alert);
      const bool fires = about != known_.end() && about->second.now.phase == alert_phase::firing;
      if (row.event == notice_event::escalated && !fires) say(at, row.alert, "is told of a step, and does not fire");
    }
  }

  // A step waits by the clock of whoever runs its tenant, until something else is written: that a clock was set while nobody
  // ran it, or that who takes over has another, need not be seen.
  void follow_clock(instant at) {
    for (auto& [id, one] : known_) {
      if (!one.due) continue;
      const instant then = at + (one.now.escalation->due - of_.wall_at(at));
      one.due = then > at ? then : std::min(*one.due, at);
    }
  }

  void judge_state(const alert& a, bool went_on, instant at) {
    const escalation_config& policy = of_.tenant(a.tenant).escalation;
    const bool wanted = std::ranges::find(policy.levels, a.level) != policy.levels.end() && !policy.steps.empty();
    const bool loud = a.phase == alert_phase::firing && a.masks == 0 && !a.settling && !a.first_sight;
    if (!a.escalation && wanted && loud && a.told == a.level) say(at, a.id, "has no steps to come");
    if (!a.escalation) return;
    if (a.phase != alert_phase::firing) say(at, a.id, "has steps to come, and does not fire");
    const auto& configured = of_.configured_as(a.tenant);
    const bool known = std::ranges::any_of(configured, [&](const auto& one) {
      return one.first <= at && one.second->escalation.steps == a.escalation->steps;
    });
    if (!went_on && !known) say(at, a.id, "begins with steps that nobody configured");
    if (!went_on && a.escalation->due != a.escalation->begun + a.escalation->steps.front().after)
      say(at, a.id, "begins with a step that is due at another time");
    if (!went_on && place_of(*a.escalation) > 0) say(at, a.id, "does not begin with the first step");
  }

  void judge_change(const story& before, const alert& a, const persistence::write_batch& batch, instant at) {
    if (!before.now.escalation || !a.escalation) return judge_time(before, at);
    const escalation_state& was = *before.now.escalation;
    const escalation_state& now = *a.escalation;
    if (was.steps != now.steps) return say(at, a.id, "has other steps than it began with");
    judge_time(before, at);
    if (place_of(now) == place_of(was)) return;
    if (place_of(now) < place_of(was)) return say(at, a.id, "goes back to a step that was taken");
    if (batch.at < was.due - 1s && !work_.has_jumped(before.written)) say(at, a.id, "takes a step before it is due");
    if (now.cycle == was.cycle && has_steps_left(now) &&
        now.due - was.due != now.steps[now.next].after - was.steps[was.next].after && !work_.has_jumped(before.written))
      say(at, a.id, "has a next step that is due at another time");
    if (place_of(now) == place_of(was) + 1) judge_once(a, batch, at);
    // Several, where the clock was set forward.
    for (std::size_t place = place_of(was); place < place_of(now); ++place) {
      const std::size_t step = place % was.steps.size();
      for (const std::string& whom : was.steps[step].notify)
        if (!is_told(a, step + 1, whom, batch)) say(at, a.id, "takes a step and says nothing of " + whom);
    }
  }

  // By its name, or as one who hears of every step, but not both.
  void judge_once(const alert& a, const persistence::write_batch& batch, instant at) {
    std::map<channel_id, delivery_id> told;
    for (const delivery& row : batch.deliveries)
      if (row.alert == a.id && row.event == notice_event::escalated &&
          told.emplace(row.channel, row.id).first->second != row.id)
        say(at, a.id, "tells " + row.channel.str() + " of a step twice");
  }

  // By a row, by a reason, or by the calls that go on for it.
  [[nodiscard]] bool is_told(const alert& a, std::size_t step, const std::string& whom,
                             const persistence::write_batch& batch) const {
    const std::string gates = fmt::format("step={} notify={}", step, whom);
    if (std::ranges::any_of(batch.decisions, [&](const decision& d) { return is_of_step(d, a.id, gates); }))
      return true;
    if (!a.ladder || a.ladder->heard || whom.starts_with("channel:")) return false;
    const tenant_config& tenant = of_.tenant(a.tenant);
    if (whom == "oncall") return tenant.oncall.user.has_value();
    const user_id who(whom.substr(5));
    return a.ladder->first == who || tenant.oncall.user == who || tenant.voice.owner == who;
  }

  // Nothing keeps it, and nobody takes it.
  void judge_time(const story& before, instant at) {
    const auto working = work_.since(before.now.tenant);
    if (!before.due || !working) return;
    const instant since = std::max(*before.due, *working);
    const instant allowed =
        taken_within + (work_.has_jumped(*before.due - clock_looked_at) ? clock_looked_at : instant{});
    if (at - since > allowed)
      say(at, before.now.id, "has a step that was due at " + clock_text(*before.due) + " and is not taken");
  }

  void say(instant at, const alert_id& what, const std::string& words) { found_.add(at, what.str() + " " + words); }

  const history& of_;
  violations& found_;
  at_work work_;
  std::map<alert_id, story> known_;
};

} // namespace

void steps_are_taken(const history& of, violations& found) {
  step_judge judge(of, found);
  for (const entry& one : of.entries()) judge.take(one);
  judge.end();
}

} // namespace ringdown::simulation
