// What holds of provider outages whatever trunks, PBXes, people and time do.
#include "test/logic/outage_bench.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <map>
#include <set>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr int pbxes = 4;
// What is done, to which trunk, how.
using step = std::tuple<int, int, int>;

enum class deed {
  fail,
  recover,
  lose_sight,
  unreachable,
  reachable,
  pass,
  settle,
  acknowledge,
  snooze,
  report,
  move,
  restart
};

struct many_trunks : outage_bench {
  many_trunks() : outage_bench(pbxes) {
    for (int i = 1; i <= pbxes; ++i) add_trunk(pbx(i), "T2", i % 2 == 0 ? carrier : "sip.other.example");
  }
};

void reach(many_trunks& t, const instance_id& at, bool up) {
  t.truth.at(at).health.reach = up ? reachability::reachable : reachability::unreachable;
  t.news({up ? healthy(alert_type::instance_unreachable, "", at)
             : failing(alert_type::instance_unreachable, "", severity::critical, at)},
         at);
}

alert_id some_alert(const many_trunks& t, int which) {
  const auto& alerts = t.machine().alerts();
  if (alerts.empty()) return alert_id("al_none");
  return std::next(alerts.begin(), which % static_cast<int>(alerts.size()))->second.id;
}

void act(many_trunks& t, const step& one) {
  const auto& [what, which, how] = one;
  const instance_id at = pbx(which % pbxes + 1);
  const std::string key = which / pbxes % 2 == 0 ? "T1" : "T2";
  t.now += 1us;
  switch (static_cast<deed>(what)) {
    case deed::fail: t.fails(at, key, how == 0 ? sighting::first_sight : sighting::regular); return;
    case deed::recover: t.recovers(at, key); return;
    case deed::lose_sight:
      t.set(at, key, resource_state::unknown);
      t.news({lost(alert_type::trunk_down, key, at)}, at);
      return;
    case deed::unreachable: reach(t, at, false); return;
    case deed::reachable: reach(t, at, true); return;
    case deed::pass: t.pass(how * how * 20s); return;
    case deed::settle: t.settled(at); return;
    case deed::acknowledge: t.ask(command_kind::acknowledge, some_alert(t, which)); return;
    case deed::snooze: t.ask(command_kind::snooze, some_alert(t, which), t.now + how * 5min); return;
    case deed::report:
      if (!t.rows.empty())
        t.report(t.rows[static_cast<std::size_t>(which * 7 + how) % t.rows.size()], delivery_state::sent);
      return;
    case deed::move:
      t.move(at, how % 2 == 0 ? carrier : "sip.other.example", key);
      t.news({}, at);
      return;
    case deed::restart: t.restart(); return;
  }
}

// Mostly failures close together: they are what the rest is about.
rc::Gen<std::vector<step>> outages() {
  const auto what = rc::gen::weightedOneOf<int>({{8, rc::gen::just(static_cast<int>(deed::fail))},
                                                 {4, rc::gen::just(static_cast<int>(deed::recover))},
                                                 {9, rc::gen::inRange(0, static_cast<int>(deed::restart) + 1)}});
  const auto one = rc::gen::tuple(what, rc::gen::inRange(0, 16), rc::gen::inRange(0, 9));
  return rc::gen::scale(3.0, rc::gen::container<std::vector<step>>(one));
}

bool is_outage(const alert& a) { return a.key.type == alert_type::provider_outage; }

const alert* parent_of(const many_trunks& t, const alert& a) {
  const auto at = a.parent ? t.stored.find(*a.parent) : t.stored.end();
  return at == t.stored.end() ? nullptr : &at->second;
}

} // namespace

TEST_CASE("for any outages: no member is both masked by one and told to people by itself") {
  const auto holds = rc::check([] {
    many_trunks t;
    bool any = false;
    for (const step& one : *outages()) {
      act(t, one);
      if (static_cast<deed>(std::get<0>(one)) == deed::pass) continue; // several ticks: `last` is of the last one
      for (const delivery& row : t.last.deliveries) {
        if (row.kind == delivery_kind::log || (row.event != notice_event::fired && row.event != notice_event::summary))
          continue;
        const alert& lead = t.stored.at(row.alert);
        any = any || is_outage(lead);
        if (is_outage(lead)) continue;
        for (const alert_view& told : row.content.alerts) RC_ASSERT(t.stored.at(told.id).masks == 0);
      }
    }
    RC_CLASSIFY(any);
  });
  CHECK(holds);
}

TEST_CASE("for any outages: every fire is told to a channel or has its reason there, or one for all") {
  const auto holds = rc::check([] {
    many_trunks t;
    for (const step& one : *outages()) {
      act(t, one);
      for (const audit_entry& entry : t.last.audits) {
        if (entry.action != "alert.fired") continue;
        std::set<channel_id> decided;
        bool for_all = false;
        for (const decision& d : t.last.decisions) {
          if (d.alert.str() != entry.subject) continue;
          if (d.channel.empty())
            for_all = true;
          else
            decided.insert(d.channel);
        }
        RC_ASSERT(for_all || decided == (std::set{push, hook, desk}));
      }
    }
  });
  CHECK(holds);
}

TEST_CASE("for any outages: who is told of one version of it is told once") {
  const auto holds = rc::check([] {
    many_trunks t;
    for (const step& one : *outages()) act(t, one);
    std::set<std::tuple<alert_id, std::uint32_t, std::uint32_t, channel_id>> told;
    for (const delivery& row : t.rows)
      if (row.event == notice_event::fired && is_outage(t.stored.at(row.alert)))
        RC_ASSERT(told.emplace(row.alert, row.episode, row.version, row.channel).second);
    RC_ASSERT(t.ids_unique);
  });
  CHECK(holds);
}

TEST_CASE("for any outages: what speaks for a member is open and failing, and fails at its PBX or at two") {
  const auto holds = rc::check([] {
    many_trunks t;
    for (const step& one : *outages()) {
      act(t, one);
      for (const auto& [key, a] : t.machine().alerts()) {
        if (a.phase == alert_phase::resolved) RC_ASSERT(!a.parent);
        if (!has(a.masks, mask::parent)) continue;
        const alert* parent = parent_of(t, a);
        RC_ASSERT(parent != nullptr);
        RC_ASSERT(parent->phase != alert_phase::resolved);
        if (is_outage(*parent)) RC_ASSERT(parent->current == condition::failing);
      }
    }
  });
  CHECK(holds);
}

TEST_CASE("for any outages: once all is quiet, nobody is left who fails and was never told of") {
  const auto holds = rc::check([] {
    many_trunks t;
    for (const step& one : *outages()) act(t, one);
    for (int i = 1; i <= pbxes; ++i) reach(t, pbx(i), true);
    t.pass(2h); // snoozes, the quiet of outages and their acknowledgements end
    for (int i = 1; i <= pbxes; ++i) t.settled(pbx(i));
    for (const auto& [key, a] : t.machine().alerts()) {
      if (!is_notifiable(a) || a.current != condition::failing) continue;
      RC_ASSERT(!a.settling);
      RC_ASSERT(std::ranges::find(a.targets, push, &told_target::channel) != a.targets.end());
    }
  });
  CHECK(holds);
}

TEST_CASE("for any outages: a restart tells nothing by itself") {
  const auto holds = rc::check([] {
    many_trunks t;
    for (const step& one : *outages()) act(t, one);
    t.pass(1us);
    const std::size_t before = t.rows.size();
    t.restart();
    t.pass(1us);
    RC_ASSERT(t.rows.size() == before);
  });
  CHECK(holds);
}
