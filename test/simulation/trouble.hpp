// Faults, drawn from the seed of a world, and what people do meanwhile. A new fault is a function and a line in the table of
// trouble.cpp.
#pragma once

#include "test/simulation/journal.hpp"

namespace ringdown::simulation {

class world;

// Puts everything that will go wrong on the world's timeline, and its end.
void plan_trouble(world& of);

// Drawn, and never beyond the trouble.
[[nodiscard]] instant span(world& of, instant least, instant most);

} // namespace ringdown::simulation
