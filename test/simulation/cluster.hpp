// Several nodes over one store and one register of leases (S-K1, S-K2). Who holds which shard is decided by the real keepers
// (lease_world); a shard that a node holds has a tree of actors there, under the fence that the register gave it.
//
// The program has no node yet that runs tenants by shard. What such a node has to do stands here, at its edges: a tree begins
// when the keeper says so, and ends; nothing leaves and no token is asked for while the lease is not believed in
// (simulated_http, simulated_mail); the store is away meanwhile (store_gate). And the database has one row for the one shard it
// knows: before anything is written, that row is made the one of the writer's shard, so that its own fence judges.
#pragma once

#include "test/simulation/seat.hpp"
#include "test/simulation/seating.hpp"
#include "test/support/lease_world.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::simulation {

// What a node cannot reach.
enum class cut_off : std::uint8_t { from_store, from_register, from_both };

class cluster {
public:
  cluster(const surroundings& around, const tenants& who, std::size_t nodes, shard_id shards);
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  void begin();
  void catch_up(); // with everything of the leases that is due
  [[nodiscard]] instant next() const { return leases_.next(); }
  [[nodiscard]] std::vector<std::unique_ptr<seat>>& seats() { return seats_; }
  // Where the tenant lives now; null: nowhere.
  [[nodiscard]] seat* seat_of(const tenant_id& tenant);
  // Where somebody asks who does not know whose a tenant is; null: no node lives.
  [[nodiscard]] seat* some_seat();
  void there_is_news(); // each node looks for it; else they do once a second
  // A process of that seat has died: so has its node.
  void bury(const seat& dead);

  // --- what happens to it ---
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  void kill(std::size_t node);
  void freeze(std::size_t node, instant lasts);
  void cut(std::size_t node, cut_off what, instant lasts);
  // The same at the node's next write of that kind, which is on its way then and arrives late; within `patience` at the latest.
  void freeze_at(std::size_t node, fenced_write what, instant lasts);
  void cut_at(std::size_t node, fenced_write what, instant lasts);
  void step(std::size_t node, instant by); // its wall clock
  void lose_session(std::size_t node);
  void drain(std::size_t node, instant lasts);
  void restart_register(instant lasts);
  void answer_slowly(instant lasts);
  void disk_away(bool away);
  void disk_slow(bool slow);
  void disk_stalls(instant until);
  void calm(); // all clocks agree, with the one that was ahead most

  [[nodiscard]] const seating& seated() const { return seated_; }
  [[nodiscard]] const std::vector<std::string>& wrong() const { return leases_.wrong(); }
  [[nodiscard]] wall_time wall_of(const tenant_id& tenant) const;

private:
  class gate;
  struct ambush {
    fenced_write what = fenced_write::commit;
    std::function<void()> then;
  };
  struct member {
    disk_state disk;
    instant wrong_by{};
    boot_time ahead{};
    double rate = 1;
    bool up = false;
    int life = 0;
    std::map<node_fault, int> faults; // of each kind, those that last
    std::optional<ambush> waits;
  };
  struct late_write {
    std::size_t node = 0;
    shard_id shard = 0;
    std::function<void(persistence::store&)> what;
  };

  void tell(happening what) { around_.told.write(around_.time.now(), std::move(what)); }
  void ails(std::size_t node, node_fault what, instant lasts, std::function<void()> over = {});
  void lie_in_wait(std::size_t node, fenced_write what, std::function<void()> then);
  [[nodiscard]] seat& at(std::size_t node, shard_id shard) { return *seats_[seated_.at(node, shard) - 1]; }
  [[nodiscard]] tenants whose(shard_id shard) const;
  [[nodiscard]] boot_time lease_clock(std::size_t node) const;

  void add_seats();
  void lend_hands();
  void start(std::size_t node);
  void end(std::size_t node, const std::string& how);
  void took(const test::lease_register::taking& what);
  void begin(std::size_t node, const held_lease& lease);
  void drop(std::size_t node, const held_lease& lease);
  void hand_over(std::size_t node, const held_lease& lease);
  void stopped(std::size_t node, const held_lease& lease);
  void end_life(seat& of, const std::string& how);
  void look_for_doubts();
  void keep_register_away();
  void look_again();

  surroundings around_;
  const tenants& who_;
  seating seated_;
  test::lease_world leases_;
  std::vector<member> nodes_;
  std::vector<std::unique_ptr<gate>> gates_;
  std::vector<std::unique_ptr<seat>> seats_;
  std::map<incarnation_id, std::size_t> nodes_by_id_;
  std::map<shard_id, fence> fences_; // as the store has them
  std::optional<shard_id> shown_;    // the one whose row is the store's now
  std::map<seat_id, held_lease> wanted_;
  std::map<seat_id, bool> doubted_;
  std::map<shard_id, bool> had_owner_;
  std::unique_ptr<persistence::store> taker_;
  disk_state sound_;
  std::shared_ptr<process> wire_;
  simulated_store late_; // by which writes arrive whose process waits for nothing any more
  std::vector<late_write> under_way_;
  instant most_wrong_{};
  bool away_ = false;
  int lives_ = 0;
};

} // namespace ringdown::simulation
