// Looks for what other nodes wrote as soon as there is word of it, and once a second anyway (S-K4). Lives as long as the
// looking: its end waits for the last look to be asked for.
#pragma once

#include "persistence/news.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace ringdown {

class news_watch {
public:
  // `look` is called on a thread of its own.
  news_watch(std::unique_ptr<persistence::news_waiter> at, std::function<void()> look)
      : at_(std::move(at)),
        watch_([this, look = std::move(look)] {
          while (!ended_) {
            look();
            at_->wait(std::chrono::seconds(1));
          }
        }) {}
  ~news_watch() {
    ended_ = true;
    at_->end();
    watch_.join();
  }
  news_watch(const news_watch&) = delete;
  news_watch& operator=(const news_watch&) = delete;

private:
  std::unique_ptr<persistence::news_waiter> at_;
  std::atomic<bool> ended_{false};
  std::thread watch_; // last: it uses the others
};

} // namespace ringdown
