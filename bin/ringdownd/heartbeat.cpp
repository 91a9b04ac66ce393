#include "bin/ringdownd/heartbeat.hpp"

#include <utility>

namespace ringdown {

void heartbeat::configure(const node_config& node) {
  if (url_ == node.heartbeat_url && interval_ == node.heartbeat_interval) return;
  url_ = node.heartbeat_url;
  interval_ = node.heartbeat_interval;
  next_ = {};
}

void heartbeat::beat(steady_time now) {
  if (!is_due(now)) return;
  next_ = now + std::chrono::duration_cast<std::chrono::nanoseconds>(interval_);
  http_request request;
  request.url = url_.reveal();
  request.response_limit = std::size_t{64} * 1024;
  world_->http->send({"heartbeat", 1, 1}, std::move(request), [world = world_](const http_outcome& outcome) {
    const bool taken = outcome.ok() && outcome.response->status / 100 == 2;
    (taken ? world->metrics->heartbeats : world->metrics->heartbeat_failures).fetch_add(1, std::memory_order_relaxed);
    if (!taken)
      world->log->warning("heartbeat_not_taken",
                          {{"error", outcome.ok() ? "HTTP " + std::to_string(outcome.response->status)
                                                  : std::string(name(outcome.error))}});
  });
}

} // namespace ringdown
