// Something that must have ended by then, or else. Lives as long as the waiting: its end calls the watch off.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace ringdown {

class deadline {
public:
  // `passed` is called on a thread of its own.
  deadline(std::chrono::milliseconds within, std::function<void()> passed)
      : watch_([this, within, passed = std::move(passed)] {
          std::unique_lock hold(guard_);
          if (!changed_.wait_for(hold, within, [this] { return met_; })) passed();
        }) {}
  ~deadline() {
    {
      const std::lock_guard hold(guard_);
      met_ = true;
    }
    changed_.notify_all();
    watch_.join();
  }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

private:
  std::mutex guard_;
  std::condition_variable changed_;
  bool met_ = false;
  std::thread watch_; // last: it uses the others
};

} // namespace ringdown
