// What happened to the tenants of one shard of a cluster, told as if one node had run them, whose process ends when the shard goes
// elsewhere: so that the rules of one node judge it. A node that is frozen, or does not know whether the shard is its own, is
// one whose store is away; a shard that moves to a node with another clock meets a clock that jumps.
#pragma once

#include "test/simulation/seating.hpp"
#include "test/simulation/setting.hpp"

namespace ringdown::simulation {

class shard_story {
public:
  shard_story(shard_id shard, const journal& all, const seating& seated, const tenants& who);

  [[nodiscard]] const journal& told() const { return told_; }
  [[nodiscard]] const tenants& inhabitants() const { return inhabitants_; }
  [[nodiscard]] instant wrong_by() const { return wrong_by_; } // the clock of the node that had it last

private:
  journal told_;
  tenants inhabitants_;
  instant wrong_by_{};
};

} // namespace ringdown::simulation
