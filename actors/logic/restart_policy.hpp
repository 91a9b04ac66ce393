// When a crashed actor is started again, and when it has crashed too often (ARCHITECTURE "Actors"; OTP semantics). Pure.
#pragma once

#include "protocol/types/time.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace ringdown::logic {

struct restart_budget {
  int intensity = 5; // more crashes than this within `period` exceed the budget
  duration period = std::chrono::seconds(30);
  duration first_delay = std::chrono::milliseconds(100);
  duration longest_delay = std::chrono::seconds(30);
};
inline constexpr restart_budget channel_budget{5, std::chrono::seconds(30)};
inline constexpr restart_budget poller_budget{5, std::chrono::seconds(30)};
inline constexpr restart_budget tenant_budget{5, std::chrono::seconds(60)};
inline constexpr restart_budget carrier_watch_budget{5, std::chrono::seconds(60)};
inline constexpr restart_budget root_budget{3, std::chrono::seconds(300)};

// S-D5: whoever died so often without a long life between starts in quarantine, also in the next process.
inline constexpr std::uint32_t quick_deaths = 3;
inline constexpr duration long_life = std::chrono::minutes(10);
// How long it waits then, zero: not at all. Doubled with each death, because a body may take the whole process with it.
[[nodiscard]] duration quarantine_before_start(std::uint32_t deaths);

struct restart_decision {
  bool exceeded = false; // budget spent: trip, quarantine or escalate; what that means is the supervisor's
  duration delay{};      // before the next start
};

class restart_history {
public:
  explicit restart_history(restart_budget budget) : budget_(budget) {}
  // `spread` in [0, 1): jitter drawn by the caller; the delay is 100 ms * 2^n, halved at most by jitter.
  [[nodiscard]] restart_decision crashed(steady_time now, double spread);
  void forget(); // tripped and retried, or stable
  [[nodiscard]] int recent(steady_time now) const;

private:
  restart_budget budget_;
  std::deque<steady_time> crashes_;
};

} // namespace ringdown::logic
