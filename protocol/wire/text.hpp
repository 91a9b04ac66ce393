// UTF-8 as the wire needs it: checked, repaired, cut at a boundary. Pure functions, no locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringdown::wire {

// Well-formed by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

// Each ill-formed byte becomes U+FFFD; well-formed text is returned as it is.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

// At most `bytes` bytes, cut before a code point and ended with an ellipsis where there is room for one.
// The text is repaired first.
[[nodiscard]] std::string cut_to_bytes(std::string_view text, std::size_t bytes);

// One line for people: repaired, control characters become spaces, ends trimmed, at most `characters` code points.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t characters);

// Text of several lines for people: repaired, without control characters but line feeds, at most `bytes` bytes.
[[nodiscard]] std::string paragraphs(std::string_view text, std::size_t bytes);

} // namespace ringdown::wire
