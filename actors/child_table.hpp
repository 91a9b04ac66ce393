// Supervision, as a part of a supervising actor: starts children, notices their deaths, starts them again after the delay
// their restart budget says, and reports what it gave up on. CAF has monitors but no supervisor. Owned by one actor; not
// thread-safe.
#pragma once

#include "actors/logic/restart_policy.hpp"
#include "actors/ports.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/system_messages.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace ringdown {

// What happens to a child whose budget is spent.
enum class on_exhaustion : std::uint8_t {
  trip,       // circuit open: tried again each minute (channels; pollers and tenants are quarantined the same way)
  quarantine, // as trip, but shown as quarantined and its deaths kept in the store (S-D5): never climbs to the root
  escalate    // the supervisor itself fails
};

struct child_spec {
  std::string name; // unique: "channel/acme/noc-push"
  std::string kind;
  logic::restart_budget budget;
  on_exhaustion exhausted = on_exhaustion::trip;
  // Spawns the actor (monitored by the table); a throw counts as a crash.
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>)> start;
  // After each start, and when a running one was lost.
  std::function<void(const caf::strong_actor_ptr&)> started;
  std::function<void()> lost;
};

class child_table {
public:
  // `wake` asks the owner's clock to hand `token` back to woken().
  child_table(caf::scheduled_actor* owner, ports_ptr world, std::string owner_name,
              std::function<void(steady_time, std::uint64_t)> wake);

  void add(child_spec spec);                     // starts it, but for one whose deaths of before put it into quarantine
  void remove(const std::string& name);          // stops it for good
  void down(const caf::down_msg& message);       // from the owner's down handler
  [[nodiscard]] bool woken(std::uint64_t token); // true when the token was one of ours
  [[nodiscard]] caf::strong_actor_ptr find(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const { return children_.contains(name); }
  [[nodiscard]] std::size_t running() const;
  void stop_all(); // the last that is asked of it
  // From now on nobody is started, neither new ones nor those that crash (a drain has begun).
  void start_no_more() { closing_ = true; }
  // Set when a child with on_exhaustion::escalate spent its budget: the owner should quit with this.
  [[nodiscard]] const std::optional<std::string>& escalation() const { return escalation_; }

private:
  struct child {
    child_spec spec;
    std::shared_ptr<actor_probe> probe;
    logic::restart_history history;
    caf::strong_actor_ptr actor;
    std::uint64_t restart_token = 0;
    std::uint64_t long_life_token = 0; // its deaths are forgotten when it rings
  };

  void start(child& which);
  void start_later(child& which, duration wait);
  void crashed(child& which, const std::string& why);
  void keep_death(const child& which);
  void forget_deaths(const std::string& name);

  caf::scheduled_actor* owner_;
  ports_ptr world_;
  std::string owner_name_;
  std::function<void(steady_time, std::uint64_t)> wake_;
  std::map<std::string, child> children_;
  std::map<caf::actor_addr, std::string> by_address_;
  std::uint64_t tokens_ = std::uint64_t{1} << 62; // apart from the owner's own tokens
  std::optional<std::string> escalation_;
  bool closing_ = false;
};

} // namespace ringdown
