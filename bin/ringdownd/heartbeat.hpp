// The outside heartbeat (PRODUCT N-05): a GET to the operator's dead-man's switch. When it may beat is decided elsewhere
// (actors/api/wellness). Main thread, but for the answer, which only counts.
#pragma once

#include "actors/ports.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/time.hpp"

#include <utility>

namespace ringdown {

class heartbeat {
public:
  explicit heartbeat(ports_ptr world) : world_(std::move(world)) { configure(world_->node); }

  void configure(const node_config& node);
  [[nodiscard]] bool is_asked_for() const { return !url_.empty(); }
  [[nodiscard]] bool is_due(steady_time now) const { return is_asked_for() && now >= next_; }
  // Sends when one is due. Call about once a second, only while all is well.
  void beat(steady_time now);

private:
  ports_ptr world_;
  secret_text url_; // empty: none
  duration interval_{};
  steady_time next_{};
};

} // namespace ringdown
