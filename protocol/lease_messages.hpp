// What is said between whoever asks the register of shards, whoever keeps the leases, and those who run shards (S-K1). Part of
// messages.hpp.
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/shard.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>

namespace ringdown {

struct ask_register {
  lease_question question;
  caf::strong_actor_ptr reply_to;
};
struct register_answered {
  std::uint64_t number = 0; // the question's
  bool ok = false;          // else: done or not, and the session is over
  lease_answer said;
};
// What a shard's last owner left has been taken up, or could not be.
struct shard_prepared {
  held_lease lease;
  result<void> how;
};
// Nothing of it runs here any more.
struct shard_is_over {
  fence owner;
};
// A node, by its name, is to hand its shards over as far as others take them, or to keep them; `done` once the register knows.
struct drain_node {
  drain_wish wish;
  std::function<void()> done;
};
// Hand over everything: the process ends. `done` once nothing is held.
struct leave_register {
  std::function<void()> done;
};

} // namespace ringdown

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::ask_register)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::register_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::shard_prepared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::shard_is_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::drain_node)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::leave_register)
