// The one writer of the store, on a thread of its own (detached in production, scheduled in simulation). What waits when
// it is idle goes into one transaction: commit when idle, batch while a commit runs, never a timer. Tenants take turns,
// criticals first (S-D4). A store that is unavailable is retried, and everybody waits in order; a store that is corrupt
// ends the process. What one batch spoils is that tenant's matter only. What comes too late for its lease is kept, with what its
// tenant says after it, until the lease is lengthened or somebody else has the shard; the others go on.
#pragma once

#include "actors/observed_actor.hpp"
#include "actors/store/commit_queue.hpp"
#include "persistence/store.hpp"

#include <caf/actor_addr.hpp>

#include <deque>
#include <map>
#include <memory>
#include <span>
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
  void on(const crash_noted& died);
  void on(const crashes_forgotten& lived);
  void on(const flush_writes& asked);

  [[nodiscard]] std::chrono::nanoseconds pause_before_retry() const;
  void flush_soon();
  void flush_later();
  void try_held_ones_later();
  [[nodiscard]] bool flush_all(); // before anything that must see what was asked before it
  // The same of one tenant; false also while something of it waits for a lease.
  [[nodiscard]] bool flush_for(const tenant_id& tenant);
  [[nodiscard]] bool write_settlements(); // one transaction each; false: the store is unavailable now
  [[nodiscard]] bool write_commits();
  void write_budgets();
  void try_budgets_later();
  // False: it was not written, and is to be tried again.
  [[nodiscard]] bool write(const save_budget& asked);
  // One verdict a batch, in order; fewer when the store became unavailable: the rest was not written.
  [[nodiscard]] std::vector<result<void>> verdicts_on(const std::vector<commit_batch>& taken);
  [[nodiscard]] std::vector<result<void>> commit_each(const std::vector<persistence::write_batch>& batches);
  // The same of settlements.
  [[nodiscard]] std::vector<result<void>> verdicts_on(const std::vector<persistence::settlement>& taken);
  [[nodiscard]] std::vector<result<void>> settle_each(const std::vector<persistence::settlement>& taken);
  void hold(std::vector<commit_batch> batches);
  void answer(const commit_batch& asked, const result<void>& verdict);
  void answer(settle_rows& asked, std::span<const result<void>> verdicts);
  [[nodiscard]] bool follows_a_refused_one(const commit_batch& asked) const;
  [[nodiscard]] bool survived(const failure& why); // false: wait and try again; corrupt ends the process
  // What the store said, handed on. Only a write that succeeded shows that it works: a full disk can still be read.
  [[nodiscard]] result<void> written(result<void> said);
  template <class T>
  [[nodiscard]] result<T> heard(result<T> said) {
    if (!said && said.error().kind != failure_kind::too_late) static_cast<void>(survived(said.error()));
    return said;
  }
  void works();
  void note_queue() const;

  std::shared_ptr<persistence::store> held_; // shared with nobody at run time; outlives restarts of this actor
  commit_queue queue_;
  std::deque<settle_rows> settlements_;
  // Which actor of a tenant was refused last: what it still sends was decided on top of what is not in the store.
  std::map<tenant_id, caf::actor_addr> refused_;
  steady_time shut_until_{};                 // the store was unavailable: until then nobody else waits for its time-out
  std::deque<settle_rows> held_settlements_; // they came too late for their lease
  // What could not be written yet, the newest of each instance: whoever runs it next must know of logins that failed.
  std::map<std::pair<tenant_id, instance_id>, save_budget> budgets_;
  steady_time budgets_at_{};               // not before
  std::chrono::nanoseconds budget_took_{}; // the last try: somebody may hold its row
  bool budgets_asked_ = false;
  bool flush_asked_ = false;
  bool held_ones_asked_ = false;
};

} // namespace ringdown
