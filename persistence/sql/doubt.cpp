// A commit whose answer was lost with its connection (docs/decisions/0028).
#include "persistence/sql/store_impl.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown::persistence {

void sql_store::settle_doubt() {
  const auto written = db_->settle_doubt();
  if (!written) return;
  asked_once asked = std::exchange(doubted_, {});
  if (!*written) return;
  std::ranges::move(asked.batches, std::back_inserter(unheard_.batches));
  std::ranges::move(asked.settlements, std::back_inserter(unheard_.settlements));
  std::ranges::move(asked.claims, std::back_inserter(unheard_.claims));
}

bool sql_store::was_written(const write_batch& batch) const {
  return std::ranges::find(unheard_.batches, batch) != unheard_.batches.end();
}

bool sql_store::was_written(const settlement& what) const {
  return std::ranges::find(unheard_.settlements, what) != unheard_.settlements.end();
}

// Under the same fence nobody else took or recovered them: recover_channel() forgets them here.
std::optional<claimed_rows> sql_store::taken_before(const claim_request& request) const {
  for (const auto& [asked, rows] : unheard_.claims)
    if (asked.tenant == request.tenant && asked.channel == request.channel && asked.owner == request.owner) return rows;
  return std::nullopt;
}

void sql_store::forget_claims(const tenant_id& tenant, const channel_id& channel) {
  std::erase_if(unheard_.claims,
                [&](const auto& one) { return one.first.tenant == tenant && one.first.channel == channel; });
}

} // namespace ringdown::persistence
