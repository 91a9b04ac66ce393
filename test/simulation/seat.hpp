// Where actors live: one process after another, each with a tree of its own, and the ways to the outside, which outlive it. A
// world of one node has one seat. In a cluster each node has one for each shard, so that a tree runs the tenants of one shard
// under that shard's fence, and all trees of a node die together.
#pragma once

#include "actors/tree.hpp"
#include "test/simulation/callback_door.hpp"
#include "test/simulation/setting.hpp"
#include "test/simulation/simulated_http.hpp"
#include "test/simulation/simulated_mail.hpp"
#include "test/simulation/simulated_store.hpp"
#include "test/simulation/trace.hpp"
#include "test/simulation/workshop.hpp"

#include <caf/fwd.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::simulation {

// Of pollers and tenants: those that died often start in quarantine, for longer with each death. Beyond that no world is calm.
class death_toll {
public:
  void note(const std::string& actor) { ++deaths_[actor]; }
  [[nodiscard]] bool is_spent() const;

private:
  std::map<std::string, int> deaths_;
};

// What all processes of a world share. All of it outlives them.
struct surroundings {
  trace& heard;
  dice& order; // who runs next, and how fast
  timeline& time;
  journal& told;
  fleet& pbxes;
  simulated_http::far_ends& providers;
  const mail_server& mails;
  const workshop::place& place;
  death_toll& deaths;
  bool called_back; // providers can reach the program
};

class seat {
public:
  struct host {
    disk_state& disk;
    std::function<moment()> clock;
    seat_id id = 0;
    std::function<bool()> may_act;    // none: there are no leases
    std::function<bool()> is_stopped; // none: never
    store_gate* gate = nullptr;
    bool shares_store = false; // with other nodes: what they write is looked for
  };
  seat(const surroundings& around, host at);
  ~seat();
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;

  // --- a life ---
  // A new process, and its way to the store.
  [[nodiscard]] std::shared_ptr<simulated_store> wake();
  // What its actors are: of these tenants, under this fence. `mark` differs for every life. Its door knows all tenants.
  void grow(const fence& owner, std::shared_ptr<simulated_store> store,
            const std::vector<persistence::crash_record>& crashes, const std::string& mark, const tenants& whose,
            const tenants& all);
  void begin_no_more(); // what is under way goes on
  void die(const std::string& how) { process_->die(how); }
  void clear_away();
  [[nodiscard]] bool has_life() const { return tree_ != nullptr; }
  [[nodiscard]] bool is_dead() const { return process_ == nullptr || process_->dead(); }
  [[nodiscard]] const fence& owner() const { return owner_; }
  [[nodiscard]] process& fate() { return *process_; }
  [[nodiscard]] seat_id id() const { return host_.id; }
  [[nodiscard]] wall_time wall() const { return host_.clock().wall; }
  [[nodiscard]] bool is_stopped() const { return host_.is_stopped && host_.is_stopped(); }

  // --- turns ---
  void run_ready();
  [[nodiscard]] std::optional<instant> next() const; // when something happens here by itself
  void catch_up();                                   // its timers

  // --- what happens to it ---
  [[nodiscard]] node_tree& tree() { return *tree_; }
  void apply(const std::shared_ptr<const tenant_config>& one);
  void learn(const std::shared_ptr<const tenant_config>& one) { door_->put(one); } // of a tenant of another node
  void look_for_news();
  void ask(const command& what, std::function<void()> again); // unless it becomes durable, or its process dies
  // False: nobody is there.
  [[nodiscard]] bool call(const net::server_request& asked, const net::respond& answer);
  void hold_store_until(instant when) { store_free_at_ = when; }
  void disarm() {
    if (process_) process_->disarm();
  }

private:
  class witness; // the log

  [[nodiscard]] ports make_ports(const fence& owner, const std::string& mark);
  [[nodiscard]] tree_stage stage();
  [[nodiscard]] std::optional<std::size_t> pick_job();
  void note_job(caf::resumable* job);
  void note_subject(caf::resumable* job);
  [[nodiscard]] bool store_is_held() const { return around_.time.now() < store_free_at_; }

  surroundings around_;
  host host_;
  simulated_http http_;
  simulated_mail mail_;
  std::unique_ptr<witness> log_;
  instant store_free_at_{};
  instant caught_up_{};
  fence owner_;
  std::shared_ptr<process> process_;                 // shared with the ways to the outside
  caf::scheduler::test_coordinator* jobs_ = nullptr; // of the tree's actor system
  std::unique_ptr<node_tree> tree_;
  std::unique_ptr<callback_door> door_; // of the tree
  caf::resumable* store_job_ = nullptr;
};

} // namespace ringdown::simulation
