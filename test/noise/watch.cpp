#include "test/noise/watch.hpp"

#include "actors/logic/poll_schedule.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown::noise {

namespace {

// More than any count of polls in the rules; what they count in time asks to look again, or is seen by the poll made up for.
constexpr int enough_equal = 8;
const duration interval = timing{}.poll_interval;

baseline never_seen(const instance_id& id) {
  baseline base;
  base.instance = id;
  base.generation = 1;
  return base;
}

} // namespace

watch::watch(const instance_config& config, const pbx& of, events& queue, bool skips, teller tell)
    : truth(of),
      queue_(queue),
      skips_(skips),
      tell_(std::move(tell)),
      machine_(logic::machine_config_of(config), never_seen(config.id), "s") {
  schedule();
}

void watch::wait_until(steady_time at) {
  queue_.at(wall_of(at), [this, token = ++token_] { begin_poll(token); });
}

void watch::begin_poll(std::uint64_t token) {
  if (token != token_) return;
  look_.reset();
  not_before_.reset();
  polling_ = true;
  const glimpse seen = truth.look();
  queue_.after(time_of(seen), [this, seen, began = queue_.now()] { end_poll(seen, began); });
}

logic::machine_verdict watch::judge(const glimpse& seen, wall_time at) {
  std::optional<duration> uptime;
  const bool asks = std::exchange(failed_before_, seen.how != silence::none) && seen.how == silence::none;
  if (asks && truth.of().tells_uptime) uptime = truth.uptime(at);
  return machine_.step(read(truth.of(), seen, uptime), moment_of(at));
}

void watch::end_poll(const glimpse& seen, wall_time began) {
  polling_ = false;
  ++polls;
  last_began_ = began;
  const auto verdict = judge(seen, queue_.now());
  const bool nothing = logic::is_empty(verdict.news) && !verdict.again && seen == last_;
  equal_ = nothing ? equal_ + 1 : 0;
  last_ = seen;
  if (!logic::is_empty(verdict.news)) tell_(verdict.news);
  if (verdict.again && (!look_ || verdict.again->at < look_->at)) look_ = verdict.again;
  not_before_ = verdict.not_before;
  if (skips_ && equal_ >= enough_equal && !look_ && truth.look() == seen)
    resting_ = true;
  else
    schedule();
}

void watch::schedule() {
  const steady_time present = queue_.present().steady;
  steady_time at = logic::next_slot(truth.of().phase, interval, present);
  if (look_ && look_->at < at) at = std::max(look_->at, present);
  if (not_before_) at = std::max(at, *not_before_);
  wait_until(at);
}

void watch::wake() {
  if (!std::exchange(resting_, false)) return;
  equal_ = 0;
  const wall_time slot = wall_of(logic::next_slot(truth.of().phase, interval, queue_.present().steady - interval));
  if (slot <= last_began_) return schedule();
  skipped += static_cast<std::uint64_t>((slot - last_began_) / interval) - 1;
  if (slot + time_of(last_) > queue_.now()) { // it is under way
    polling_ = true;
    queue_.at(slot + time_of(last_), [this, seen = last_, slot] { end_poll(seen, slot); });
    return;
  }
  ++polls;
  last_began_ = slot;
  const auto verdict = judge(last_, slot + time_of(last_));
  if (!logic::is_empty(verdict.news) || verdict.again)
    throw std::logic_error("a poll that was left out would have changed something");
  schedule();
}

void watch::settle() {
  wake();
  const auto wish = machine_.settle(queue_.present());
  if (!look_ || wish.at < look_->at) look_ = wish;
  if (!polling_) schedule();
}

} // namespace ringdown::noise
