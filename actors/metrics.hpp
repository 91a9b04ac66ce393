// What the node counts. Plain atomics, written by actors, read by the metrics page; no tenant names (CONTRACT "Metrics").
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/time.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ringdown {

// Fixed bounds in seconds; the last bucket is +Inf.
class histogram {
public:
  static constexpr std::array<double, 14> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,    0.25,  0.5,    1,     2.5,  5,     10};

  void observe(duration took) {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t i = 0;
    while (i < bounds.size() && seconds > bounds[i]) ++i;
    buckets_[i].fetch_add(1, std::memory_order_relaxed);
    micros_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  [[nodiscard]] double sum_seconds() const {
    return static_cast<double>(micros_.load(std::memory_order_relaxed)) / 1e6;
  }

private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> micros_{0};
};

using counter = std::atomic<std::uint64_t>;

struct node_metrics {
  counter polls_complete{0}; // every endpoint answered
  counter polls_partial{0};
  counter polls_failed{0};
  counter polls_late{0}; // a slot came while the poll before was still running
  histogram poll_seconds;
  counter logins{0};
  counter login_failures{0};
  counter transitions{0};
  std::array<counter, 8> settled{};  // by delivery_state
  std::array<counter, 5> attempts{}; // by outcome_kind
  counter late_criticals{0};         // accepted later than timing.late_after after they were made
  histogram delivery_seconds;        // made -> accepted
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
