// The store's SQL as PostgreSQL takes it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringdown::persistence {

// ?2 becomes $2, a plain ? the number after the largest so far; "indexed by NAME" and what stands between
// /*sqlite*/ and /**/ are left out. +NAME, of a text, becomes an expression that no index has. What is quoted stays as it is.
[[nodiscard]] std::string postgres_text(std::string_view sql);
// Of a statement for one row (row_statement), for so many.
[[nodiscard]] std::string postgres_text(std::string_view sql, std::size_t rows);

} // namespace ringdown::persistence
