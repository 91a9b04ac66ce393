// The store's tests over its planted copies: the mutant named by RINGDOWN_PLANTED is on (mutated_stores.py).
#include <cstdlib>
#include <string_view>

namespace ringdown::simulation {

bool is_planted(std::string_view name) {
  static const char* const planted = std::getenv("RINGDOWN_PLANTED");
  return planted != nullptr && name == planted;
}

} // namespace ringdown::simulation
