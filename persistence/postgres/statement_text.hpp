// The store's SQL as PostgreSQL takes it.
#pragma once

#include <string>
#include <string_view>

namespace ringdown::persistence {

// ?2 becomes $2, a plain ? the number after the largest so far; "indexed by NAME" and what stands between
// /*sqlite*/ and /**/ are left out. What is quoted stays as it is.
[[nodiscard]] std::string postgres_text(std::string_view sql);

} // namespace ringdown::persistence
