#include "test/support/lease_register.hpp"

#include <algorithm>

namespace ringdown::test {

lease_register::lease_register(shard_id shards, const logic::lease_rules& rules) : rules_(rules) {
  for (shard_id id = 0; id < shards; ++id) shards_[id];
}

std::uint64_t lease_register::open(const incarnation_id& who) {
  sessions_.emplace(++opened_, who);
  return opened_;
}

void lease_register::close(std::uint64_t session) { sessions_.erase(session); }

void lease_register::restart() {
  sessions_.clear();
  ++server_;
}

lease_answer lease_register::answer(const lease_question& asked, instant now) {
  look_for_the_gone(now);
  const incarnation_id& who = asked.asker.id;
  for (const drain_wish& wish : asked.wishes)
    for (auto& [id, one] : nodes_)
      if (one.row.name == wish.name) one.row.to_drain = wish.drain;
  if (asked.what == lease_ask::renew) renew(asked.asker, now);
  for (const held_lease& one : asked.release) {
    lease_row& of = shards_.at(one.shard);
    if (of.owner == who && of.epoch == one.epoch) of.owner = {};
  }
  acquire(who, asked.acquire, now);

  lease_answer said;
  said.number = asked.number;
  for (const auto& [id, of] : shards_) {
    if (of.owner == who) said.held.push_back({id, of.epoch});
    said.shards.push_back({id, of.owner, of.epoch, is_taken(of, now), of.weight});
  }
  for (const auto& [id, one] : nodes_) {
    if (one.until <= now || is_dead(id, now)) continue;
    said.nodes.push_back(one.row);
    if (!one.gone_since) continue;
    const auto in = std::chrono::duration_cast<duration>(*one.gone_since + rules_.gone_for - now);
    said.free_in = std::min(said.free_in.value_or(in), in);
  }
  return said;
}

bool lease_register::holds(const incarnation_id& who, const held_lease& lease, instant now) const {
  const lease_row& of = shards_.at(lease.shard);
  return of.owner == who && of.epoch == lease.epoch && of.until > now;
}

// Whoever asks notes whose session is closed. A session that was lost because the server started again says nothing: its
// process renewed at another server than this one.
void lease_register::look_for_the_gone(instant now) {
  for (auto& [id, one] : nodes_) {
    if (has_session(id) || one.server != server_)
      one.gone_since.reset();
    else if (!one.gone_since)
      one.gone_since = now;
  }
}

void lease_register::renew(const node_row& who, instant now) {
  const bool to_drain = nodes_[who.id].row.to_drain;
  nodes_[who.id] = {who, now + rules_.ttl, server_, std::nullopt};
  nodes_[who.id].row.to_drain = to_drain;
  for (auto& [id, of] : shards_)
    if (of.owner == who.id) of.until = now + rules_.ttl;
}

void lease_register::acquire(const incarnation_id& who, const std::vector<shard_id>& wanted, instant now) {
  for (const shard_id id : wanted) {
    lease_row& of = shards_.at(id);
    if (is_taken(of, now)) continue;
    const incarnation_id from = of.owner;
    of.owner = who;
    ++of.epoch;
    of.until = now + rules_.ttl;
    if (tell_) tell_({{id, of.epoch}, from, who, now});
  }
}

bool lease_register::has_session(const incarnation_id& who) const {
  return std::ranges::any_of(sessions_, [&](const auto& one) { return one.second == who; });
}

bool lease_register::is_dead(const incarnation_id& who, instant now) const {
  const auto at = nodes_.find(who);
  return at != nodes_.end() && at->second.gone_since && now - *at->second.gone_since >= rules_.gone_for;
}

bool lease_register::is_taken(const lease_row& one, instant now) const {
  return !one.owner.empty() && one.until > now && !is_dead(one.owner, now);
}

} // namespace ringdown::test
