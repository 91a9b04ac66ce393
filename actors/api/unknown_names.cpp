#include "actors/api/unknown_names.hpp"

#include "actors/api/toml_reader.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ringdown::api {

namespace {

std::vector<std::string> names_of_tenants(const context& in) {
  std::vector<std::string> names;
  for (const auto& one : in.tenants.all()) names.push_back(one->config->id.str());
  for (const auto& [id, why] : in.tenants.unreadable()) names.push_back(id.str());
  return names;
}

std::vector<std::string> names_of_channels(const context& in, const std::optional<tenant_id>& tenant) {
  std::vector<std::string> names;
  for (const auto& one : in.tenants.all()) {
    if (tenant && one->config->id != *tenant) continue;
    for (const channel_config& channel : one->config->channels) names.push_back(channel.id.str());
  }
  return names;
}

bool holds(const std::vector<std::string>& names, const std::string& one) {
  return std::ranges::find(names, one) != names.end();
}

server_response not_there(const std::string& what, const std::string& written, const std::vector<std::string>& names) {
  return problem(404, "not found", "no such " + what + ": " + written + did_you_mean(written, names));
}

} // namespace

server_response no_such_tenant(const context& in, const tenant_id& written) {
  return not_there("tenant", written.str(), names_of_tenants(in));
}

server_response no_such_channel(const context& in, const std::optional<tenant_id>& tenant, const channel_id& written) {
  return not_there("channel", written.str(), names_of_channels(in, tenant));
}

std::optional<server_response> unknown_in_empty(const context& in, const std::optional<tenant_id>& tenant,
                                                const std::optional<channel_id>& channel) {
  if (tenant && !holds(names_of_tenants(in), tenant->str())) return no_such_tenant(in, *tenant);
  // One that cannot be read has channels that nobody knows.
  if (tenant && in.tenants.unreadable().contains(*tenant)) return std::nullopt;
  if (channel && !holds(names_of_channels(in, tenant), channel->str())) return no_such_channel(in, tenant, *channel);
  return std::nullopt;
}

} // namespace ringdown::api
