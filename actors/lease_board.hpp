// Until when this node may act for each shard it holds (S-K1, S-K2). Written by who keeps the leases, read by whoever is about
// to act, at that moment: a process that was frozen must not rely on having been told. Any thread.
#pragma once

#include "protocol/types/shard.hpp"

#include <map>
#include <mutex>
#include <vector>

namespace ringdown {

class lease_board {
public:
  struct line {
    shard_id shard = 0;
    boot_time until{};
  };
  // In place of what stood there: a shard that is not among them is not held.
  void write(const std::vector<line>& held);
  // Nothing of the shard may leave after this; zero when it is not held.
  [[nodiscard]] boot_time acts_until(shard_id shard) const;

private:
  mutable std::mutex guard_;
  std::map<shard_id, boot_time> until_;
};

} // namespace ringdown
