// Whose batch is committed next. Strictly in order within a tenant; tenants take turns, criticals first (S-D4). A plain
// value, owned by the store actor.
#pragma once

#include "protocol/messages.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <vector>

namespace ringdown {

class commit_queue {
public:
  void put(commit_batch one);
  // At most `most`: one batch per tenant and round, beginning after who was served last.
  [[nodiscard]] std::vector<commit_batch> take(std::size_t most);
  // What was taken and not written, in the order it was taken in: ahead of everything that came since.
  void give_back(std::vector<commit_batch> taken);
  [[nodiscard]] std::size_t size() const { return waiting_; }

  // A tenant whose batches are not to be taken now, those that come too, until all are let go.
  void hold(const tenant_id& tenant) { held_.insert(tenant); }
  void let_go() { held_.clear(); }
  [[nodiscard]] bool is_held(const tenant_id& tenant) const { return held_.contains(tenant); }
  // Whether there is anything to take.
  [[nodiscard]] bool has_any() const;

private:
  enum class round { criticals, everybody };
  // `urgent` counts a tenant's criticals, which bring its whole queue forward.
  struct tenant_queue {
    std::deque<commit_batch> batches;
    std::size_t urgent = 0;
  };

  void take_rounds(round which, std::size_t most, std::vector<commit_batch>& taken);
  [[nodiscard]] commit_batch take_from(tenant_queue& queue);

  std::map<tenant_id, tenant_queue> queues_;
  std::set<tenant_id> held_;
  tenant_id last_served_;
  std::size_t waiting_ = 0;
};

} // namespace ringdown
