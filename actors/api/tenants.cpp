#include "actors/api/tenants.hpp"

#include <utility>

namespace ringdown::api {

void tenant_registry::put(known_tenant what) {
  const std::lock_guard hold(guard_);
  const tenant_id id = what.config->id;
  unreadable_.erase(id);
  tenants_[id] = std::make_shared<const known_tenant>(std::move(what));
}

void tenant_registry::put_unreadable(unreadable_tenant what) {
  const std::lock_guard hold(guard_);
  const tenant_id id = what.document.tenant;
  unreadable_[id] = std::move(what);
}

void tenant_registry::remove(const tenant_id& id) {
  const std::lock_guard hold(guard_);
  tenants_.erase(id);
  unreadable_.erase(id);
}

std::map<tenant_id, std::string> tenant_registry::unreadable() const {
  const std::lock_guard hold(guard_);
  std::map<tenant_id, std::string> found;
  for (const auto& [id, what] : unreadable_) found[id] = what.error;
  return found;
}

std::map<tenant_id, std::uint64_t> tenant_registry::versions() const {
  const std::lock_guard hold(guard_);
  std::map<tenant_id, std::uint64_t> all;
  for (const auto& [id, what] : tenants_) all[id] = what->document.version;
  for (const auto& [id, what] : unreadable_) all[id] = what.document.version;
  return all;
}

std::optional<persistence::config_document> tenant_registry::document(const tenant_id& id) const {
  const std::lock_guard hold(guard_);
  if (const auto at = unreadable_.find(id); at != unreadable_.end()) return at->second.document;
  if (const auto at = tenants_.find(id); at != tenants_.end()) return at->second->document;
  return std::nullopt;
}

std::optional<shard_id> tenant_registry::shard_of(const tenant_id& id) const {
  const std::lock_guard hold(guard_);
  if (const auto at = unreadable_.find(id); at != unreadable_.end()) return at->second.document.shard;
  if (const auto at = tenants_.find(id); at != tenants_.end()) return at->second->document.shard;
  return std::nullopt;
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
