// A whole node in one thread: the real actor tree under CAF's test coordinator, the real store on a real file, and around it
// a simulated outside. One seed decides everything: which ready actor runs next, how long answers take, what fails when.
#pragma once

#include "actors/tree.hpp"
#include "test/simulation/callback_door.hpp"
#include "test/simulation/setting.hpp"
#include "test/simulation/simulated_http.hpp"
#include "test/simulation/simulated_mail.hpp"
#include "test/simulation/simulated_store.hpp"
#include "test/simulation/telephone.hpp"
#include "test/simulation/trace.hpp"
#include "test/simulation/workshop.hpp"

#include <caf/fwd.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ringdown::simulation {

class world {
public:
  world(std::uint64_t seed, workshop& from, trace& heard, const scene& in = {});
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // From the first start of the process to the end of the calm.
  void run();
  // From the first start of the process until it is enough, at the latest to that end, with what `plan` lets happen.
  void run(const std::function<void(world&)>& plan, instant end, const std::function<bool()>& enough);

  [[nodiscard]] const journal& told() const { return journal_; }
  [[nodiscard]] const tenants& inhabitants() const { return tenants_; }
  [[nodiscard]] std::unique_ptr<persistence::store> open_store() const { return place_->open(); }
  [[nodiscard]] instant now() const { return time_.now(); }
  [[nodiscard]] wall_time wall() const { return time_.seen().wall; }

  // --- what trouble.cpp does to it ---
  dice& chance() { return trouble_; }
  timeline& time() { return time_; }
  fleet& pbxes() { return fleet_; }
  simulated_http::far_ends& providers() { return far_ends_; }
  simulated_mail& mail() { return mail_; }
  void mail_is(mood how); // told of in the journal
  [[nodiscard]] std::vector<telephone*> telephones() const;
  // The process that lives now; null between two lives.
  [[nodiscard]] process* alive() { return tree_ ? process_.get() : nullptr; }
  void crash_actor(const tenant_id& tenant, const std::string& name);
  void disk_away(bool away);
  void disk_slow(bool slow);
  void disk_stalls(instant span); // whoever asks it waits so long
  void disk_refuses(int commits) { disk_.refusals = commits; }
  void jump(instant by);
  // Does what the API does once a changed configuration is stored; a process that is dead then starts with it.
  void configure(const tenant_id& whose, const std::string& what, const std::function<void(tenant_config&)>& change);
  // Asks until it is durable, in this life or in another.
  void ask(command what);
  // Pollers and tenants that died often start in quarantine, for longer with each death: beyond that no world is calm.
  [[nodiscard]] bool deaths_are_spent() const;
  // True once for each word.
  [[nodiscard]] bool is_first(const std::string& what) { return happened_.insert(what).second; }
  void write(happening what) { journal_.write(time_.now(), std::move(what)); }
  // Everything works from now on.
  void calm();

private:
  class witness; // the log

  void apply(std::shared_ptr<const tenant_config>& one, std::shared_ptr<const tenant_config> to,
             const std::string& what);
  void begin_life();
  [[nodiscard]] std::shared_ptr<simulated_store> open_disk();
  void verify_phones(persistence::store& store, const fence& owner);
  void open_doors();
  void end_life();
  [[nodiscard]] ports make_ports(const fence& owner);
  [[nodiscard]] tree_stage stage();
  void run_ready();
  [[nodiscard]] std::optional<std::size_t> pick_job();
  void note_job(caf::resumable* job);
  void note_subject(caf::resumable* job);
  void wait_for_something(instant until);
  [[nodiscard]] bool store_is_held() const { return time_.now() < store_free_at_; }

  trace& trace_;
  dice order_;   // who runs next, and how fast
  dice trouble_; // what fails
  timeline time_;
  journal journal_;
  disk_state disk_;
  bool disk_slow_ = false;
  instant store_free_at_{};
  instant most_wrong_{};
  std::unique_ptr<workshop::place> place_;
  fleet fleet_;
  tenants tenants_;
  const tenants born_; // as they were configured at first, and are again in the calm
  bool called_back_;   // providers can reach the program
  simulated_http::far_ends far_ends_;
  simulated_http http_;
  simulated_mail mail_;
  std::unique_ptr<witness> log_;
  int lives_ = 0;
  std::map<std::string, int> deaths_; // of pollers and tenants
  std::set<std::string> happened_;
  std::uint64_t commands_ = 0;
  std::shared_ptr<process> process_;                 // shared with the ways to the outside
  caf::scheduler::test_coordinator* jobs_ = nullptr; // of the tree's actor system
  std::unique_ptr<node_tree> tree_;
  std::unique_ptr<callback_door> door_; // of the tree
  caf::resumable* store_job_ = nullptr;
};

} // namespace ringdown::simulation
