#include "actors/logic/call_follower.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

// A phone rings on until it is hung up: that is tried again at once, and for a while.
constexpr duration hang_up_again = std::chrono::seconds(2);
// After it nobody is asked any more: no call lasts so long.
constexpr duration longest_watch = std::chrono::minutes(15);

} // namespace

call_follower::watched& call_follower::watch(const delivery_id& call, const std::string& reference, call_stage stage,
                                             wall_time now) {
  const auto [at, is_new] = calls_.try_emplace(call);
  if (is_new) at->second.since = now;
  at->second.reference = reference;
  at->second.stage = std::max(at->second.stage, stage);
  return at->second;
}

void call_follower::follow(const delivery_id& call, const std::string& reference, call_stage stage, wall_time now) {
  if (reference.empty() || calls_.contains(call)) return;
  watch(call, reference, stage, now).next = now + every_;
}

void call_follower::hang_up(const delivery_id& call, const std::string& reference, call_stage stage, wall_time now) {
  if (reference.empty()) return; // not placed yet: asked for again when it is
  watched& one = watch(call, reference, stage, now);
  one.ending = true;
  one.next = now;
}

// A wall clock that was set back puts nothing off.
void call_follower::follow_clock(wall_time now) {
  if (now < latest_)
    for (auto& [id, one] : calls_) {
      one.since -= latest_ - now;
      one.next = std::min(one.next, now);
    }
  latest_ = now;
}

std::vector<call_step> call_follower::due(wall_time now) {
  follow_clock(now);
  std::erase_if(calls_, [&](const auto& entry) { return entry.second.since + longest_watch < now; });
  std::vector<call_step> steps;
  for (auto& [id, one] : calls_) {
    if (one.busy || one.next > now) continue;
    one.busy = true;
    steps.push_back({id, one.reference, one.stage, one.ending && !one.hung_up ? call_act::hang_up : call_act::ask});
  }
  return steps;
}

void call_follower::heard(const delivery_id& call, call_stage stage, wall_time now) {
  const auto at = calls_.find(call);
  if (at == calls_.end()) return;
  if (stage == call_stage::ended) {
    calls_.erase(at);
    return;
  }
  at->second.busy = false;
  at->second.stage = std::max(at->second.stage, stage);
  at->second.hung_up = false; // it goes on: once more
  at->second.next = at->second.ending ? now : now + every_;
}

void call_follower::failed(const delivery_id& call, wall_time now) {
  const auto at = calls_.find(call);
  if (at == calls_.end()) return;
  at->second.busy = false;
  at->second.next = now + (at->second.ending ? hang_up_again : every_);
}

// Whether it ended is asked once more, so that its end is heard.
void call_follower::hung_up(const delivery_id& call, wall_time now) {
  const auto at = calls_.find(call);
  if (at == calls_.end()) return;
  at->second.busy = false;
  at->second.hung_up = true;
  at->second.next = now + hang_up_again;
}

std::optional<wall_time> call_follower::next() const {
  std::optional<wall_time> first;
  for (const auto& [id, one] : calls_)
    if (!one.busy && (!first || one.next < *first)) first = one.next;
  return first;
}

} // namespace ringdown::logic
