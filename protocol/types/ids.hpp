// Identities. Each is a type of its own, so that a channel's id can never be passed for a tenant's.
// Ids written by people (tenant, customer, instance, user, channel) are what the tenant file says;
// ids made by us are `al_`, `dl_`, `in_` followed by 26 characters of lower-case Crockford base32 over 128 bits.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

template <class Tag>
class strong_id {
public:
  strong_id() = default;
  explicit strong_id(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const strong_id&, const strong_id&) = default;
  friend auto operator<=>(const strong_id&, const strong_id&) = default;

private:
  std::string text_;
};

using tenant_id = strong_id<struct tenant_tag>;
using customer_id = strong_id<struct customer_tag>;
// Unique within its tenant; `tenant_id` goes with it wherever tenants mix.
using instance_id = strong_id<struct instance_tag>;
using user_id = strong_id<struct user_tag>;
using channel_id = strong_id<struct channel_tag>;
using alert_id = strong_id<struct alert_tag>;
// Also the idempotency key shown to the far end (`webhook-id`): made once, reused by every attempt on every node.
using delivery_id = strong_id<struct delivery_tag>;
using incident_id = strong_id<struct incident_tag>;
using incarnation_id = strong_id<struct incarnation_tag>;

using id_bits = std::array<std::uint8_t, 16>;

// Pure: the caller brings the 128 bits (random, or derived from what the id stands for).
[[nodiscard]] std::string encode_id(std::string_view prefix, const id_bits& bits);

// 128 bits that depend on every byte of `text` (FNV-1a twice with avalanche): for ids derived from what they
// stand for. Not a cryptographic digest.
[[nodiscard]] id_bits digest_bits(std::string_view text);

// What a person may write as an id: 1-64 characters of [a-z0-9._-], first and last of [a-z0-9].
[[nodiscard]] bool is_written_id(std::string_view text);

} // namespace ringdown

template <class Tag>
struct std::hash<ringdown::strong_id<Tag>> {
  std::size_t operator()(const ringdown::strong_id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
