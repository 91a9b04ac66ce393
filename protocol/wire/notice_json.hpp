// A notice as the text that is stored with its delivery. What write_notice made, read_notice gives back exactly
// (text that is not UTF-8 comes back repaired).
#pragma once

#include "protocol/types/notice.hpp"
#include "protocol/types/result.hpp"

#include <string>
#include <string_view>

namespace ringdown::wire {

[[nodiscard]] std::string write_notice(const notice& what);

// `unreadable` when a field is missing, unknown or of the wrong kind: a stored notice is ours, so nothing is guessed.
[[nodiscard]] result<notice> read_notice(std::string_view text);

} // namespace ringdown::wire
