// THE provider table: every dialect a channel may speak. A new provider is one line in dialects.cpp.
#pragma once

#include "protocol/wire/dialect.hpp"

#include <span>
#include <string_view>

namespace ringdown::wire {

[[nodiscard]] std::span<const dialect> dialects();

// nullptr when no dialect is of that kind.
[[nodiscard]] const dialect* find_dialect(std::string_view kind);

} // namespace ringdown::wire
