// When trunks that fail at several PBXes are one outage of their provider, which of them belong to it, and when it is over
// (PRODUCT I-04; SEMANTICS S-C1, S-C2, S-C4; docs/decisions/0013). Pure: stored truth and alerts in, a verdict out.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/carrier.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/time.hpp"
#include "protocol/types/transition.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::logic {

// What is stored of each instance, kept by the tenant's actor; every trunk is in it, not only those that fail.
using known_truth = std::map<instance_id, baseline>;

// Which trunks have one provider: by their registrar's host, or the tenant's table of hosts; never by a name that a PBX shows.
class provider_groups {
public:
  provider_groups() = default;
  explicit provider_groups(const std::vector<provider_config>& known);

  // The id of the provider whose host it is, else the host itself; empty for a trunk that names no registrar, or one in its own
  // network (a private address, a name without a dot) that the table does not list.
  [[nodiscard]] std::string group_of(std::string_view host) const;
  // What people call it.
  [[nodiscard]] std::string name_of(const std::string& group) const;

private:
  std::map<std::string, std::string> group_by_host_;
  std::map<std::string, std::string> names_;
};

// A trunk as the rule counts it.
struct provider_trunk {
  instance_id instance;
  std::string key; // at its PBX
  // Read and judged: what is Unknown, starting, disabled or in maintenance is in neither side of the ratio.
  bool counted = true;
  std::optional<wall_time> failing; // since when, as its alert or that of all trunks of its PBX says
  bool first_sight = false;         // found failing when its PBX was first seen: nobody knows since when
  friend bool operator==(const provider_trunk&, const provider_trunk&) = default;
};

// Every trunk of one PBX, in the order of its truth.
using trunk_reader = std::function<void(const resource_record&, const provider_trunk&)>;
void for_each_trunk(const baseline& base, const std::map<alert_key, alert>& alerts, const trunk_reader& read);

// The groups of the trunks whose failing this alert says: of one trunk, or of all trunks of its PBX.
[[nodiscard]] std::set<std::string> groups_behind(const alert& a, const provider_groups& groups,
                                                  const known_truth& truth, const std::map<alert_key, alert>& alerts);

// S-C2: do so many failures, at so many PBXes, of so many trunks make an outage? At so many places any number does.
inline constexpr std::size_t enough_places = 3;
[[nodiscard]] inline bool is_outage(std::size_t places, std::size_t failing, std::size_t all) {
  return places >= enough_places || (places >= 2 && 2 * failing >= all);
}

// A failure of the same window as the outage's first, or later: what failed long before has another cause.
[[nodiscard]] bool belongs(wall_time failing_since, wall_time outage_since, duration window);

[[nodiscard]] inline alert_key outage_key(const std::string& group) {
  return {{}, alert_type::provider_outage, {resource_kind::provider, group}};
}

// The outage that speaks for this alert; nullopt: none does. Of all trunks of a PBX it speaks only where every one that is
// down is a member of some outage.
[[nodiscard]] std::optional<alert_id> outage_over(const alert& a, const provider_groups& groups,
                                                  const known_truth& truth, const std::map<alert_key, alert>& alerts,
                                                  duration window);

// What the trunks of one PBX say to whoever watches carriers across tenants; those that name no registrar say nothing.
[[nodiscard]] std::vector<trunk_sign> signs_of(const baseline& base, const std::map<alert_key, alert>& alerts);

// The registrars of the failing trunks that this alert tells of, an outage among them.
[[nodiscard]] std::set<std::string> registrars_behind(const alert& a, const provider_groups& groups,
                                                      const known_truth& truth,
                                                      const std::map<alert_key, alert>& alerts);

} // namespace ringdown::logic
