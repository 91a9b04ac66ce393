// Names to addresses on a pool of threads, because getaddrinfo blocks for as long as the name server likes.
//
// One lookup per host is under way at a time; whoever asks meanwhile joins it. The pool grows while all its threads are
// held, up to `most_threads`, and hosts whose last lookup failed or was slow may hold at most half of that. A lookup that
// takes longer than `slow` is not counted any more while it lasts (up to four times `most_threads` in all): a dead name
// server delays the hosts that need it and nobody else, at the first start too. Answers are kept for `keep`; literals
// never come here.
#pragma once

#include "actors/net/address.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::net {

using addresses = std::vector<ip_address>;

// Blocking; called on the pool's threads. Failures: not_found (no such name), unavailable, timed_out.
using lookup_function = std::function<result<addresses>(const std::string& host)>;

// getaddrinfo, in the order the system prefers.
[[nodiscard]] result<addresses> system_lookup(const std::string& host);

struct resolver_options {
  std::size_t threads = 4; // kept; more come and go as needed
  std::size_t most_threads = 64;
  std::chrono::microseconds slow = std::chrono::seconds(1);
  std::size_t most_waiting = 100'000; // further askers are told unavailable
  std::chrono::microseconds keep = std::chrono::seconds(30);
};

class resolver {
public:
  // Called once, on a pool thread or inside resolve(); or never, when the resolver goes first. One already on its way
  // may still come while or after the resolver goes: hold nothing that can be gone by then.
  using answer = std::function<void(result<addresses>)>;

  resolver(resolver_options options, lookup_function lookup);
  ~resolver(); // does not wait for lookups under way: their threads end by themselves and touch nothing of ours
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  // Any thread. Calls back at once when the answer is kept.
  void resolve(const std::string& host, answer done);

private:
  struct pool;
  std::shared_ptr<pool> pool_; // shared with the threads, which may outlive us inside getaddrinfo
};

} // namespace ringdown::net
