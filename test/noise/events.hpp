// Virtual time: what is to happen, in order. Equal times go by who asked first.
#pragma once

#include "test/noise/plan.hpp"

#include <functional>
#include <map>
#include <utility>

namespace ringdown::noise {

class events {
public:
  void at(wall_time when, std::function<void()> what) {
    waiting_.emplace(std::pair(std::max(when, now_), ++asked_), std::move(what));
  }
  void after(duration span, std::function<void()> what) { at(now_ + span, std::move(what)); }

  void run(wall_time until) {
    while (!waiting_.empty() && waiting_.begin()->first.first <= until) {
      const auto next = waiting_.extract(waiting_.begin());
      now_ = next.key().first;
      next.mapped()();
    }
    now_ = until;
  }
  [[nodiscard]] wall_time now() const { return now_; }
  [[nodiscard]] moment present() const { return moment_of(now_); }

private:
  std::map<std::pair<wall_time, std::uint64_t>, std::function<void()>> waiting_;
  std::uint64_t asked_ = 0;
  wall_time now_ = beginning;
};

} // namespace ringdown::noise
