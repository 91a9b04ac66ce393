// What a tenant decides under load, as batches to commit: of each transition the trunk's state, its alert, one delivery, its
// decision and the audit entry.
#pragma once

#include "persistence/store.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::bench {

using prepared = std::vector<std::shared_ptr<const persistence::write_batch>>;

// Of tenant acme. Trunks fail and recover in turn, so that a tenth of them is always down.
[[nodiscard]] prepared decisions(const fence& owner, std::size_t count);

struct timed_commit {
  std::size_t batches = 0;
  std::chrono::nanoseconds took{};
};
// As a JSON object; null: there were none.
[[nodiscard]] std::string times_of(std::vector<timed_commit> commits);

} // namespace ringdown::bench
