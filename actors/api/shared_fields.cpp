#include "actors/api/shared_fields.hpp"

#include "actors/api/written_values.hpp"
#include "protocol/types/ids.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::api {

std::string read_id(table_reader& r, std::set<std::string>& used) {
  std::string id = r.required_text("id");
  if (id.empty()) return id;
  if (!is_written_id(id))
    r.fault("id", "\"" + id + "\" must be 1 to 64 of a-z 0-9 . _ - and begin and end with a letter or digit");
  else if (!used.insert(id).second)
    r.fault("id", "\"" + id + "\" is used twice");
  return id;
}

std::vector<std::string> read_hosts(table_reader& r, std::set<std::string>& used) {
  std::vector<std::string> hosts;
  for (std::string host : r.texts("hosts")) {
    std::ranges::transform(host, host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    if (!is_host(host)) r.fault("hosts", "\"" + host + "\" is not the name or address of a host");
    if (!used.insert(host).second) r.fault("hosts", "\"" + host + "\" is listed twice");
    hosts.push_back(std::move(host));
  }
  if (r.is_empty("hosts")) r.fault("hosts", "is required: the registrars of its trunks, as the PBXes have them");
  return hosts;
}

} // namespace ringdown::api
