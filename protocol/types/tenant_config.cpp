#include "protocol/types/tenant_config.hpp"

#include <algorithm>

namespace ringdown {

namespace {

// Most files list them in the order of their ids, and a tenant may have thousands: looked for where it would be then, and
// only if it is not there, everywhere.
template <class Items, class Id>
auto find_by_id(const Items& items, const Id& id) -> decltype(&items.front()) {
  const auto id_of = [](const auto& one) -> const Id& { return one.id; };
  const auto guess = std::ranges::lower_bound(items, id, {}, id_of);
  if (guess != items.end() && guess->id == id) return &*guess;
  const auto at = std::ranges::find(items, id, id_of);
  return at == items.end() ? nullptr : &*at;
}

} // namespace

const instance_config* tenant_config::find(const instance_id& wanted) const { return find_by_id(instances, wanted); }
const channel_config* tenant_config::find(const channel_id& wanted) const { return find_by_id(channels, wanted); }
const customer_config* tenant_config::find(const customer_id& wanted) const { return find_by_id(customers, wanted); }
const user_config* tenant_config::find(const user_id& wanted) const { return find_by_id(users, wanted); }

} // namespace ringdown
