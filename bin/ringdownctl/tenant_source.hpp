// Tenant files as apply, diff and check-config take them: found, checked, made canonical, secrets fetched from the files
// and variables they name. Values of secrets never enter a message.
#pragma once

#include "actors/api/tenant_file.hpp"
#include "actors/api/tenant_warnings.hpp"
#include "bin/ringdownctl/session.hpp"

#include <map>
#include <string>
#include <vector>

namespace ringdown::ctl {

struct tenant_source {
  std::string file;
  tenant_id tenant;
  std::string text;                           // canonical
  std::map<std::string, secret_text> secrets; // those given by this file
  std::vector<api::config_warning> warnings;
};

struct tenant_sources {
  std::vector<tenant_source> tenants; // whole only when there are no errors
  std::vector<api::config_error> errors;
};

// Files as they are, folders as their *.toml in order of name. An error for what cannot be read and for empty folders.
struct found_files {
  std::vector<std::string> files;
  std::vector<api::config_error> errors;
};
[[nodiscard]] found_files find_files(const std::vector<std::string>& paths);

[[nodiscard]] tenant_sources read_tenants(const std::vector<std::string>& files, const environment& variables,
                                          api::callback_reach reach = api::callback_reach::unknown);

} // namespace ringdown::ctl
