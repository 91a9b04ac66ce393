#include "protocol/wire/psa/create_doubt.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace ringdown::wire::psa {

namespace {

// "clear 3", "doubtful 3", "searched 3 1790924400000000": the attempt that wrote it, and the time of the search.
struct record {
  std::string_view word;
  std::uint32_t attempt = 0;
  std::int64_t at = 0;
};

template <class Number>
bool take_number(std::string_view& text, Number& into) {
  if (!text.starts_with(' ')) return false;
  text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

std::optional<record> parse(std::string_view text) {
  record made;
  made.word = text.substr(0, text.find(' '));
  text.remove_prefix(made.word.size());
  if (!take_number(text, made.attempt)) return std::nullopt;
  if (made.word == "searched" && !take_number(text, made.at)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return made;
}

} // namespace

create_doubt doubt_of(const delivery& row) {
  const create_doubt without_record{row.possible_repeat ? create_state::doubtful : create_state::clear, {}};
  const auto last = parse(row.progress);
  if (!last) return without_record;
  if (last->word == "doubtful") return {create_state::doubtful, {}};
  const bool nothing_since = row.attempts == last->attempt + 1;
  if (last->word == "searched")
    return nothing_since ? create_doubt{create_state::searched_once, from_micros(last->at)}
                         : create_doubt{create_state::doubtful, {}};
  return last->word == "clear" && nothing_since ? create_doubt{} : without_record;
}

std::string written_down(const delivery& row, const create_doubt& doubt) {
  switch (doubt.is) {
    case create_state::clear: return fmt::format("clear {}", row.attempts);
    case create_state::doubtful: return fmt::format("doubtful {}", row.attempts);
    case create_state::searched_once: return fmt::format("searched {} {}", row.attempts, micros(doubt.searched));
  }
  return {};
}

} // namespace ringdown::wire::psa
