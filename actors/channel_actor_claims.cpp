// How a channel comes by its rows: what a predecessor left, and how many it asks the store for.
#include "actors/channel_actor.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

// More at once save the store little, and are held for longer.
constexpr std::size_t most_ahead = 64;
// A lease that ran out is lengthened within a few seconds, or its shard ends here.
constexpr auto look_for_lease_after = std::chrono::seconds(1);

} // namespace

// What was claimed for us and nobody carries: our predecessor crashed with it, or the tenant before it was handed over.
// Never while a claim is under way: its rows are ours, and not here yet. Until it is done nothing is claimed and the tenant
// hands nothing over, because what comes meanwhile would be taken for lost.
void channel::recover() {
  recover_rows lost{tenant_, config_.id, world().owner, wire::repeats_are_safe(facts_.keys), {}, me()};
  for (const auto& [id, one] : carrying_) lost.carried.push_back(id);
  for (const carried& one : waiting_) lost.carried.push_back(one.row.id);
  ++recoveries_;
  caf::anon_send(world().store, std::move(lost));
}

void channel::on(const rows_recovered& answer) {
  if (--recoveries_ > 0) return; // asked again since
  if (!answer.ok) {
    wake_for(now().wall + times_.retry_base);
    return;
  }
  recovering_ = false;
  // What shares a provider account is always claimed: only what may leave now is handed over.
  tell(tenant_actor_, channel_ready{config_.id, me(), paced() ? 0 : facts_.connections});
  claim_if_room();
}

// A row has its place until its outcome is stored. A log's next row leaves meanwhile: its far end knows our keys, and nobody's
// phone rings twice.
bool channel::has_free_place() const {
  const std::size_t left = facts_.rows == delivery_kind::log ? storing_ : 0;
  return carrying_.size() - left < facts_.connections;
}

// Nothing is begun any more, or not now: what was claimed goes back to the table.
bool channel::is_off() const { return drained_ || !config_.enabled; }

void channel::claim_if_room() {
  if (!backlogged_ || claiming_ || recovering_ || is_off()) return;
  // What was claimed now would only be handed back.
  if (!world().may_act()) return wake_for(now().wall + look_for_lease_after);
  const std::size_t most = facts_.connections + ahead_;
  // With rows in hand nothing waits for a claim: the next one is made when it is worth a commit.
  if (held() >= most || waiting_.size() > ahead_ / 2) return;
  claiming_ = true;
  const std::size_t room = most - held();
  const moment present = now();
  const std::size_t limit = paced() ? std::min(permits_, room) : room;
  const wall_time due = std::max(present.wall, reached_);
  const auto targets =
      facts_.is == channel_class::voice ? persistence::target_use::exclusive : persistence::target_use::shared;
  persistence::claim_request ask{tenant_, config_.id, world().owner, limit, due, targets};
  if (paced()) ask.order = persistence::claim_order::by_urgency;
  // A wall clock that was set back meanwhile makes nothing wait longer than it was to wait.
  if (was_set_back(claimed_last_, present)) ask.set_back_to = present.wall;
  // A look takes nothing: what was waited for is still due for the claim that follows it.
  if (limit > 0 || ask.set_back_to) reached_ = {};
  asked_last_ = present;
  asked_for_ = limit;
  caf::anon_send(world().store, claim_rows{std::move(ask), me()});
}

// Nothing keeps a log's row back once it is owed. While the far end takes what it is given, its rows are claimed in batches:
// one commit of the store for many of them, and not one for each.
void channel::plan_ahead(const persistence::claimed_rows& claimed) {
  if (facts_.rows != delivery_kind::log || !claimed.due_left || claimed.rows.size() < asked_for_) return;
  // Twice as many must begin well before they would be handed back.
  if (asked_last_.steady - claimed_last_.steady > times_.send_by / 8) return;
  ahead_ = std::min(most_ahead, std::max(facts_.connections, 2 * ahead_));
}

} // namespace ringdown
