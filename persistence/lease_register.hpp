// The register of shards that all nodes of an installation share (S-K1, docs/decisions/0029), as one process sees it: over one
// session, by which the register also knows that the process lives.
#pragma once

#include "protocol/types/result.hpp"
#include "protocol/types/shard.hpp"

namespace ringdown::persistence {

class lease_register {
public:
  virtual ~lease_register() = default;

  // Blocks; one at a time. Opens a session where there is none. After a failure there is none, and what was asked may have been
  // done or not.
  virtual result<lease_answer> ask(const lease_question& what) = 0;
  // Any thread, at once: the session has ended, as far as this machine can know without asking. False where there is none.
  [[nodiscard]] virtual bool is_cut() = 0;
  // Any thread: ends the session, and with it what ask() waits for.
  virtual void give_up() = 0;
};

} // namespace ringdown::persistence
