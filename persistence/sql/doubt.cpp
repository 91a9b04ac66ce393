// A commit whose answer was lost with its connection (docs/decisions/0028).
#include "persistence/sql/store_impl.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace ringdown::persistence {

namespace {

// What is not asked for again stays; the oldest is forgotten first. One transaction has fewer batches and settlements than this,
// and whoever was told `unavailable` asks again before there are so many transactions in doubt.
constexpr std::size_t most_batches = 256;
constexpr std::size_t most_settlements = 1024;
constexpr std::size_t most_claims = 64;

template <class T>
void add(std::vector<T>& to, std::vector<T>&& more, std::size_t most) {
  std::ranges::move(more, std::back_inserter(to));
  if (to.size() > most) to.erase(to.begin(), to.end() - static_cast<std::ptrdiff_t>(most));
}

} // namespace

void sql_store::settle_doubt() {
  const auto written = db_->settle_doubt();
  if (!written) return;
  asked_once asked = std::exchange(doubted_, {});
  if (!*written) return;
  for (const auto& [request, rows] : asked.claims) forget_claims(request.tenant, request.channel);
  add(unheard_.batches, std::move(asked.batches), most_batches);
  add(unheard_.settlements, std::move(asked.settlements), most_settlements);
  add(unheard_.claims, std::move(asked.claims), most_claims);
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
