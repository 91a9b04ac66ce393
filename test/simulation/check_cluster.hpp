// What must hold of several nodes over one store, beside everything that must hold of each shard's tenants. A new rule is a
// function here and a line in the table of check_cluster.cpp.
#pragma once

#include "test/simulation/checkers.hpp"
#include "test/simulation/seating.hpp"

#include <span>
#include <vector>

namespace ringdown::simulation {

struct cluster_history {
  const journal& told;
  const seating& seated;
  const tenants& inhabitants;
  instant ended{};
};

[[nodiscard]] std::vector<violation> check_cluster(const cluster_history& of);

void epochs_rise(const cluster_history& of, violations& found);                      // I8
void an_old_epoch_changes_nothing(const cluster_history& of, violations& found);     // I8
void nothing_leaves_without_the_lease(const cluster_history& of, violations& found); // I8
void one_node_logs_in(const cluster_history& of, violations& found);                 // S-K2
void lost_shards_are_silent(const cluster_history& of, violations& found);           // S-K1
// check_takeovers.cpp
void shards_are_run_again(const cluster_history& of, violations& found);  // S-K1
void pbxes_are_asked_again(const cluster_history& of, violations& found); // I9

} // namespace ringdown::simulation
