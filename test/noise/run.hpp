// A month of a fleet, watched by the real rules on virtual time. Only the rules: no actors, no store, no network.
#pragma once

#include "test/noise/account.hpp"

#include <string>
#include <vector>

namespace ringdown::noise {

struct outcome {
  verdict found;
  std::uint64_t polls = 0;
  std::uint64_t skipped = 0;
  std::vector<std::string> effects; // where asked for
};

enum class keep : std::uint8_t { nothing, effects };
[[nodiscard]] outcome run(const settings& with, keep what = keep::nothing);

} // namespace ringdown::noise
