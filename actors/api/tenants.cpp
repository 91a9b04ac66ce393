#include "actors/api/tenants.hpp"

#include <utility>

namespace ringdown::api {

void tenant_registry::put(known_tenant what) {
  const std::lock_guard hold(guard_);
  const tenant_id id = what.config->id;
  tenants_[id] = std::make_shared<const known_tenant>(std::move(what));
}

void tenant_registry::remove(const tenant_id& id) {
  const std::lock_guard hold(guard_);
  tenants_.erase(id);
}

std::shared_ptr<const known_tenant> tenant_registry::find(const tenant_id& id) const {
  const std::lock_guard hold(guard_);
  const auto at = tenants_.find(id);
  return at == tenants_.end() ? nullptr : at->second;
}

std::vector<std::shared_ptr<const known_tenant>> tenant_registry::all() const {
  const std::lock_guard hold(guard_);
  std::vector<std::shared_ptr<const known_tenant>> found;
  found.reserve(tenants_.size());
  for (const auto& [id, known] : tenants_) found.push_back(known);
  return found;
}

} // namespace ringdown::api
