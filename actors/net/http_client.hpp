// The production http_port: Boost.Beast over TLS 1.2+ on a few I/O threads, kept-alive connections per lane, TLS session
// resumption, a pool of resolver threads (a dead DNS server delays only the hosts that need it), the egress guard on every
// resolved address, no redirects, no proxies from the environment.
#pragma once

#include "actors/net/http_port.hpp"
#include "actors/net/resolver.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::net {

struct client_options {
  std::size_t io_threads = 1;
  std::size_t resolver_threads = 4;
  std::size_t handshakes_at_once = 32;           // across lanes; the rest wait for a turn within their timeout
  duration keep_idle = std::chrono::seconds(90); // an idle kept connection is closed after this
  duration dns_cache = std::chrono::seconds(30);
  std::vector<std::string> egress_allow; // CIDRs of [egress] allow
  std::string user_agent = "ringdown";
};

// failure invalid when a CIDR is not one.
// The client's end cancels what is under way (completions are called, on I/O threads) and waits for its I/O threads; it
// must not happen on one of them.
[[nodiscard]] result<std::unique_ptr<http_port>> make_http_client(client_options options);

// The same with names looked up by `lookup`, which may block: it runs on the resolver's threads.
[[nodiscard]] result<std::unique_ptr<http_port>> make_http_client(client_options options, lookup_function lookup);

} // namespace ringdown::net
