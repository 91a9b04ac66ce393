#include "actors/logic/restart_policy.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

constexpr duration shortest_quarantine = std::chrono::minutes(1);
constexpr duration longest_quarantine = std::chrono::hours(1);

} // namespace

duration quarantine_before_start(std::uint32_t deaths) {
  if (deaths < quick_deaths) return {};
  const auto doublings = std::min<std::uint32_t>(deaths - quick_deaths, 10);
  return std::min(shortest_quarantine * (std::int64_t{1} << doublings), longest_quarantine);
}

restart_decision restart_history::crashed(steady_time now, double spread) {
  while (!crashes_.empty() && now - crashes_.front() > budget_.period) crashes_.pop_front();
  crashes_.push_back(now);
  restart_decision decided;
  decided.exceeded = static_cast<int>(crashes_.size()) > budget_.intensity;
  const auto doublings = std::min<std::size_t>(crashes_.size() - 1, 20);
  const duration full = std::min(budget_.first_delay * (std::int64_t{1} << doublings), budget_.longest_delay);
  decided.delay = full - duration(static_cast<std::int64_t>(spread * static_cast<double>(full.count()) / 2));
  return decided;
}

void restart_history::forget() { crashes_.clear(); }

int restart_history::recent(steady_time now) const {
  return static_cast<int>(std::ranges::count_if(crashes_, [&](steady_time at) { return now - at <= budget_.period; }));
}

} // namespace ringdown::logic
