#include "actors/api/wellness.hpp"

namespace ringdown::api {

namespace {

// True where there is nothing to poll.
bool polls_go_on(const tenant_registry& tenants, const health_board& board, wall_time now, const lease_board* leases) {
  const auto glances = board.glances();
  bool any = false;
  for (const auto& known : tenants.all()) {
    if (leases != nullptr && !leases->holds(known->document.shard)) continue;
    for (const instance_config& instance : known->config->instances) {
      any = true;
      const auto seen = glances.find(known->config->id.str() + "/" + instance.id.str());
      if (seen != glances.end() && now - seen->second.last_poll <= 2 * instance.times.poll_interval) return true;
    }
  }
  return !any;
}

} // namespace

std::optional<std::string> reason_for_silence(const tenant_registry& tenants, const health_board& board, wall_time now,
                                              const lease_board* leases) {
  if (const auto unread = tenants.unreadable(); !unread.empty())
    return "tenant " + unread.begin()->first.str() + " cannot be read";
  for (const auto& probe : board.all())
    if (probe->life == actor_life::quarantined) return probe->name + " is quarantined";
  if (const auto heard = leases == nullptr ? nullptr : leases->heard())
    for (const shard_row& one : heard->shards)
      if (one.weight > 0 && !one.taken) return "shard " + std::to_string(one.id) + " is run by no node";
  if (!polls_go_on(tenants, board, now, leases)) return "no poll ended within two intervals";
  return std::nullopt;
}

} // namespace ringdown::api
