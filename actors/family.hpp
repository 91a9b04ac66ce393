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

using probe_ptr = std::shared_ptr<actor_probe>;

struct family {
  // Of a tenant: the world is that of its shard, which names the fence.
  std::function<caf::strong_actor_ptr(const ports_ptr&, probe_ptr, std::shared_ptr<const tenant_config>)> group;
  std::function<caf::strong_actor_ptr(const ports_ptr&, probe_ptr, std::shared_ptr<const tenant_config>)> tenant;
  std::function<caf::strong_actor_ptr(const ports_ptr&, probe_ptr, const tenant_id&, const instance_config&)> poller;
  std::function<caf::strong_actor_ptr(const ports_ptr&, probe_ptr, const tenant_id&, const channel_config&,
                                      const timing&)>
      channel;
  // Of the node.
  std::function<caf::strong_actor_ptr(probe_ptr)> accounts;
  std::function<caf::strong_actor_ptr(probe_ptr)> carrier_watch;
};
// Shared by all supervisors of a node; immutable.
using family_ptr = std::shared_ptr<const family>;

} // namespace ringdown
