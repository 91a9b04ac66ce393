// Word that another node wrote what this one waits for: a command for a tenant, the answer to one, a configuration. It only
// wakes: what there is, is to be looked up in the store; and whoever waits looks once a second anyway, because word may be lost.
#pragma once

#include "protocol/types/time.hpp"

namespace ringdown::persistence {

class news_waiter {
public:
  virtual ~news_waiter() = default;

  // One thread. Blocks until there is word, at most `patience`, also where the database is away; opening a session may take
  // five seconds more.
  virtual void wait(duration patience) = 0;
  // Any thread: wait() returns, now and from now on.
  virtual void end() = 0;
};

} // namespace ringdown::persistence
