// THE provider table: every dialect a channel may speak. A new provider is one line in dialects.cpp.
#pragma once

#include "protocol/wire/dialect.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ringdown::wire {

[[nodiscard]] std::span<const dialect> dialects();

// nullptr when no dialect is of that kind.
[[nodiscard]] const dialect* find_dialect(std::string_view kind);

// Names the provider account whose limits a channel shares, and tells nothing of it, so that it may be logged; empty when
// its dialect knows of no limits. `base_url` is [provider.KIND] base_url.
[[nodiscard]] std::string account_key(const dialect& how, const channel_config& channel, const std::string& base_url);

} // namespace ringdown::wire
