// What the node counts. Plain atomics, written by actors, read by the metrics page; no tenant names (CONTRACT "Metrics").
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/time.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ringdown {

// Fixed bounds in seconds; the last bucket is +Inf.
class histogram {
public:
  static constexpr std::array<double, 14> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,    0.25,  0.5,    1,     2.5,  5,     10};

  void observe(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t i = 0;
    while (i < bounds.size() && seconds > bounds[i]) ++i;
    buckets_[i].fetch_add(1, std::memory_order_relaxed);
    nanos_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  [[nodiscard]] double sum_seconds() const { return static_cast<double>(nanos_.load(std::memory_order_relaxed)) / 1e9; }

private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> nanos_{0};
};

using counter = std::atomic<std::uint64_t>;

// What became of the rows of one kind of channel.
struct channel_counts {
  std::array<counter, 8> settled{};  // by delivery_state
  std::array<counter, 5> attempts{}; // by outcome_kind

  void ended(delivery_state state) { settled[static_cast<std::size_t>(state)].fetch_add(1, std::memory_order_relaxed); }
  void tried(outcome_kind outcome) {
    attempts[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
};

struct node_metrics {
  // One entry per kind of channel there is; none is added later, so that all threads may look.
  explicit node_metrics(const std::vector<std::string>& channel_kinds = {}) {
    for (const std::string& kind : channel_kinds) channels.try_emplace(kind);
  }
  std::map<std::string, channel_counts, std::less<>> channels;
  counter polls_complete{0}; // every endpoint answered
  counter polls_partial{0};
  counter polls_failed{0};
  counter polls_late{0}; // a slot came while the poll before was still running
  histogram poll_seconds;
  counter logins{0};
  counter login_failures{0};
  counter transitions{0};
  counter late_criticals{0};                     // accepted later than timing.late_after after they were made
  counter calls_over_budget{0};                  // wanted and not made: the person was rung too often
  counter calls_to_nobody{0};                    // wanted, and nobody could be called (V-03)
  histogram delivery_seconds;                    // made -> accepted
  std::atomic<std::uint64_t> permits_waiting{0}; // channels that may not begin yet, for their provider account
  std::atomic<std::uint64_t> accounts_paused{0}; // by their provider
  counter permits_assumed{0};                    // begun without an answer whether it may be
  histogram commit_seconds;
  counter commits{0};
  counter committed_batches{0};
  counter commit_failures{0};
  histogram scheduler_lag_seconds; // asked wake-up time -> handled
  std::atomic<bool> store_ready{false};
  std::atomic<std::uint64_t> store_queue{0};
  counter heartbeats{0};
  counter heartbeat_failures{0};
};

} // namespace ringdown
