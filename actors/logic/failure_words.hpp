// Codes of failed reads for people. Pure.
#pragma once

#include <string_view>

namespace ringdown::logic {

// "The connection is refused" of "connect_refused", without a full stop: there may be more to say. Empty: no such code.
[[nodiscard]] std::string_view failure_words(std::string_view code);

} // namespace ringdown::logic
