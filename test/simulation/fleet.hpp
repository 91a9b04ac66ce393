// The simulated PBXes of a world: those of the demo's simulator, whose answers are real bodies, with the truth of each of
// their resources told to the journal whenever it changes.
#pragma once

#include "bin/ringdown-sim/world.hpp"
#include "bin/ringdown-sim/xapi.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/tenant_config.hpp"
#include "test/simulation/journal.hpp"
#include "test/simulation/timeline.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::simulation {

[[nodiscard]] bool asks_for_token(const url_parts& where);

class fleet {
public:
  fleet(const sim::fleet_plan& plan, timeline& time, journal& told, std::uint64_t seed);

  // A verb of the simulator ("trunk_down") with its arguments; what it undoes later is put on the timeline. False: nothing
  // matched.
  bool does(std::string verb, sim::arguments with);

  struct contact {
    transport_error error = transport_error::none; // before any byte could leave
    sim::answer said;
  };
  // A request that arrives now at that host; nothing when no PBX is there.
  [[nodiscard]] std::optional<contact> reach(const url_parts& where, const http_request& request, seat_id from);

  [[nodiscard]] const std::vector<sim::pbx>& pbxes() const { return world_.fleet(); }
  [[nodiscard]] bool is_reachable(std::size_t index) const { return sim::outage_of(world_.at(index)).empty(); }
  // What its configuration says, whatever it asks for now.
  [[nodiscard]] const std::string& secret_of(std::size_t index) const { return secrets_[index]; }
  // As a tenant file would have it, but for timing.
  [[nodiscard]] instance_config config_of(const sim::pbx& one) const;

private:
  void tell_truth();
  bool carry_out(const sim::command& what);

  timeline& time_;
  journal& told_;
  sim::world world_;
  sim::xapi answers_;
  std::vector<std::string> secrets_;
  std::map<std::pair<instance_id, resource_ref>, health> last_;
};

} // namespace ringdown::simulation
