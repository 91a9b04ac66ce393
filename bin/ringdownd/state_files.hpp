// The small files of the state directory: the API token and the secrets key, made 0600 when absent.
#pragma once

#include "persistence/secrets.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/result.hpp"

#include <string>

namespace ringdown {

// Makes the directory (0700) when absent; refused when we may not, or may not write in it.
[[nodiscard]] result<void> prepare_state_dir(const std::string& path);
// The token's text; a new random one is written when the file is absent. Refused when others may read the file.
[[nodiscard]] result<std::string> api_token(const std::string& path);
// A new key is made only where there is no database yet: a lost key must not be replaced in silence.
[[nodiscard]] result<persistence::secret_box> secrets_key(const std::string& path, bool is_database_there);

} // namespace ringdown
