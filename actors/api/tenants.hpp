// The tenants of this node as configured now: the stored documents, parsed. Any thread.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/types/tenant_config.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::api {

struct known_tenant {
  std::shared_ptr<const tenant_config> config; // shared with the tenant's actors
  persistence::config_document document;
};

// One whose stored document does not become configuration: its instances are watched as they were before, or not at all.
struct unreadable_tenant {
  std::string error;
  persistence::config_document document;
};

class tenant_registry {
public:
  void put(known_tenant what); // it can be read (again)
  void put_unreadable(unreadable_tenant what);
  void remove(const tenant_id& id);
  [[nodiscard]] std::shared_ptr<const known_tenant> find(const tenant_id& id) const;
  [[nodiscard]] std::vector<std::shared_ptr<const known_tenant>> all() const;
  [[nodiscard]] std::map<tenant_id, std::string> unreadable() const;         // with why
  [[nodiscard]] std::map<tenant_id, std::uint64_t> versions() const;         // of all, readable or not
  [[nodiscard]] std::optional<shard_id> shard_of(const tenant_id& id) const; // none: no such tenant
  // What is stored of a tenant, readable or not.
  [[nodiscard]] std::optional<persistence::config_document> document(const tenant_id& id) const;

private:
  mutable std::mutex guard_;
  std::map<tenant_id, std::shared_ptr<const known_tenant>> tenants_;
  std::map<tenant_id, unreadable_tenant> unreadable_;
};

} // namespace ringdown::api
