// One seed from its world to its verdict.
#pragma once

#include "test/simulation/checkers.hpp"
#include "test/simulation/trace.hpp"
#include "test/simulation/workshop.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::simulation {

struct tally {
  std::size_t worlds = 0;
  instant lived{}; // virtual time
  std::size_t lives = 0;
  std::size_t crashes = 0; // of actors
  std::size_t rows = 0;
  std::size_t effects = 0;
  std::size_t commands = 0;
  instant longest_silence{}; // of a critical: committed -> taken by a provider
  std::string longest_at;

  void add(const tally& more);
};
[[nodiscard]] std::string to_text(const tally& all);

struct verdict {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0; // of the trace
  std::vector<violation> violations;
  tally counted;
};
[[nodiscard]] std::string to_text(const verdict& of);

enum class installation : std::uint8_t { one_node, several_nodes };
// Several: two to four, by the seed.
[[nodiscard]] verdict simulate(installation what, std::uint64_t seed, workshop& from, const trace::writer& write = {});
// Where two runs of one seed part: the first line that differs, both ways; nothing when they are equal.
[[nodiscard]] std::optional<std::string> first_difference(installation what, std::uint64_t seed, workshop& from);

} // namespace ringdown::simulation
