#include "actors/api/link_token.hpp"

#include <charconv>
#include <cstddef>
#include <vector>

namespace ringdown::api {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
// 128 of the 256 bits: RFC 2104 section 5 allows truncation to half.
constexpr std::size_t mac_bytes = 16;

// Each part is made of characters an id may have; '~' parts them and stands in none.
std::string body_of(const link_claim& claim) {
  return "1~" + claim.tenant.str() + "~" + claim.alert.str() + "~" + std::to_string(claim.episode) + "~" + claim.person;
}

std::string mac_of(std::string_view body, const signer& sign) {
  const auto mac = sign(body);
  std::string text;
  for (std::size_t i = 0; i < mac_bytes; ++i) {
    text += digits[mac[i] >> 4U];
    text += digits[mac[i] & 15U];
  }
  return text;
}

bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0; // all bytes are looked at, so that time tells nothing
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

std::vector<std::string_view> parts_of(std::string_view body) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = body.find('~');
    parts.push_back(body.substr(0, end));
    if (end == std::string_view::npos) return parts;
    body.remove_prefix(end + 1);
  }
}

} // namespace

std::string make_link_token(const link_claim& claim, const signer& sign) {
  const std::string body = body_of(claim);
  return body + "~" + mac_of(body, sign);
}

std::optional<link_claim> read_link_token(std::string_view token, const signer& sign) {
  const auto cut = token.rfind('~');
  if (token.size() > 1024 || cut == std::string_view::npos) return std::nullopt;
  const std::string_view body = token.substr(0, cut);
  if (!same(token.substr(cut + 1), mac_of(body, sign))) return std::nullopt;
  const auto parts = parts_of(body);
  if (parts.size() != 5 || parts[0] != "1") return std::nullopt;
  std::uint32_t episode = 0;
  const auto read = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), episode);
  if (read.ec != std::errc() || read.ptr != parts[3].data() + parts[3].size()) return std::nullopt;
  return link_claim{tenant_id(std::string(parts[1])), alert_id(std::string(parts[2])), episode, std::string(parts[4])};
}

} // namespace ringdown::api
