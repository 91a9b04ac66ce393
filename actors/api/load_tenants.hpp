// From the store's documents to the tenants the node runs, and back.
#pragma once

#include "actors/api/tenant_file.hpp"
#include "actors/api/tenants.hpp"
#include "persistence/rows.hpp"
#include "persistence/store.hpp"
#include "protocol/types/node_config.hpp"

#include <optional>
#include <vector>

namespace ringdown::api {

[[nodiscard]] std::vector<tenant_object> objects_of(const persistence::config_document& document);
// Those that files manage, and those that somebody else does: a file neither changes nor removes these.
[[nodiscard]] std::vector<tenant_object> of_files(std::vector<tenant_object> objects);
[[nodiscard]] std::vector<tenant_object> of_others(std::vector<tenant_object> objects);
[[nodiscard]] std::string to_text(const tenant_object& object); // "channel push, managed by console"
// What `text` (canonical) makes of a tenant: the objects, and the identities the instances of `config` claim.
[[nodiscard]] persistence::config_change change_of(const tenant_config& config, const std::string& text);

// One stored document as configuration, without a look at this machine's files. The failure names what does not fit.
[[nodiscard]] result<known_tenant> tenant_of(const persistence::config_document& document,
                                             const persistence::secret_values& secrets, const node_config& node);

// Every stored document, or that of one tenant, readable or not. A failure: none of them can be known.
struct loaded_tenants {
  std::vector<known_tenant> readable;
  std::vector<unreadable_tenant> unreadable;
};
[[nodiscard]] result<loaded_tenants> load_tenants(persistence::store& store, const node_config& node,
                                                  const std::optional<tenant_id>& only = {});

} // namespace ringdown::api
