#include "actors/store/commit_queue.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace ringdown {

namespace {

std::size_t urgency_of(const commit_batch& one) { return one.batch->urgency == severity::critical ? 1 : 0; }

} // namespace

void commit_queue::put(commit_batch one) {
  tenant_queue& queue = queues_[one.batch->tenant];
  queue.urgent += urgency_of(one);
  queue.batches.push_back(std::move(one));
  ++waiting_;
}

commit_batch commit_queue::take_from(tenant_queue& queue) {
  commit_batch one = std::move(queue.batches.front());
  queue.batches.pop_front();
  queue.urgent -= urgency_of(one);
  --waiting_;
  return one;
}

void commit_queue::take_rounds(round which, std::size_t most, std::vector<commit_batch>& taken) {
  bool took = true;
  while (took && taken.size() < most && !queues_.empty()) {
    took = false;
    auto at = queues_.upper_bound(last_served_);
    for (std::size_t seen = 0; seen < queues_.size() && taken.size() < most; ++seen, ++at) {
      if (at == queues_.end()) at = queues_.begin();
      if (at->second.batches.empty() || (which == round::criticals && at->second.urgent == 0)) continue;
      if (is_held(at->first)) continue;
      taken.push_back(take_from(at->second));
      last_served_ = at->first;
      took = true;
    }
  }
}

std::vector<commit_batch> commit_queue::take(std::size_t most) {
  std::vector<commit_batch> taken;
  take_rounds(round::criticals, most, taken);
  take_rounds(round::everybody, most, taken);
  std::erase_if(queues_, [](const auto& entry) { return entry.second.batches.empty(); });
  return taken;
}

bool commit_queue::has_any() const {
  return std::ranges::any_of(queues_,
                             [&](const auto& entry) { return !entry.second.batches.empty() && !is_held(entry.first); });
}

void commit_queue::give_back(std::vector<commit_batch> taken) {
  for (commit_batch& one : taken | std::views::reverse) {
    tenant_queue& queue = queues_[one.batch->tenant];
    queue.urgent += urgency_of(one);
    queue.batches.push_front(std::move(one));
    ++waiting_;
  }
}

} // namespace ringdown
