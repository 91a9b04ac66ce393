// Small text helpers of the simulator: JSON literals, percent-encoding, forms, globs. Pure.
#pragma once

#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::sim {

using arguments = std::map<std::string, std::string, std::less<>>;

// A JSON string literal with its quotes. Bytes >= 0x80 are copied as they are: hostile tests need broken UTF-8.
[[nodiscard]] std::string json_text(std::string_view raw);
// The time as a JSON string with seven fractional digits, as .NET writes it; `""` when there is none.
[[nodiscard]] std::string json_time(std::optional<wall_time> at);
[[nodiscard]] std::string json_bool(std::optional<bool> is);
// ISO 8601 duration in whole seconds: "P3DT4H12M9S".
[[nodiscard]] std::string iso_duration(duration span);

[[nodiscard]] std::string percent_decode(std::string_view text, char space);
using form_pairs = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] form_pairs parse_pairs(std::string_view body); // in their order; a key may come twice
[[nodiscard]] arguments parse_form(std::string_view body);   // the last of each key
[[nodiscard]] std::string form_text(const form_pairs& of);
// multipart/form-data without files; parts without a name are skipped.
[[nodiscard]] arguments parse_multipart(std::string_view body, std::string_view boundary);
// What to do with members that are objects or arrays: refuse the whole, or leave them out (at most 64 deep).
enum class nested_members { refused, skipped };
// One JSON object; its strings, numbers and booleans become text, nulls are left out.
[[nodiscard]] result<arguments> parse_json_members(std::string_view body, nested_members nested);
// Copies `raw`; when it is not valid UTF-8, every byte above 0x7f becomes the character of that number.
[[nodiscard]] std::string valid_utf8(std::string_view raw);

// Whole-text match with `*` and `?`; an empty pattern matches everything.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);
// A decimal number between the bounds, nothing else.
[[nodiscard]] std::optional<long> parse_number(std::string_view text, long lowest, long highest);

} // namespace ringdown::sim
