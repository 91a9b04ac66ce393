#include "actors/api/load_tenants.hpp"

#include <utility>

namespace ringdown::api {

std::vector<tenant_object> objects_of(const persistence::config_document& document) {
  std::vector<tenant_object> objects;
  objects.reserve(document.objects.size());
  for (const auto& one : document.objects) objects.push_back({one.kind, one.id, one.body});
  return objects;
}

persistence::config_change change_of(const tenant_config& config, const std::string& text) {
  persistence::config_change change;
  change.tenant = config.id;
  for (tenant_object& one : split_objects(text))
    change.objects.push_back({std::move(one.kind), std::move(one.id), "file", std::move(one.body)});
  for (const instance_config& one : config.instances) {
    const auto parts = parse_url(one.url);
    if (parts) change.identities.push_back({one.id, parts->host + ":" + std::to_string(parts->port), one.client_id});
  }
  return change;
}

result<known_tenant> tenant_of(const persistence::config_document& document, const persistence::secret_values& secrets,
                               const node_config& node) {
  const tenant_file_options options{"tenant " + document.tenant.str(), node.times, node.min_poll_interval};
  auto file = parse_tenant_file(join_objects(objects_of(document)), options,
                                [&](const std::string& kind, const std::string& what) -> secret_answer {
                                  const auto at = secrets.find(what);
                                  if (kind == "secret" && at != secrets.end()) return {at->second, ""};
                                  return {std::nullopt, "no secret of the name " + what + " is stored"};
                                });
  if (!file.config)
    return failure{failure_kind::corrupt, file.errors.empty() ? "unreadable" : to_text(file.errors.front())};
  return known_tenant{std::make_shared<const tenant_config>(std::move(*file.config)), document};
}

} // namespace ringdown::api
