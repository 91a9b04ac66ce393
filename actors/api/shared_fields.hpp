// Fields that the daemon's file and a tenant's are written with alike.
#pragma once

#include "actors/api/toml_reader.hpp"

#include <set>
#include <string>
#include <vector>

namespace ringdown::api {

// `id`: sound, and not used twice for its kind.
[[nodiscard]] std::string read_id(table_reader& r, std::set<std::string>& used);
// `hosts`: at least one registrar, in lower case, and none that another entry has.
[[nodiscard]] std::vector<std::string> read_hosts(table_reader& r, std::set<std::string>& used);

} // namespace ringdown::api
