// The schema's steps in order, for each engine; the database's version is how many of them it has seen. Made from
// persistence/schema by CMake. SQLite's are counted by the file itself; each of PostgreSQL's from the second on says in
// schema_step which it is, and how many of them a version must know that is to work there.
#pragma once

#include <span>
#include <string_view>

namespace ringdown::persistence {

[[nodiscard]] std::span<const std::string_view> migrations(); // SQLite's
[[nodiscard]] std::span<const std::string_view> postgres_migrations();

} // namespace ringdown::persistence
