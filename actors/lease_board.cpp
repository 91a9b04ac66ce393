#include "actors/lease_board.hpp"

#include <utility>

namespace ringdown {

void lease_board::write(std::map<shard_id, line> held) {
  const std::lock_guard hold(guard_);
  held_.swap(held);
}

bool lease_board::holds(shard_id shard) const {
  const std::lock_guard hold(guard_);
  return held_.contains(shard);
}

std::size_t lease_board::size() const {
  const std::lock_guard hold(guard_);
  return held_.size();
}

lease_board::line lease_board::of(shard_id shard) const {
  const std::lock_guard hold(guard_);
  const auto at = held_.find(shard);
  return at == held_.end() ? line{} : at->second;
}

void lease_board::note(const lease_answer& heard, boot_time at) {
  auto made = std::make_shared<const lease_answer>(heard);
  const std::lock_guard hold(guard_);
  heard_ = std::move(made);
  heard_at_ = at;
}

std::shared_ptr<const lease_answer> lease_board::heard() const {
  const std::lock_guard hold(guard_);
  return heard_;
}

std::uint64_t lease_board::instances() const {
  std::uint64_t all = 0;
  if (const auto said = heard())
    for (const shard_row& one : said->shards) all += one.weight;
  return all;
}

boot_time lease_board::heard_at() const {
  const std::lock_guard hold(guard_);
  return heard_at_;
}

} // namespace ringdown
