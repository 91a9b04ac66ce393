#include "actors/api/load_tenants.hpp"

#include <utility>

namespace ringdown::api {

std::vector<tenant_object> objects_of(const persistence::config_document& document) {
  std::vector<tenant_object> objects;
  objects.reserve(document.objects.size());
  for (const auto& one : document.objects) objects.push_back({one.kind, one.id, one.body, one.managed_by});
  return objects;
}

std::vector<tenant_object> of_files(std::vector<tenant_object> objects) {
  std::erase_if(objects, [](const tenant_object& one) { return one.managed_by != "file"; });
  return objects;
}

std::vector<tenant_object> of_others(std::vector<tenant_object> objects) {
  std::erase_if(objects, [](const tenant_object& one) { return one.managed_by == "file"; });
  return objects;
}

std::string to_text(const tenant_object& object) {
  return object.kind + (object.id.empty() ? "" : " " + object.id) + ", managed by " + object.managed_by;
}

persistence::config_change change_of(const tenant_config& config, const std::string& text) {
  persistence::config_change change;
  change.tenant = config.id;
  for (tenant_object& one : split_objects(text))
    change.objects.push_back({std::move(one.kind), std::move(one.id), std::move(one.managed_by), std::move(one.body)});
  for (const instance_config& one : config.instances) {
    const auto parts = parse_url(one.url);
    if (parts) change.identities.push_back({one.id, parts->host + ":" + std::to_string(parts->port), one.client_id});
  }
  return change;
}

result<known_tenant> tenant_of(const persistence::config_document& document, const persistence::secret_values& secrets,
                               const node_config& node) {
  const tenant_file_options options{"tenant " + document.tenant.str(), node.times, node.min_poll_interval,
                                    this_machine::taken_as_written};
  auto file = parse_tenant_file(join_objects(objects_of(document)), options,
                                [&](const std::string& kind, const std::string& what) -> secret_answer {
                                  const auto at = secrets.find(what);
                                  if (kind == "secret" && at != secrets.end()) return {at->second, ""};
                                  return {std::nullopt, "no secret of the name " + what + " is stored"};
                                });
  if (!file.config)
    return failure{failure_kind::unreadable, file.errors.empty() ? "unreadable" : to_text(file.errors.front())};
  if (file.config->id != document.tenant)
    return failure{failure_kind::unreadable, "it says that it is tenant " + file.config->id.str()};
  return known_tenant{std::make_shared<const tenant_config>(std::move(*file.config)), document};
}

result<loaded_tenants> load_tenants(persistence::store& store, const node_config& node,
                                    const std::optional<tenant_id>& only) {
  auto documents = store.load_configs(only);
  if (!documents) return documents.error();
  loaded_tenants loaded;
  for (auto& document : *documents) {
    const auto secrets = store.load_secrets(document.tenant);
    auto made = secrets ? tenant_of(document, *secrets, node) : result<known_tenant>(secrets.error());
    if (made)
      loaded.readable.push_back(std::move(*made));
    else
      loaded.unreadable.push_back({made.error().detail, std::move(document)});
  }
  return loaded;
}

} // namespace ringdown::api
