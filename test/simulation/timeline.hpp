// The world's one true clock and what is to happen when. Clocks that people and programs read are derived from it: the
// steady and the boot clock run with it, the wall clock may be wrong by any amount.
#pragma once

#include "protocol/types/time.hpp"
#include "test/simulation/journal.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace ringdown::simulation {

class timeline {
public:
  [[nodiscard]] instant now() const { return now_; }
  [[nodiscard]] moment seen() const {
    return {truth() + std::chrono::duration_cast<duration>(wrong_by_), steady_time{booted_ago + now_}};
  }
  [[nodiscard]] instant boot() const { return booted_ago + now_; }
  // What PBXes, whose clocks are right, call now.
  [[nodiscard]] wall_time truth() const { return begun + std::chrono::duration_cast<duration>(now_); }

  void jump(instant by) { wrong_by_ += by; }
  [[nodiscard]] instant wrong_by() const { return wrong_by_; }

  void at(instant when, std::function<void()> what) { due_.emplace(std::pair(when, ++asked_), std::move(what)); }
  void after(instant span, std::function<void()> what) { at(now_ + span, std::move(what)); }
  [[nodiscard]] std::optional<instant> next() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first.first);
  }
  // Nothing is due before `when`.
  void advance_to(instant when) { now_ = when; }
  // Does the first thing that is due; false when none is.
  bool do_one() {
    if (due_.empty() || due_.begin()->first.first > now_) return false;
    const auto what = std::move(due_.extract(due_.begin()).mapped());
    what();
    return true;
  }

private:
  static constexpr wall_time begun{std::chrono::microseconds{1'795'000'000'000'000}};
  static constexpr instant booted_ago = std::chrono::hours(30);

  instant now_{};
  instant wrong_by_{};
  std::uint64_t asked_ = 0;
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> due_; // equal times: first asked, first done
};

} // namespace ringdown::simulation
