#include "protocol/wire/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ringdown::wire {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";    // U+2026

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

bool continues(std::string_view text, std::size_t at, unsigned char low, unsigned char high) {
  return at < text.size() && byte_at(text, at) >= low && byte_at(text, at) <= high;
}

// Bytes of the well-formed code point at `at`, 0 if there is none (RFC 3629, section 4).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const unsigned char lead = byte_at(text, at);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return continues(text, at + 1, 0x80, 0xBF) ? 2 : 0;
  if (lead < 0xF0) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return continues(text, at + 1, low, high) && continues(text, at + 2, 0x80, 0xBF) ? 3 : 0;
  }
  const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
  const bool whole =
      continues(text, at + 1, low, high) && continues(text, at + 2, 0x80, 0xBF) && continues(text, at + 3, 0x80, 0xBF);
  return whole ? 4 : 0;
}

// First byte at or after `at` that is not plain ASCII; eight at a time, as nearly all of a body is.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  while (at + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t block = 0;
    std::memcpy(&block, text.data() + at, sizeof block);
    if ((block & high_bits) != 0) break;
    at += sizeof block;
  }
  while (at < text.size() && byte_at(text, at) < 0x80) ++at;
  return at;
}

bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  // U+0080-U+009F, the line and paragraph separators U+2028 and U+2029, and what turns the direction of all that follows:
  // U+202A-U+202E, U+2066-U+2069.
  if (sequence.size() == 2) return lead == 0xC2 && byte_at(sequence, 1) < 0xA0;
  return (sequence >= "\xE2\x80\xA8" && sequence <= "\xE2\x80\xAE") ||
         (sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9");
}

bool is_printable(char c) { return c >= ' ' && c < '\x7F'; }

// Of eight bytes at once.
bool are_printable(const char* eight) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t high_bits = ones * 0x80;
  std::uint64_t block = 0;
  std::memcpy(&block, eight, sizeof block);
  // Above 0x7F, 0x7F itself, below 0x20. A carry or borrow comes only from a byte that is refused already.
  return ((block | (block + ones) | ((block - ones * 0x20) & ~block)) & high_bits) == 0;
}

// Printable ASCII that neither begins nor ends with a blank: nearly every name there is, and nothing to do for it.
bool is_plain_line(std::string_view text) {
  if (text.starts_with(' ') || text.ends_with(' ')) return false;
  if (text.size() < 8) return std::ranges::all_of(text, is_printable);
  const char* const last = text.data() + text.size() - 8;
  for (const char* at = text.data(); at < last; at += 8)
    if (!are_printable(at)) return false;
  return are_printable(last);
}

} // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = skip_ascii(text, 0); at < text.size(); at = skip_ascii(text, at)) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string repaired;
  repaired.reserve(text.size() + replacement.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    repaired += length == 0 ? replacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return repaired;
}

std::string cut_to_bytes(std::string_view text, std::size_t bytes) {
  std::string cut = repaired_utf8(text);
  if (cut.size() <= bytes) return cut;
  const bool room = bytes >= ellipsis.size();
  std::size_t end = room ? bytes - ellipsis.size() : bytes;
  while (end > 0 && (byte_at(cut, end) & 0xC0) == 0x80) --end;
  cut.resize(end);
  if (room) cut += ellipsis;
  return cut;
}

std::string one_line(std::string_view text, std::size_t characters) {
  if (text.size() <= characters && is_plain_line(text)) return std::string(text);
  const std::string whole = repaired_utf8(text);
  std::string line;
  std::size_t count = 0;
  for (std::size_t at = 0; at < whole.size() && count < characters; ++count) {
    const std::string_view sequence = std::string_view(whole).substr(at, sequence_length(whole, at));
    const bool blank = is_control(sequence) || sequence == " ";
    if (!blank) line += sequence;
    if (blank && !line.empty()) line += ' ';
    at += sequence.size();
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string paragraphs(std::string_view text, std::size_t bytes) {
  const std::string whole = repaired_utf8(text);
  std::string kept;
  for (std::size_t at = 0; at < whole.size();) {
    const std::string_view sequence = std::string_view(whole).substr(at, sequence_length(whole, at));
    if (sequence == "\n" || !is_control(sequence)) kept += sequence;
    at += sequence.size();
  }
  return cut_to_bytes(kept, bytes);
}

} // namespace ringdown::wire
