#include "protocol/types/ids.hpp"

#include <algorithm>

namespace ringdown {

namespace {

// Crockford's base32 in lower case: no i, l, o, u.
constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";

// The finaliser of MurmurHash3.
std::uint64_t avalanche(std::uint64_t value) {
  value = (value ^ (value >> 33U)) * 0xff51afd7ed558ccdULL;
  value = (value ^ (value >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33U);
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

} // namespace

std::string encode_id(std::string_view prefix, const id_bits& bits) {
  std::string text;
  text.reserve(prefix.size() + 26);
  text = prefix;
  // 128 bits are 25 digits and 3 bits: 26 digits, the last two bits of the last one zero.
  unsigned window = 0;
  int held = 0;
  for (const std::uint8_t byte : bits) {
    window = (window << 8U) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += digits[(window >> static_cast<unsigned>(held)) & 31U];
    }
    window &= (1U << static_cast<unsigned>(held)) - 1U;
  }
  text += digits[(window << static_cast<unsigned>(5 - held)) & 31U];
  return text;
}

id_bits digest_bits(std::string_view text) {
  // FNV-1a, 64 bits, twice (offset basis, and its halves swapped; prime of the authors' page): side by side, because
  // each alone waits for its multiplications.
  std::uint64_t first = 0xcbf29ce484222325ULL;
  std::uint64_t second = 0x84222325cbf29ce4ULL;
  for (const char c : text) {
    first = (first ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    second = (second ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  const std::uint64_t halves[2] = {avalanche(first), avalanche(second)};
  id_bits bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint8_t>(halves[i / 8] >> (8U * (i % 8)));
  return bits;
}

bool is_written_id(std::string_view text) {
  if (text.empty() || text.size() > 64 || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back()))
    return false;
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

} // namespace ringdown
