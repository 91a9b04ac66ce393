// What several channels, perhaps of several tenants, share of one provider: its patience with one account of ours (S-D3).
#pragma once

#include "protocol/types/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ringdown {

// What a provider lets one account do, whoever of us asks. A dialect says where its numbers come from.
struct account_limits {
  duration per{};          // one delivery begins in so long; zero: no such limit
  std::size_t burst = 1;   // so many at once after a pause
  std::size_t at_once = 0; // deliveries under way together; zero: no such limit
  duration rest_at_most{}; // after "too many", however long it asks for; zero: as long as it asks

  [[nodiscard]] bool any() const { return per > duration{} || at_once > 0; }
  friend bool operator==(const account_limits&, const account_limits&) = default;
};

// How soon a delivery should be begun when its account does not take all at once, the least pressing first.
enum class urgency : std::uint8_t { routine, repeated_critical, first_critical };

} // namespace ringdown
