// From the store's documents to the tenants the node runs, and back.
#pragma once

#include "actors/api/tenant_file.hpp"
#include "actors/api/tenants.hpp"
#include "persistence/rows.hpp"
#include "protocol/types/node_config.hpp"

#include <vector>

namespace ringdown::api {

[[nodiscard]] std::vector<tenant_object> objects_of(const persistence::config_document& document);
// What `text` (canonical) makes of a tenant: the objects, and the identities its instances claim.
[[nodiscard]] persistence::config_change change_of(const tenant_config& config, const std::string& text);

// One stored document as configuration. The failure names what does not fit.
[[nodiscard]] result<known_tenant> tenant_of(const persistence::config_document& document,
                                             const persistence::secret_values& secrets, const node_config& node);

} // namespace ringdown::api
