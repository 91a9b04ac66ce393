// What the property tests of the tenant's rules do to it: random changes, commands, reports, restarts and time.
#pragma once

#include "test/logic/tenant_bench.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <vector>

namespace ringdown::test {

enum class deed { poll, settle, pass, acknowledge, snooze, mute, silence, renotify, report, restart };
constexpr int deeds = 9; // restart apart: it is put in by the test that wants it

// What is done, to which alert, how: small numbers, so that a counterexample is readable.
using step = std::tuple<int, int, int>;

constexpr std::array<alert_type, 7> types{
    alert_type::instance_unreachable, alert_type::all_trunks_down, alert_type::trunk_down,       alert_type::trunk_down,
    alert_type::sbc_offline,          alert_type::sim_calls,       alert_type::instance_degraded};

inline transition change_of(int which, int how) {
  const auto index = static_cast<std::size_t>(which) % types.size();
  constexpr std::array<condition, 6> to{condition::failing, condition::ok,      condition::failing,
                                        condition::ok,      condition::unknown, condition::removed};
  transition t = change(types[index], "R" + std::to_string(index), to[static_cast<std::size_t>(how) % to.size()],
                        static_cast<severity>(how % 3), which % 2 == 0 ? hq : branch);
  if (how == 7) t.how = sighting::first_sight;
  if (how == 8) t.how = sighting::after_silence;
  return t;
}

inline alert_id some_alert(const tenant_bench& t, int which) {
  const auto& alerts = t.machine().alerts();
  if (alerts.empty()) return alert_id("al_none");
  return std::next(alerts.begin(), which % static_cast<int>(alerts.size()))->second.id;
}

// By what they tell: what one tick tells of two alerts is made in an order that a restart may change.
inline delivery some_row(const tenant_bench& t, int which) {
  std::vector<const delivery*> rows;
  rows.reserve(t.rows.size());
  for (const delivery& row : t.rows) rows.push_back(&row);
  std::ranges::stable_sort(
      rows, {}, [](const delivery* row) { return std::tie(row->alert, row->version, row->channel, row->event); });
  return *rows[static_cast<std::size_t>(which) % rows.size()];
}

inline void command_of(tenant_bench& t, deed what, int which, int how) {
  command asked;
  asked.alert = some_alert(t, which);
  asked.until = t.now + how * 7min;
  asked.subject = std::string(name(types[static_cast<std::size_t>(which) % types.size()]));
  asked.kind = what == deed::acknowledge ? command_kind::acknowledge
               : what == deed::snooze    ? command_kind::snooze
               : what == deed::mute      ? command_kind::mute_type
               : what == deed::silence   ? command_kind::silence
                                         : command_kind::renotify;
  t.ask(asked);
}

inline void act(tenant_bench& t, const step& one) {
  const auto& [what, which, how] = one;
  t.now += 1us; // a clock never stands still between two events
  switch (static_cast<deed>(what)) {
    case deed::poll:
      t.news({change_of(which, how), change_of(which + 2, how / 2)}, which % 2 == 0 ? hq : branch);
      return;
    case deed::settle: t.settled(which % 2 == 0 ? hq : branch); return;
    case deed::pass: t.pass(how * how * 1min); return;
    case deed::report:
      if (!t.rows.empty()) t.report(some_row(t, which), how % 2 == 0 ? delivery_state::sent : delivery_state::dead);
      return;
    case deed::restart: t.restart(); return;
    case deed::acknowledge:
    case deed::snooze:
    case deed::mute:
    case deed::silence:
    case deed::renotify: command_of(t, static_cast<deed>(what), which, how); return;
  }
}

// Half of what happens are polls: they are what the rest is about.
inline rc::Gen<step> a_step() {
  const auto what = rc::gen::weightedOneOf<int>({{9, rc::gen::just(0)}, {9, rc::gen::inRange(1, deeds)}});
  return rc::gen::tuple(what, rc::gen::inRange(0, 14), rc::gen::inRange(0, 9));
}

inline rc::Gen<std::vector<step>> histories() {
  return rc::gen::scale(3.0, rc::gen::container<std::vector<step>>(a_step()));
}

} // namespace ringdown::test
