#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <map>
#include <optional>
#include <set>

namespace ringdown::persistence {

namespace {

enum class act : std::uint8_t { insert, claim, sent, again, crash_channel, crash_node, acknowledge };

// What an outsider knows: which rows were handed out and not settled, and the order they were made in.
struct outside_view {
  std::set<std::string> out;
  std::map<std::string, int> made; // row -> when
  std::map<std::string, std::string> alert_of;
  std::map<std::string, int> last_ended; // alert -> newest row that was handed out
};

class walk_of_a_queue {
public:
  explicit walk_of_a_queue(const sqlite_place& place) : place_(place), work_([&] { return place.open(); }) {
    for (int i = 0; i < 3; ++i) {
      alerts_.push_back(make_alert("al_" + std::to_string(i)));
      work_.commit_alert(alerts_.back());
    }
  }

  void take(act what, int pick) {
    switch (what) {
      case act::insert: return insert(pick);
      case act::claim: return claim(static_cast<std::size_t>(pick % 3) + 1);
      case act::sent: return settle(pick, delivery_state::sent);
      case act::again: return settle(pick, delivery_state::pending);
      case act::crash_channel: return crash_channel();
      case act::crash_node: return crash_node();
      case act::acknowledge: return acknowledge(pick);
    }
  }

private:
  void insert(int pick) {
    const alert& about = alerts_[static_cast<std::size_t>(pick) % alerts_.size()];
    auto row = make_row("dl_" + std::to_string(++rows_), about);
    row.kind = pick % 2 == 0 ? delivery_kind::log : delivery_kind::interrupt;
    row.target = row.kind == delivery_kind::log ? "" : "phone";
    row.channel = channel_id(row.kind == delivery_kind::log ? "hook" : "push");
    view_.made[row.id.str()] = rows_;
    view_.alert_of[row.id.str()] = std::string(name(row.kind)) + about.id.str();
    work_.commit_rows({row});
  }

  void claim(std::size_t limit) {
    for (const char* channel : {"push", "hook"}) {
      for (const delivery& row : work_.claim(limit, noon, channel).rows) {
        const std::string id = row.id.str();
        RC_ASSERT(view_.out.insert(id).second);
        int& newest = view_.last_ended[view_.alert_of.at(id)];
        RC_ASSERT(newest <= view_.made.at(id));
        newest = view_.made.at(id);
        for (const std::string& other : view_.out)
          RC_ASSERT(other == id || view_.alert_of.at(other) != view_.alert_of.at(id));
      }
    }
  }

  void settle(int pick, delivery_state state) {
    if (view_.out.empty()) return;
    auto at = view_.out.begin();
    std::advance(at, pick % static_cast<int>(view_.out.size()));
    RC_ASSERT(work_.settle(work_.outcome(*at, state)).ok());
    RC_ASSERT(!work_.settle(work_.outcome(*at, state)).ok());
    view_.out.erase(at);
  }

  void crash_channel() {
    for (const char* channel : {"push", "hook"})
      RC_ASSERT(
          work_.held->recover_channel(work_.tenant, channel_id(channel), work_.owner, key_knowledge::keyed, {}, noon)
              .ok());
    view_.out.clear();
  }

  void crash_node() {
    work_ = desk([&] { return place_.open(); });
    const std::vector<known_channel> known{{work_.tenant, channel_id("push"), key_knowledge::keyed},
                                           {work_.tenant, channel_id("hook"), key_knowledge::keyed}};
    const auto tally = work_.held->recover_claims(work_.owner, known, noon);
    RC_ASSERT(tally.ok());
    RC_ASSERT(tally->resumed == view_.out.size());
    view_.out.clear();
  }

  void acknowledge(int pick) {
    alert& a = alerts_[static_cast<std::size_t>(pick) % alerts_.size()];
    a.phase = a.phase == alert_phase::firing ? alert_phase::acknowledged : alert_phase::firing;
    auto batch = work_.batch();
    batch.alerts = {a};
    if (a.phase == alert_phase::acknowledged) batch.suppressions = {{a.id, a.version, reason::acknowledged}};
    work_.commit(batch);
  }

  const sqlite_place& place_;
  desk work_;
  std::vector<alert> alerts_;
  outside_view view_;
  int rows_ = 0;
};

} // namespace

TEST_CASE("whatever happens, a row is out once at a time and rows of an alert keep their order") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps) {
    const sqlite_place place;
    walk_of_a_queue walk(place);
    for (const auto& [what, pick] : steps) walk.take(static_cast<act>(what % 7), pick);
  }));
}

} // namespace ringdown::persistence
