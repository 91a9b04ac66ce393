// What arrived, in the order of arrival: every line goes to the effects journal, the newest are kept for GET /effects.
#pragma once

#include "bin/ringdown-sim/journal.hpp"

#include <deque>
#include <functional>
#include <string>

namespace ringdown::sim {

using effect_writer = std::function<void(const journal_line&)>;

class effect_log {
public:
  explicit effect_log(effect_writer write) : write_(std::move(write)) {}

  void tell(const journal_line& line);
  [[nodiscard]] long count() const { return count_; }
  // The newest (at most `kept_limit`; the journal has all) as {"count": n, "items": [...]}.
  [[nodiscard]] std::string json() const;

private:
  effect_writer write_;
  std::deque<std::string> kept_;
  long count_ = 0;
};

} // namespace ringdown::sim
