// What happens to the nodes of a cluster, beside everything that happens to one.
#pragma once

namespace ringdown::simulation {

class world;

// As plan_trouble, of a world of several nodes.
void plan_cluster_trouble(world& of);

} // namespace ringdown::simulation
