// Until when this node may act for each shard it holds (S-K1, S-K2), and what it last heard of all shards and nodes. Written by
// who keeps the leases, read by whoever is about to act, at that moment: a process that was frozen must not rely on having been
// told. Any thread.
#pragma once

#include "protocol/types/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace ringdown {

class lease_board {
public:
  struct line {
    boot_time begins_until{}; // nothing may be begun after this
    boot_time leaves_until{}; // and of what was begun no first byte may leave after this; not sooner
    std::uint64_t epoch = 0;  // under which it is held
  };
  // In place of what stood there: a shard that is not among them is not held.
  void write(std::map<shard_id, line> held);
  [[nodiscard]] bool holds(shard_id shard) const;
  [[nodiscard]] std::size_t size() const; // shards that are held
  // Zeros for a shard that is not held.
  [[nodiscard]] line of(shard_id shard) const;

  void note(const lease_answer& heard, boot_time at);
  [[nodiscard]] std::shared_ptr<const lease_answer> heard() const; // none: nothing yet
  [[nodiscard]] boot_time heard_at() const;
  [[nodiscard]] std::uint64_t instances() const; // of all tenants, as far as heard

private:
  mutable std::mutex guard_;
  std::map<shard_id, line> held_;
  std::shared_ptr<const lease_answer> heard_;
  boot_time heard_at_{};
};

} // namespace ringdown
