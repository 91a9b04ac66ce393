// The outside heartbeat (PRODUCT N-05): a GET to the operator's dead-man's switch, only while the node is alive in full.
// Main thread, but for the answer, which only counts.
#pragma once

#include "actors/ports.hpp"
#include "protocol/types/time.hpp"

namespace ringdown {

class heartbeat {
public:
  explicit heartbeat(ports_ptr world) : world_(std::move(world)) {}

  // Sends when one is due. Call about once a second, only while everything answers.
  void beat(steady_time now);

private:
  ports_ptr world_;
  steady_time next_{};
};

} // namespace ringdown
