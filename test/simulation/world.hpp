// A whole node in one thread: the real actor tree under CAF's test coordinator, the real store on a real file, and around it
// a simulated outside; or several nodes (cluster.hpp) among the same. One seed decides everything: which ready actor runs next,
// how long answers take, what fails when.
#pragma once

#include "test/simulation/cluster.hpp"
#include "test/simulation/seat.hpp"
#include "test/simulation/setting.hpp"
#include "test/simulation/telephone.hpp"
#include "test/simulation/trace.hpp"
#include "test/simulation/workshop.hpp"

#include <functional>
#include <memory>
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
  // What the program calls now, or that node of it which has the tenant.
  [[nodiscard]] wall_time wall() const { return time_.seen().wall; }
  [[nodiscard]] wall_time wall_of(const tenant_id& tenant) const { return nodes_ ? nodes_->wall_of(tenant) : wall(); }
  [[nodiscard]] cluster* nodes() { return nodes_.get(); } // null: there is one

  // --- what trouble.cpp does to it ---
  dice& chance() { return trouble_; }
  timeline& time() { return time_; }
  fleet& pbxes() { return fleet_; }
  simulated_http::far_ends& providers() { return far_ends_; }
  mail_server& mail() { return mails_; }
  void mail_is(mood how); // told of in the journal
  [[nodiscard]] std::vector<telephone*> telephones() const;
  // The process that lives now, one of them; null: none does.
  [[nodiscard]] process* alive();
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
  // True once for each word.
  [[nodiscard]] bool is_first(const std::string& what) { return happened_.insert(what).second; }
  void write(happening what) { journal_.write(time_.now(), std::move(what)); }
  // Everything works from now on.
  void calm();

private:
  void apply(std::shared_ptr<const tenant_config>& one, std::shared_ptr<const tenant_config> to,
             const std::string& what);
  void begin_life();
  void open_doors();
  void end_life();
  [[nodiscard]] seat* seat_of(const tenant_id& tenant); // null: nobody lives there
  [[nodiscard]] seat* some_seat();                      // where a stranger asks; null: nobody lives
  [[nodiscard]] std::vector<seat*> lively();            // those with a life that goes on
  void take_turns();
  [[nodiscard]] bool bury_the_dead();
  void wait_for_something(instant until);

  trace& trace_;
  dice order_;   // who runs next, and how fast
  dice trouble_; // what fails
  timeline time_;
  journal journal_;
  disk_state disk_;
  instant most_wrong_{};
  std::unique_ptr<workshop::place> place_;
  fleet fleet_;
  tenants tenants_;
  const tenants born_; // as they were configured at first, and are again in the calm
  bool called_back_;   // providers can reach the program
  simulated_http::far_ends far_ends_;
  mail_server mails_;
  death_toll deaths_;
  int lives_ = 0;
  std::set<std::string> happened_;
  std::uint64_t commands_ = 0;
  std::unique_ptr<seat> only_;     // of one node
  std::unique_ptr<cluster> nodes_; // of several
};

} // namespace ringdown::simulation
