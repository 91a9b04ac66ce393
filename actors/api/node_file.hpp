// The daemon's file, `ringdown.toml` (CONTRACT "Daemon file"): read strictly, all faults at once.
#pragma once

#include "actors/api/toml_reader.hpp"
#include "protocol/types/node_config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringdown::api {

struct node_file {
  std::optional<node_config> config; // none when there are errors
  std::vector<config_error> errors;
};

// `host` names the node when the file does not. Relative paths are relative to the file.
[[nodiscard]] node_file read_node_file(const std::string& path, const std::string& host);
[[nodiscard]] node_file parse_node_file(const std::string& text, const std::string& path, const std::string& host);

} // namespace ringdown::api
