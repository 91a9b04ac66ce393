// What fails at each provider of a tenant, and whether that is an outage (S-C2, S-C4): kept up PBX by PBX, so that a poll
// costs what it changed and not what the tenant has. A plain value, owned by the tenant's machine.
#pragma once

#include "actors/logic/correlation.hpp"

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ringdown::logic {

// Of one provider: how many trunks are in the ratio, and which fail.
class provider_state {
public:
  void add(const provider_trunk& one);
  // Exactly as it was added.
  void remove(const provider_trunk& one);
  [[nodiscard]] bool has_trunks() const { return trunks_ > 0; }

  // S-C2: since when it has an outage; nullopt: it has none. Only failures of one window count, the newest of which is not
  // older than that.
  [[nodiscard]] std::optional<wall_time> outage_since(duration window, wall_time now) const;
  // Do two members still fail, of two PBXes (S-C4, S-C1)? One that cannot be seen has not recovered.
  [[nodiscard]] bool goes_on(wall_time outage_since, duration window) const;

  struct places {
    std::size_t count = 0;
    std::vector<instance_id> first; // to fail; ties by id, so that all nodes agree
  };
  // Where members of an outage fail, of the first so many by name.
  [[nodiscard]] places members_at(wall_time outage_since, duration window, std::size_t named) const;

private:
  struct failure_at {
    wall_time since;
    instance_id instance;
    std::string key;
    bool counts = false; // makes an outage: it is in the ratio, and it is known since when it fails
    friend bool operator==(const failure_at&, const failure_at&) = default;
    friend auto operator<=>(const failure_at&, const failure_at&) = default;
  };
  [[nodiscard]] static failure_at failure_of(const provider_trunk& one);
  [[nodiscard]] auto from(wall_time since) const { return fails_.lower_bound({since, {}, {}, false}); }

  std::size_t trunks_ = 0;
  std::size_t counted_ = 0;
  std::set<failure_at> fails_;               // the first to fail first
  std::map<instance_id, std::size_t> where_; // how many fail there
};

class provider_ledger {
public:
  // What is known of the trunks of this PBX, or an alert of theirs, may have changed.
  void doubt(const instance_id& one);
  // Everything may have, or the providers are others now.
  void doubt_all();
  // Looks again at what is doubted; what is asked then is as if every trunk had been looked at.
  void look(const provider_groups& groups, const known_truth& truth, const std::map<alert_key, alert>& alerts);

  // Of one that has no trunk: nothing fails.
  [[nodiscard]] const provider_state& of(const std::string& group) const;
  // How many providers have a trunk here.
  [[nodiscard]] std::size_t size() const { return providers_.size(); }

private:
  using providers = std::map<std::string, provider_state>; // by group
  struct entry {
    std::string host;                    // as its PBX wrote it, of which `at` was found
    providers::value_type* at = nullptr; // none: it has no provider
    provider_trunk trunk;
    bool placed = false;
  };

  void look_at(const baseline& base, const provider_groups& groups, const std::map<alert_key, alert>& alerts);
  void forget(const instance_id& one);
  using emptied = std::vector<const providers::value_type*>; // of their last trunk
  static void take_out(entry& held, emptied& left);
  void prune(const emptied& left);
  void put_in(entry& held, const std::string& host, provider_trunk seen, const provider_groups& groups);

  providers providers_; // those that have trunks, whose entries point here
  std::map<instance_id, std::vector<entry>> entries_;
  std::set<instance_id> doubted_;
  bool all_doubted_ = true;
};

} // namespace ringdown::logic
