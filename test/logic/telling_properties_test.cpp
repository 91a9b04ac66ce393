// What people hear, whatever happens: the rows go through the rules of the store's claim and arrive, or do not, and what
// arrived is compared with what is so.
#include "test/logic/histories.hpp"
#include "test/support/catch.hpp"

#include <map>
#include <set>
#include <stdexcept>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

bool is_fire(const delivery& row) { return row.event == notice_event::fired || row.event == notice_event::summary; }

// The store and a channel that always accepts; a row is sent when it is asked for, much later perhaps.
class far_end {
public:
  explicit far_end(tenant_bench& t) : t_(t) {}

  // What was committed up to now.
  void commit() {
    states_.resize(t_.rows.size(), delivery_state::pending);
    for (; suppressed_ < t_.suppressions.size(); ++suppressed_) {
      const auto& [before, what] = t_.suppressions[suppressed_];
      for (std::size_t i = 0; i < before; ++i) {
        const delivery& row = t_.rows[i];
        if (states_[i] == delivery_state::pending && row.kind == delivery_kind::interrupt && row.alert == what.alert &&
            row.version <= what.up_to_version &&
            (row.event == notice_event::fired || row.event == notice_event::reminder))
          states_[i] = delivery_state::suppressed;
      }
    }
    for (const auto& [key, a] : t_.machine().alerts())
      if (a.phase == alert_phase::resolved) over_[a.id] = a.version;
  }

  // Every row of the channel that is due is claimed in order, and reported.
  void deliver(const channel_id& to) {
    commit();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_[i] != delivery_state::pending || t_.rows[i].channel != to) continue;
      const delivery row = t_.rows[i];
      const reason why = verdict(row);
      states_[i] = why == reason::none ? delivery_state::sent : delivery_state::suppressed;
      if (why == reason::none) arrived.push_back(row);
      t_.report(row, states_[i], why);
      commit();
    }
  }

  // The last version at which this alert was over.
  [[nodiscard]] std::uint32_t over(const alert_id& id) const { return over_.contains(id) ? over_.at(id) : 0; }

  std::vector<delivery> arrived;

private:
  [[nodiscard]] const alert& alert_of(const alert_id& id) const {
    for (const auto& [key, a] : t_.machine().alerts())
      if (a.id == id) return a;
    throw std::logic_error("a row of no alert");
  }
  [[nodiscard]] reason verdict(const delivery& row) const {
    if (row.after && row.event == notice_event::resolved) {
      for (std::size_t i = 0; i < states_.size(); ++i)
        if (t_.rows[i].id == *row.after && states_[i] != delivery_state::sent) return reason::never_told;
      return reason::none;
    }
    if (row.kind != delivery_kind::interrupt) return reason::none;
    const alert& a = alert_of(row.alert);
    if (row.event == notice_event::summary) {
      const bool fires = std::ranges::any_of(row.content.alerts, [&](const alert_view& one) {
        const alert& covered = alert_of(one.id);
        return covered.phase == alert_phase::firing && !has(covered.masks, mask::snooze);
      });
      return fires ? reason::none : reason::resolved_first;
    }
    const auto wanted = row.event == notice_event::reminder ? alert_phase::acknowledged : alert_phase::firing;
    if (row.episode != a.episode || a.version > row.version) return reason::superseded;
    if (a.phase == alert_phase::resolved) return reason::resolved_first;
    if (a.phase != wanted) return reason::acknowledged;
    if (has(a.masks, mask::snooze)) return reason::snoozed_first;
    return has(a.masks, mask::mute) ? reason::masked_mute : reason::none;
  }

  tenant_bench& t_;
  std::vector<delivery_state> states_;
  std::size_t suppressed_ = 0;
  std::map<alert_id, std::uint32_t> over_;
};

// A history in which rows leave late: at the end of some steps, on one channel or both.
void live(tenant_bench& t, far_end& there) {
  t.slow = true;
  const auto steps = *rc::gen::scale(
      3.0, rc::gen::container<std::vector<std::pair<step, int>>>(rc::gen::pair(a_step(), rc::gen::inRange(0, 6))));
  for (const auto& [one, sends] : steps) {
    if (static_cast<deed>(std::get<0>(one)) == deed::report) continue; // told by `there`
    act(t, one);
    there.commit();
    if (sends == 1 || sends == 3) there.deliver(push);
    if (sends == 2 || sends == 3) there.deliver(hook);
  }
}

// Time lifts what time can, the polls go on, and everything is sent.
void come_to_rest(tenant_bench& t, far_end& there) {
  for (int round = 0; round < 3; ++round) {
    t.pass(2h);
    there.deliver(push);
    there.deliver(hook);
    t.now += 1us;
    t.settled(hq);
    t.now += 1us;
    t.settled(branch);
    there.deliver(push);
    there.deliver(hook);
  }
}

bool tells_of(const delivery& row, const alert& a, std::uint32_t since_version) {
  return is_fire(row) && std::ranges::any_of(row.content.alerts, [&](const alert_view& one) {
           return one.id == a.id && one.version > since_version;
         });
}

} // namespace

TEST_CASE("for any history: what still fires unmasked has been heard on every channel routed to") {
  const auto holds = rc::check([] {
    tenant_bench t;
    far_end there(t);
    live(t, there);
    come_to_rest(t, there);
    for (const auto& [key, a] : t.machine().alerts()) {
      if (!is_notifiable(a) || a.level == severity::info) continue; // info goes nowhere by default
      RC_ASSERT(!a.settling);
      for (const channel_id& channel : {push, hook})
        RC_ASSERT(a.key.resource.key == channel.str() || std::ranges::any_of(there.arrived, [&](const delivery& row) {
                    return row.channel == channel && tells_of(row, a, there.over(a.id));
                  }));
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: nobody hears the same version of an alert twice at one level") {
  const auto holds = rc::check([] {
    tenant_bench t;
    far_end there(t);
    live(t, there);
    come_to_rest(t, there);
    std::set<std::tuple<alert_id, std::uint32_t, severity, channel_id>> heard;
    for (const delivery& row : there.arrived) {
      if (!is_fire(row)) continue;
      for (const alert_view& one : row.content.alerts)
        RC_ASSERT(heard.emplace(one.id, one.version, one.level, row.channel).second);
    }
  });
  CHECK(holds);
}

TEST_CASE("for any history: who heard of a fire hears of its end, once") {
  const auto holds = rc::check([] {
    tenant_bench t;
    far_end there(t);
    live(t, there);
    come_to_rest(t, there);
    std::map<std::pair<alert_id, channel_id>, bool> waits; // heard of a fire and not yet of its end
    for (const delivery& row : there.arrived) {
      if (is_fire(row))
        for (const alert_view& one : row.content.alerts) waits[{one.id, row.channel}] = true;
      if (row.event != notice_event::resolved) continue;
      const bool waited = waits[{row.alert, row.channel}];
      RC_ASSERT(waited);
      waits[{row.alert, row.channel}] = false;
    }
    for (const auto& [key, a] : t.machine().alerts())
      for (const channel_id& channel : {push, hook})
        if (a.phase == alert_phase::resolved) RC_ASSERT(!waits[std::pair(a.id, channel)]);
  });
  CHECK(holds);
}
