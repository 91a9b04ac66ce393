#include "persistence/postgres/bound_values.hpp"

#include "protocol/wire/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ringdown::persistence {

namespace {

std::array<char, 8> to_network(std::int64_t number) {
  std::array<char, 8> bytes{};
  auto left = static_cast<std::uint64_t>(number);
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, left >>= 8U) *at = static_cast<char>(left & 0xffU);
  return bytes;
}

} // namespace

std::string_view mended(std::string_view text, std::string& kept) {
  if (text.find('\0') == std::string_view::npos && wire::is_utf8(text)) return text;
  kept = wire::repaired_utf8(text);
  std::ranges::replace(kept, '\0', ' ');
  return kept;
}

void bound_values::add(std::span<const parameter> values) {
  std::string kept;
  for (const parameter& one : values) {
    if (one.is_null()) {
      begins_.push_back(null);
      lengths_.push_back(0);
      formats_.push_back(1);
    } else if (one.kind() == parameter::type::number) {
      const auto number = to_network(one.number());
      add_bytes({number.data(), number.size()});
    } else if (one.kind() == parameter::type::bytes) {
      add_bytes(one.bytes());
    } else {
      add_bytes(mended(one.bytes(), kept));
    }
  }
}

void bound_values::clear() {
  bytes_.clear();
  begins_.clear();
  lengths_.clear();
  formats_.clear();
}

const char* const* bound_values::values() {
  values_.clear();
  for (const std::size_t begin : begins_) values_.push_back(begin == null ? nullptr : bytes_.data() + begin);
  return values_.data();
}

void bound_values::add_bytes(std::string_view bytes) {
  begins_.push_back(bytes_.size());
  lengths_.push_back(static_cast<int>(bytes.size()));
  formats_.push_back(1);
  bytes_ += bytes;
}

} // namespace ringdown::persistence
