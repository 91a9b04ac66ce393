// The seam to the outside world: actors ask for exchanges here and know nothing of sockets. Production is
// net/http_client (Beast, own I/O threads); simulation scripts it.
#pragma once

#include "protocol/types/http.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::net {

// Called exactly once, on an I/O thread (or inline in simulation): must not block; actors answer themselves by message.
using http_completion = std::function<void(http_outcome)>;

// As that, with one outcome for each request of a run that was made, in their order.
using run_completion = std::function<void(std::vector<http_outcome>)>;

// Connections are kept and shared only within one lane (a poller's instance, a channel), so that lanes cannot delay one another.
struct lane {
  std::string name;            // "pbx/<tenant>/<instance>", "channel/<tenant>/<channel>"
  std::size_t connections = 1; // at most so many at once; further requests wait in order, each within its own timeout
  std::size_t queue = 64;      // waiting requests beyond this end as transport_error::overloaded
};

class http_port {
public:
  virtual ~http_port() = default;

  // Any thread. The returned ticket may be given to cancel().
  virtual std::uint64_t send(const lane& on, http_request request, http_completion done) = 0;

  // A run: the first of these requests, and each further one as soon as the one before was answered with 200, without asking
  // the caller. The outcomes of those that were made come together; there may be fewer than could be, and is at least one.
  // Each request has its timeouts from its own start. At least one request; any thread.
  virtual std::uint64_t send_run(const lane& on, std::vector<http_request> requests, run_completion done) {
    return send(on, std::move(requests.front()), [done = std::move(done)](http_outcome only) {
      std::vector<http_outcome> all;
      all.push_back(std::move(only));
      done(std::move(all));
    });
  }

  // The completion is still called, with transport_error::cancelled (or the answer, had it already come).
  virtual void cancel(std::uint64_t ticket) = 0;

  // Forget kept connections of a lane (its instance or channel is gone).
  virtual void close_lane(const std::string& lane_name) = 0;
};

} // namespace ringdown::net
