// Defects planted into copies of the program's sources (mutants.py): the checkers must catch them.
#pragma once

#include "test/simulation/simulate.hpp"

#include <span>
#include <string_view>

namespace ringdown::simulation {

struct mutant {
  std::string_view name;
  std::string_view breaks; // in words
  installation shows_in = installation::one_node;
};
[[nodiscard]] std::span<const mutant> mutants(); // generated

// Asked by the planted places.
[[nodiscard]] bool is_planted(std::string_view name);

} // namespace ringdown::simulation
