// How a node's actors are born, so that their supervisor need not know what they are. Made by actors/tree.cpp.
#pragma once

#include "actors/logic/tenant_machine.hpp"
#include "actors/ports.hpp"
#include "protocol/types/tenant_config.hpp"

#include <caf/actor_control_block.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace ringdown {

struct family {
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>, std::shared_ptr<const tenant_config>)> tenant;
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>, const tenant_id&, const instance_config&)> poller;
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>, const tenant_id&, const channel_config&,
                                      const timing&)>
      channel;
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>, std::shared_ptr<const tenant_config>)> group;
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>)> accounts;
  std::function<caf::strong_actor_ptr(std::shared_ptr<actor_probe>)> carrier_watch; // of the node
};
// Shared by all supervisors of a node; immutable.
using family_ptr = std::shared_ptr<const family>;

} // namespace ringdown
