// Several processes and the register between them, on virtual time: answers are late or never come, processes freeze, die, are
// cut off or lose their session, the register stalls and starts again, and no two clocks run alike. Whatever each process would
// do is judged at the moment at which it would do it; what is wrong is noted in words.
#pragma once

#include "actors/logic/lease_keeper.hpp"
#include "test/simulation/dice.hpp"
#include "test/support/lease_register.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::test {

class lease_world {
public:
  using instant = std::chrono::nanoseconds; // the true time, and the register's

  lease_world(std::size_t nodes, shard_id shards, std::uint64_t seed);

  // Whoever has more than leases to run: told what is to be run, what is to end, and what was taken. May not call back. And
  // works by itself.
  struct hands {
    using told = std::function<void(std::size_t node, const held_lease& lease)>;
    told start;
    told drop;      // at once
    told hand_over; // begin nothing any more
    told stopped;   // one of both, some time ago: the register is told now that nothing of it runs
    std::function<void(const lease_register::taking& what)> taken;
    std::function<boot_time(std::size_t node)> clock; // by which a node counts its leases; none: its own
  };
  void lend(hands ours) { hands_ = std::move(ours); }

  void run_until(instant when);
  [[nodiscard]] instant next() const; // when something happens by itself
  [[nodiscard]] instant now() const { return now_; }
  void at(instant when, std::function<void()> what) { due_.emplace(std::pair(when, ++asked_), std::move(what)); }

  // --- what happens to them ---
  void start(std::size_t node); // a new process
  void kill(std::size_t node);
  void freeze(std::size_t node, instant lasts); // its sessions stay open: its kernel goes on
  void part(std::size_t node, instant lasts);   // from the register; what was sent arrives when that is over
  void cut(std::size_t node);                   // its session ends, and it hears of it unless it cannot
  void drain(std::size_t node);
  void stay(std::size_t node);
  void leave(std::size_t node);
  void stall_register(instant lasts);
  void restart_register(instant lasts);
  void be_slow(bool slow) { // some answers take seconds
    slow_ = slow;
    register_hurt_ = std::max(register_hurt_, now_);
  }
  void set_rate(std::size_t node, double rate) { nodes_[node].rate = rate; }
  void weigh(shard_id shard, std::uint32_t weight) { register_.weigh(shard, weight); }

  // --- what became of it ---
  [[nodiscard]] bool is_frozen(std::size_t node) const { return nodes_[node].frozen; }
  [[nodiscard]] bool is_parted(std::size_t node) const { return nodes_[node].parted; }
  [[nodiscard]] const incarnation_id& id_of(std::size_t node) const { return nodes_[node].id; }
  [[nodiscard]] bool is_owner(std::size_t node, shard_id shard) const {
    return nodes_[node].keeper && register_.owner_of(shard) == nodes_[node].id;
  }
  // As it believes itself, at this moment; also while it is frozen.
  [[nodiscard]] bool may_run(std::size_t node, shard_id shard) const;
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }
  [[nodiscard]] const std::vector<lease_register::taking>& takings() const { return takings_; }
  [[nodiscard]] std::size_t takings_since(instant when) const;
  [[nodiscard]] std::size_t suspensions() const { return suspensions_; }
  [[nodiscard]] std::size_t refused_writes() const { return refused_writes_; }
  // The process that runs it now, as it believes itself; none.
  [[nodiscard]] std::optional<std::size_t> runner_of(shard_id shard) const;
  [[nodiscard]] std::vector<shard_id> not_run() const;
  [[nodiscard]] std::vector<shard_id> run_by(std::size_t node) const;
  [[nodiscard]] bool is_empty(std::size_t node) const { return nodes_[node].keeper->holds_nothing(); }
  // As the register has them now.
  [[nodiscard]] lease_answer rows();

private:
  struct member {
    std::size_t number = 0;
    int life = 0;
    incarnation_id id;
    std::optional<logic::lease_keeper> keeper; // none: no process
    double rate = 1;
    instant ahead{}; // of the true time, at the beginning
    bool frozen = false;
    bool parted = false;
    instant hurt{-std::chrono::hours(1)};       // when something last was amiss with it
    std::uint64_t session = 0;                  // none: 0
    std::vector<std::function<void()>> ended;   // sessions that ended while it was frozen: looked at first
    std::vector<std::function<void()>> at_thaw; // what came while it was frozen
    std::vector<std::function<void()>> at_heal; // what was sent while it was parted
    std::map<shard_id, held_lease> running;     // told to start it, and not that it is over
    std::uint64_t wakes = 0;
  };

  [[nodiscard]] boot_time local(const member& of) const;
  [[nodiscard]] instant truly(const member& of, boot_time when) const;
  [[nodiscard]] instant way();                            // of one message
  void to(member& of, const std::function<void()>& what); // when it is not frozen, in this life
  void over_the_wire(member& of, const std::function<void()>& what);
  void act(member& of, const logic::lease_effects& what);
  void end(member& of, const held_lease& lease, instant within, const hands::told& tell);
  void wake(member& of);
  void ask(member& of, const lease_question& what);
  void arrive(member& of, std::uint64_t session, const lease_question& what);
  void connect(member& of, const lease_question& what);
  void thaw(member& of);
  void hear_of_end(member& of, std::uint64_t session);
  void lose_session(member& of);
  void hang_up(member& of);
  void work();
  void work(member& of, const held_lease& lease);
  void took(const lease_register::taking& what);

  simulation::dice chance_;
  hands hands_;
  lease_register register_;
  std::vector<member> nodes_;
  instant now_{};
  std::uint64_t asked_ = 0;
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> due_;
  instant stalled_until_{};
  instant down_until_{};
  bool slow_ = false;
  instant register_hurt_{-std::chrono::hours(1)};
  std::map<shard_id, std::uint64_t> written_; // the newest epoch
  std::vector<lease_register::taking> takings_;
  std::vector<std::string> wrong_;
  std::size_t suspensions_ = 0;
  std::size_t refused_writes_ = 0;
};

} // namespace ringdown::test
