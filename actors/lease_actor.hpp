// Keeps this node's leases: asks the register, begins the shards it is given, ends those it gives or loses, and writes on the
// board until when each may act. The rules are logic/lease_keeper; here they meet the clock, the register and the root.
// A shard that does not end in time ends the process (exit 70): somebody else may run it already.
#pragma once

#include "actors/logic/lease_keeper.hpp"
#include "actors/observed_actor.hpp"
#include "persistence/lease_register.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace ringdown {

class lease_holder final : public observed_actor<lease_actor> {
public:
  struct setting {
    node_row self;
    logic::lease_rules rules;
    std::shared_ptr<persistence::lease_register> at; // asked by `asker` alone
    std::shared_ptr<common_clock> clock;             // none: nobody asks
    register_actor asker;
    std::shared_ptr<lease_board> board;
    node_actor root;
  };
  lease_holder(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, setting given);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  void on(const due& rang);
  void on(const register_answered& answer);
  void on(const shard_prepared& made);
  void on(const shard_is_over& ended);
  void on(const drain_node& asked);
  void on(const leave_register& asked);

  void look();
  void heed_wish(const lease_answer& said);
  void carry_out(logic::lease_effects what);
  void begin(const held_lease& one);
  void prepare(const held_lease& one);
  void end(const held_lease& one, duration patience, std::string_view why);
  void stopped(shard_id shard);
  void write_board();
  void check_endings();
  void arm();
  [[nodiscard]] fence fence_of(const held_lease& one) const { return {given_.self.id, one.epoch, one.shard}; }
  [[nodiscard]] boot_time boot() const { return world().time.boot(); }

  // What this node does with a shard it holds.
  enum class stage : std::uint8_t { preparing, running, ending };
  struct shard_here {
    std::uint64_t epoch = 0;
    stage at = stage::preparing;
    bool prepares = false;   // the store is at it
    steady_time retry_at;    // preparing: when it is tried again
    steady_time must_end_by; // ending
  };

  setting given_;
  logic::lease_keeper keeper_;
  std::map<shard_id, shard_here> here_;
  std::optional<std::uint64_t> waits_for_; // the question under way
  boot_time asked_at_{};                   // and when
  std::deque<drain_node> wishes_;          // for the register; the first `said_` of them are in the question under way
  std::size_t said_ = 0;
  bool drains_ = false;        // because somebody wants it
  bool cut_heard_ = false;     // that the session has ended, since it last answered
  std::function<void()> left_; // set: everything is handed over, because the process ends
  std::uint64_t wake_token_ = 0;
};

} // namespace ringdown
