#include "bin/ringdown-sim/effect_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ringdown::sim {

namespace {
constexpr std::size_t kept_limit = 20'000;
}

void effect_log::tell(const journal_line& line) {
  ++count_;
  write_(line);
  kept_.push_back(line.str());
  if (kept_.size() > kept_limit) kept_.pop_front();
}

std::string effect_log::json() const {
  return fmt::format(R"({{"count":{},"items":[{}]}})", count_, fmt::join(kept_, ",")) + "\n";
}

} // namespace ringdown::sim
