// The production mail_port: libcurl on threads of its own, one for each mail under way, and the egress guard on every
// resolved address. Threads come as they are needed, up to `most_threads`. Lanes whose last mail took long may hold at most
// half of those, so that however many servers hang, mail to the others goes on (I6); within one lane mails wait in order.
#pragma once

#include "actors/net/mail_port.hpp"
#include "actors/net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::net {

struct smtp_options {
  std::size_t most_threads = 64;
  std::size_t most_waiting = 10'000;       // over all lanes; more are told overloaded
  duration slow = std::chrono::seconds(2); // a mail that takes longer makes its lane a slow one
  std::size_t resolver_threads = 2;
  duration dns_cache = std::chrono::seconds(30);
  std::vector<std::string> egress_allow; // CIDRs of [egress] allow
};

// failure invalid when a CIDR is not one.
// The client's end cancels what is under way (completions are called, on its threads) and waits for its threads; it must
// not happen on one of them.
[[nodiscard]] result<std::unique_ptr<mail_port>> make_smtp_client(smtp_options options);

// The same with names looked up by `lookup`, which may block: it runs on the resolver's threads.
[[nodiscard]] result<std::unique_ptr<mail_port>> make_smtp_client(smtp_options options, lookup_function lookup);

} // namespace ringdown::net
