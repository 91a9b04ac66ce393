// The one writer of the store, on a thread of its own (detached in production, scheduled in simulation). What waits when
// it is idle goes into one transaction: commit when idle, batch while a commit runs, never a timer. Tenants take turns,
// criticals first (S-D4). A store that is unavailable is retried, and everybody waits in order; a store that is corrupt
// ends the process.
#pragma once

#include "actors/observed_actor.hpp"
#include "persistence/store.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace ringdown {

class store_keeper final : public observed_actor<store_actor> {
public:
  store_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
               std::shared_ptr<persistence::store> held);

  behavior_type make_behavior() override;

private:
  void on(const load_tenant& asked);
  void on(const commit_batch& asked);
  void on(const claim_rows& asked);
  void on(const recover_rows& asked);
  void on(const settle_rows& asked);
  void on(const store_command& asked);
  void on(const save_budget& asked);
  void on(const with_store& asked);
  void on(const flush_writes&);

  void flush_soon();
  [[nodiscard]] bool flush_all();         // before anything that must see what was asked before it
  [[nodiscard]] bool write_settlements(); // one transaction each; false: the store is unavailable now
  [[nodiscard]] bool write_commits();
  [[nodiscard]] std::vector<commit_batch> take_turns(std::size_t most);
  void give_back(std::vector<commit_batch> taken);
  [[nodiscard]] bool survived(const failure& why); // false: wait and try again; corrupt ends the process
  void note_ready(bool ready);

  // Strictly in order within a tenant; `urgent` counts its criticals, which bring the whole queue forward.
  struct tenant_queue {
    std::deque<commit_batch> batches;
    std::size_t urgent = 0;
  };

  std::shared_ptr<persistence::store> held_; // shared with nobody at run time; outlives restarts of this actor
  std::map<tenant_id, tenant_queue> queues_;
  std::deque<settle_rows> settlements_;
  tenant_id last_served_;
  std::size_t waiting_ = 0; // batches in queues_
  bool flush_asked_ = false;
};

} // namespace ringdown
