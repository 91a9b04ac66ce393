// An answer of a PBX, judged by its status and first bytes before anybody parses it.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/wire/json.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace ringdown::wire::pbx {

// Bodies above this are not read: 5,000 items with our fields are some 3 MB.
inline constexpr std::size_t body_limit = 4 << 20;

// Why this answer holds nothing to read; nullopt for a 200 that looks like a JSON object. The same for every endpoint.
// `now` serves the date form of Retry-After.
[[nodiscard]] std::optional<read_failure> classify(const http_outcome& outcome, wall_time now);

[[nodiscard]] read_failure read_failure_of(json_problem problem, int status);
[[nodiscard]] read_failure malformed(int status, std::string detail);

} // namespace ringdown::wire::pbx
