// The schema's steps in order; the database's version is how many of them it has seen. Made from persistence/schema by CMake.
#pragma once

#include <span>
#include <string_view>

namespace ringdown::persistence {

[[nodiscard]] std::span<const std::string_view> migrations();

} // namespace ringdown::persistence
