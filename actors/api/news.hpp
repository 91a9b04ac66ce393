// What other nodes wrote, looked up in the store they share: configurations that changed, commands for tenants that run
// here, verdicts on commands that were given here (S-K4). On the store's thread, like every change of configuration.
#pragma once

#include "actors/api/context.hpp"
#include "actors/api/load_tenants.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace ringdown::api {

// Into the registry and, where it can be read, to its actors. One that cannot be read is left as it was and said loudly; the
// others do not wait for it.
void take_tenants(context& in, loaded_tenants tenants);

class news {
public:
  explicit news(context& in) : in_(in) {}

  // Everything. A failure is the store's.
  [[nodiscard]] result<void> look(persistence::store& from);
  // What of a shard's tenants must be known before they are begun.
  [[nodiscard]] result<void> read_configs(persistence::store& from);

private:
  [[nodiscard]] result<void> pass_commands_on(persistence::store& from);
  [[nodiscard]] result<void> read_verdicts(persistence::store& from);

  context& in_;
  std::set<std::string> passed_on_; // commands that are still open
  std::uint64_t seen_changes_ = 0;  // of configurations, whose versions were looked at
};

} // namespace ringdown::api
