#include "actors/logic/account_rates.hpp"

#include <algorithm>
#include <tuple>

namespace ringdown::logic {

namespace {

// One turn in so many goes to whoever has waited longest.
constexpr std::uint64_t patience_turn = 4;

std::uint64_t turn_of(const auto& served, const auto& whom) {
  const auto at = served.find(whom);
  return at == served.end() ? 0 : at->second;
}

} // namespace

account_rates::ledger& account_rates::known(const std::string& name, const account_limits& limits) {
  auto [at, added] = accounts_.try_emplace(name);
  ledger& found = at->second;
  if (added) {
    found.paid_up = born_ + limits.per * static_cast<std::int64_t>(limits.burst);
  }
  found.limits = limits;
  return found;
}

account_limits share_of(account_limits limits, std::size_t nodes) {
  if (nodes < 2) return limits;
  limits.per *= static_cast<duration::rep>(nodes);
  limits.burst = std::max<std::size_t>(limits.burst / nodes, 1);
  if (limits.at_once > 0) limits.at_once = std::max<std::size_t>(limits.at_once / nodes, 1);
  return limits;
}

void account_rates::wanted(const permit_ask& ask, steady_time) {
  ledger& of = known(ask.account, ask.limits);
  const auto [at, added] = of.wishes.try_emplace(ask.asker, wish{ask.tenant, ask.how, 0});
  if (added) at->second.since = ++arrivals_;
  at->second.how = ask.how;
  // The permit it asks for may be on its way to it, and is counted already.
  if (ask.in_use > 0) of.in_use[ask.asker] = std::max(of.in_use[ask.asker], ask.in_use);
}

void account_rates::give_place_back(ledger& of, std::uint64_t asker) {
  const auto held = of.in_use.find(asker);
  if (held != of.in_use.end() && --held->second == 0) of.in_use.erase(held);
}

void account_rates::used(std::uint64_t asker, const std::string& account) {
  const auto at = accounts_.find(account);
  if (at == accounts_.end()) return;
  give_place_back(at->second, asker);
  // It may have been the newest turn that was used: whatever else it gives back is an older one.
  if (at->second.newest_asker == asker) at->second.newest_asker = 0;
}

// Only the newest turn can be taken back: an older one lies in the past, and nobody can begin then.
void account_rates::unused(std::uint64_t asker, const std::string& account) {
  const auto at = accounts_.find(account);
  if (at == accounts_.end()) return;
  give_place_back(at->second, asker);
  if (at->second.newest_asker != asker) return;
  at->second.newest_asker = 0;
  at->second.paid_up = at->second.before_newest;
}

void account_rates::forget_asker(ledger& of, std::uint64_t asker) {
  of.wishes.erase(asker);
  of.in_use.erase(asker);
  of.asker_served.erase(asker);
}

void account_rates::left(std::uint64_t asker, const std::string& account) {
  const auto at = accounts_.find(account);
  if (at != accounts_.end()) forget_asker(at->second, asker);
}

void account_rates::gone(std::uint64_t asker) {
  for (auto& [name, of] : accounts_) forget_asker(of, asker);
}

void account_rates::refused(const std::string& account, duration wait, steady_time now) {
  const auto at = accounts_.find(account);
  if (at == accounts_.end()) return;
  ledger& of = at->second;
  if (of.limits.rest_at_most > duration{}) wait = std::min(wait, of.limits.rest_at_most);
  of.paused_until = std::max(of.paused_until.value_or(now), now + wait);
}

steady_time account_rates::earliest(const ledger& of) {
  const auto spare = of.limits.per * static_cast<std::int64_t>(std::max<std::size_t>(of.limits.burst, 1) - 1);
  return std::max(of.paid_up - spare, of.paused_until.value_or(steady_time::min()));
}

bool account_rates::has_place(const ledger& of) {
  if (of.limits.at_once == 0) return true;
  std::size_t held = 0;
  for (const auto& [asker, places] : of.in_use) held += places;
  return held < of.limits.at_once;
}

std::uint64_t account_rates::whose_turn(const ledger& of) {
  const bool longest_first = (of.turns + 1) % patience_turn == 0;
  const auto rank = [&](const auto& entry) {
    const auto& [asker, want] = entry;
    // Smaller goes first: the more urgent, then whose tenant, then who of it has not had its turn for longest.
    const int calm = longest_first ? 0 : static_cast<int>(urgency::first_critical) - static_cast<int>(want.how);
    const std::uint64_t tenant = longest_first ? 0 : turn_of(of.served, want.tenant);
    const std::uint64_t own = longest_first ? 0 : turn_of(of.asker_served, asker);
    return std::tuple{calm, tenant, own, want.since};
  };
  return std::ranges::min_element(of.wishes, {}, rank)->first;
}

void account_rates::permit(ledger& to, std::uint64_t asker, steady_time now) {
  const auto turn = to.wishes.extract(asker);
  ++to.turns;
  to.served[turn.mapped().tenant] = to.turns;
  to.asker_served[asker] = to.turns;
  ++to.in_use[asker];
  to.newest_asker = asker;
  to.before_newest = to.paid_up;
  to.paid_up = std::max(to.paid_up, now) + to.limits.per;
}

std::vector<permit_grant> account_rates::grants(steady_time now) {
  std::vector<permit_grant> given;
  for (auto& [name, of] : accounts_) {
    if (of.paused_until && *of.paused_until <= now) of.paused_until.reset();
    while (!of.wishes.empty() && has_place(of) && earliest(of) <= now) {
      const std::uint64_t asker = whose_turn(of);
      permit(of, asker, now);
      given.push_back({asker, name});
    }
  }
  forget_idle(now);
  return given;
}

// What is paid up and unused begins anew as it would be.
void account_rates::forget_idle(steady_time now) {
  std::erase_if(accounts_, [&](const auto& entry) {
    const ledger& of = entry.second;
    return of.wishes.empty() && of.in_use.empty() && of.paid_up <= now && !of.paused_until &&
           now >= born_ + of.limits.per * static_cast<std::int64_t>(of.limits.burst);
  });
}

std::optional<steady_time> account_rates::next() const {
  std::optional<steady_time> soonest;
  for (const auto& [name, of] : accounts_)
    if (of.paused_until || (!of.wishes.empty() && has_place(of)))
      soonest = std::min(soonest.value_or(steady_time::max()), earliest(of));
  return soonest;
}

std::size_t account_rates::waiting() const {
  std::size_t all = 0;
  for (const auto& [name, of] : accounts_) all += of.wishes.size();
  return all;
}

std::size_t account_rates::paused(steady_time now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      accounts_, [&](const auto& entry) { return entry.second.paused_until.value_or(now) > now; }));
}

} // namespace ringdown::logic
