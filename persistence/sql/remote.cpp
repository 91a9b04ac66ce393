// What the far end calls the thing that shows an episode.
#include "persistence/sql/store_impl.hpp"

#include <set>
#include <utility>

namespace ringdown::persistence {

namespace {

// Of what a row covers, with all that gave way to it, so many are asked for a thing at the far end: a claim holds the store up.
constexpr std::size_t covered_at_most = 1000;
// And of the rows that gave way to it, so many are read.
constexpr std::size_t superseded_at_most = 64;

} // namespace

// What it speaks of beside its own alert: it, and what was to be said before and is said by this row, the newest, in its
// place. They cover much the same, so that each is counted once.
std::set<std::pair<alert_id, std::uint32_t>> sql_store::covered_by(const delivery& row) {
  std::set<std::pair<alert_id, std::uint32_t>> covered;
  const auto gather = [&](const notice& content) {
    for (const alert_view& one : content.alerts) {
      if (covered.size() == covered_at_most) return false;
      if (one.id != row.alert) covered.emplace(one.id, one.episode);
    }
    return true;
  };
  if (!gather(row.content)) return covered;
  db_->rows(
      "select content from delivery indexed by delivery_by_alert where tenant = ? and alert = ? and channel = ? and "
      "target = ? and episode = ? and state = 'suppressed' and why = 'superseded' order by seq desc limit ?",
      [&](columns& found) {
        try {
          return gather(read_content(found.text()));
        } catch (const unreadable_row&) { // names nothing any more
          return true;
        }
      },
      row.tenant, row.alert, row.channel, row.target, row.episode, superseded_at_most);
  return covered;
}

// Its own, else that of the alert it covers whose thing is the oldest: what was said of that one goes on there (S-C1).
void sql_store::find_remote(delivery& row) {
  std::int64_t oldest = 0;
  const auto look_for = [&](const alert_id& alert, std::uint32_t episode, bool adopts) {
    db_->rows(
        "select seq, reference from remote where tenant = ? and channel = ? and alert = ? and episode = ?",
        [&](columns& found) {
          const std::int64_t seq = found.number();
          if (!row.remote.empty() && seq > oldest) return;
          oldest = seq;
          row.remote = found.text();
          row.adopts = adopts;
        },
        row.tenant, row.channel, alert, episode);
  };
  look_for(row.alert, row.episode, false);
  if (!row.remote.empty()) return;
  for (const auto& [alert, episode] : covered_by(row)) look_for(alert, episode, true);
}

void sql_store::remember_remote(const settlement& what) {
  db_->post(
      "insert into remote(tenant, channel, alert, episode, reference) select tenant, channel, alert, episode, ? from "
      "delivery where tenant = ? and id = ? and kind = 'mirror' and alert <> '' on conflict(tenant, channel, alert, "
      "episode) do update set reference = excluded.reference",
      what.remote, what.tenant, what.ledger.delivery);
}

} // namespace ringdown::persistence
