// What holds of the tenant's rules whatever happens: random changes, commands, reports, restarts and time.
#include "test/logic/histories.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <string>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

// What settles with no poll to ask, because it is of the tenant itself, waits anew after a restart: it is left out.
std::vector<delivery_id> rows_of_instances(const tenant_bench& t) {
  std::vector<delivery_id> ids;
  for (const delivery& row : t.rows)
    if (!is_of_tenant(t.stored.at(row.alert).key)) ids.push_back(row.id);
  return ids;
}

bool same_target(const told_target& a, const told_target& b) {
  return a.channel == b.channel && a.target == b.target && a.fire == b.fire && a.level == b.level &&
         a.accepted == b.accepted && a.loud == b.loud;
}

bool same_alert(const alert& a, const alert& b) {
  return a.id == b.id && a.phase == b.phase && a.level == b.level && a.told == b.told && a.episode == b.episode &&
         a.version == b.version && a.masks == b.masks && a.flapping == b.flapping && a.settling == b.settling &&
         std::ranges::equal(a.targets, b.targets, same_target) && a.ack == b.ack && a.reminded == b.reminded &&
         a.current == b.current && a.parent == b.parent && a.snoozed_until == b.snoozed_until;
}

} // namespace

TEST_CASE("for any history: each intent has one id, and each resolve follows a fire to the same channel") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) act(t, one);
    RC_ASSERT(t.ids_unique);
    std::map<std::pair<alert_id, channel_id>, std::vector<delivery_id>> fires;
    for (const delivery& row : t.rows) {
      const auto owed = std::pair(row.alert, row.channel);
      if (row.event == notice_event::fired || row.event == notice_event::summary)
        for (const alert_view& covered : row.content.alerts) fires[{covered.id, row.channel}].push_back(row.id);
      if (row.event != notice_event::resolved) continue;
      RC_ASSERT(row.after.has_value());
      RC_ASSERT(std::ranges::count(fires[owed], *row.after) == 1);
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: the same poll again leaves no row, no reason and no write") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) {
      act(t, one);
      const auto& [what, which, how] = one;
      if (static_cast<deed>(what) != deed::poll || change_of(which, how).key == change_of(which + 2, how / 2).key)
        continue;
      act(t, one);
      RC_ASSERT(t.last.deliveries.empty());
      RC_ASSERT(t.last.decisions.empty());
      RC_ASSERT(t.last.alerts.empty());
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: what was told in an episode never falls, and numbers only rise") {
  const auto holds = rc::check([] {
    tenant_bench t;
    std::map<alert_key, alert> before;
    for (const step& one : *histories()) {
      act(t, one);
      for (const auto& [key, now] : t.machine().alerts()) {
        if (const auto was = before.find(key); was != before.end()) {
          RC_ASSERT(now.episode >= was->second.episode);
          RC_ASSERT(now.version >= was->second.version);
          if (now.episode == was->second.episode && was->second.told)
            RC_ASSERT(now.told && *now.told >= *was->second.told);
        }
        if (now.phase == alert_phase::acknowledged) RC_ASSERT(now.ack && now.ack->episode == now.episode);
        RC_ASSERT(now.targets.size() <= 8U);
      }
      before = t.machine().alerts();
    }
  });
  CHECK(holds);
}

TEST_CASE(
    "for any history: each alert that opens and each that ends is decided for every channel, or for all at once") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) {
      act(t, one);
      for (const audit_entry& entry : t.last.audits) {
        const bool fires = entry.action == "alert.fired" || entry.action == "alert.raised";
        const bool ends = entry.action == "alert.resolved" || entry.action == "alert.removed";
        std::set<channel_id> decided;
        bool for_all = false;
        for (const decision& d : t.last.decisions) {
          if (d.alert.str() != entry.subject || (d.event == notice_event::resolved) != ends) continue;
          if (d.channel.empty())
            for_all = true;
          else
            decided.insert(d.channel);
        }
        if (fires) RC_ASSERT(for_all || decided == (std::set{push, hook}));
        if (ends) RC_ASSERT(for_all || !decided.empty());
      }
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: each decision has its one reason, and a row exactly where somebody is told") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) act(t, one);
    std::set<delivery_id> rows;
    for (const delivery& row : t.rows) rows.insert(row.id);
    for (const decision& d : t.decisions) {
      RC_ASSERT(d.deciding != reason::none);
      if (d.made.empty())
        RC_ASSERT(d.deciding >= reason::duplicate); // one of those that keep quiet
      else
        RC_ASSERT(rows.contains(d.made));
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: nobody but a log is told of a masked alert, and no resolved alert is told as firing") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) {
      act(t, one);
      if (static_cast<deed>(std::get<0>(one)) == deed::pass) continue; // several ticks: `last` is of the last one
      for (const delivery& row : t.last.deliveries) {
        if (row.event != notice_event::fired && row.event != notice_event::summary) continue;
        const auto& now = t.stored.at(row.alert);
        RC_ASSERT(now.masks == 0 || row.kind == delivery_kind::log);
        RC_ASSERT(now.phase != alert_phase::resolved);
      }
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: what still fails unmasked is settling, or was decided at its present version") {
  const auto holds = rc::check([] {
    tenant_bench t;
    for (const step& one : *histories()) act(t, one);
    for (const auto& [key, a] : t.machine().alerts()) {
      if (!is_notifiable(a) || a.settling || a.current != condition::failing) continue;
      RC_ASSERT(std::ranges::any_of(t.decisions, [&](const decision& d) {
        return d.alert == a.id && d.version == a.version && d.event != notice_event::resolved;
      }));
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: a machine restored at any point goes on as the one that never stopped") {
  const auto holds = rc::check([] {
    const auto history = *histories();
    const auto stops = *rc::gen::container<std::vector<bool>>(history.size(), rc::gen::arbitrary<bool>());
    tenant_bench steady;
    tenant_bench restarted;
    steady.slow = restarted.slow = *rc::gen::arbitrary<bool>();
    for (std::size_t i = 0; i < history.size(); ++i) {
      act(steady, history[i]);
      if (stops[i]) restarted.restart();
      act(restarted, history[i]);
      for (const auto& [key, a] : steady.machine().alerts())
        if (!is_of_tenant(key)) RC_ASSERT(same_alert(a, restarted.machine().alerts().at(key)));
    }
    RC_ASSERT(rows_of_instances(steady) == rows_of_instances(restarted));
  });
  CHECK(holds);
}
