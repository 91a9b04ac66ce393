#include "protocol/types/tenant_config.hpp"

#include <algorithm>

namespace ringdown {

namespace {

template <class Items, class Id>
auto find_by_id(const Items& items, const Id& id) -> decltype(&items.front()) {
  const auto at = std::ranges::find_if(items, [&](const auto& one) { return one.id == id; });
  return at == items.end() ? nullptr : &*at;
}

} // namespace

const instance_config* tenant_config::find(const instance_id& wanted) const { return find_by_id(instances, wanted); }
const channel_config* tenant_config::find(const channel_id& wanted) const { return find_by_id(channels, wanted); }
const customer_config* tenant_config::find(const customer_id& wanted) const { return find_by_id(customers, wanted); }
const user_config* tenant_config::find(const user_id& wanted) const { return find_by_id(users, wanted); }

} // namespace ringdown
