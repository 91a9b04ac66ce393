// What our files may say of the places we send to.
#pragma once

#include "actors/api/toml_reader.hpp"
#include "protocol/types/http.hpp"

#include <string>

namespace ringdown::api {

// Without encryption only inside this machine: what goes to channels names customers and carries tokens.
[[nodiscard]] bool is_protected(const url_parts& parts);

// Complains about `key` unless `url` is one we may send alerts to.
void check_channel_url(table_reader& reader, const std::string& key, const std::string& url);

} // namespace ringdown::api
