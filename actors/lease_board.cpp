#include "actors/lease_board.hpp"

namespace ringdown {

void lease_board::write(const std::vector<line>& held) {
  std::map<shard_id, boot_time> fresh;
  for (const line& one : held) fresh[one.shard] = one.until;
  const std::lock_guard hold(guard_);
  until_.swap(fresh);
}

boot_time lease_board::acts_until(shard_id shard) const {
  const std::lock_guard hold(guard_);
  const auto at = until_.find(shard);
  return at == until_.end() ? boot_time{} : at->second;
}

} // namespace ringdown
