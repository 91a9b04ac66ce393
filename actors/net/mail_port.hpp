// The seam to mail servers: actors hand over one mail here and know nothing of sockets. Production is net/smtp_client
// (libcurl, threads of its own); simulation scripts it.
#pragma once

#include "actors/net/http_port.hpp"
#include "protocol/types/mail.hpp"

#include <cstdint>
#include <functional>

namespace ringdown::net {

// Called exactly once, on a thread of the port (or inline in simulation): must not block.
using mail_completion = std::function<void(mail_outcome)>;

class mail_port {
public:
  virtual ~mail_port() = default;

  // Any thread. At most `on.connections` mails of a lane are under way at once and at most `on.queue` wait, each within
  // its own timeout; what is beyond ends as transport_error::overloaded. The ticket may be given to cancel().
  virtual std::uint64_t send(const lane& on, mail_request request, mail_completion done) = 0;

  // The completion is still called, with transport_error::cancelled (or the answer, had it already come).
  virtual void cancel(std::uint64_t ticket) = 0;
};

} // namespace ringdown::net
