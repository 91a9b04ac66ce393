#include "persistence/postgres/news.hpp"

#include "persistence/posix_failure.hpp"
#include "persistence/postgres/pq.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

namespace ringdown::persistence {

namespace {

struct notification {
  ~notification() { PQfreemem(held); }
  PGnotify* held;
};

class postgres_news final : public news_waiter {
public:
  postgres_news(std::string url, int ended, int timer) : url_(std::move(url)), ended_(ended), timer_(timer) {}
  ~postgres_news() override {
    ::close(ended_);
    ::close(timer_);
  }
  postgres_news(const postgres_news&) = delete;
  postgres_news& operator=(const postgres_news&) = delete;

  void wait(duration patience) override {
    set_timer(patience);
    if (!held_) connect();
    while (!heard()) {
      // Without a session there is only its end or the timer's to be heard.
      std::array<pollfd, 3> watched{
          {{ended_, POLLIN, 0}, {timer_, POLLIN, 0}, {held_ ? PQsocket(held_.get()) : -1, POLLIN, 0}}};
      static_cast<void>(::poll(watched.data(), watched.size(), -1));
      if (watched[0].revents != 0 || watched[1].revents != 0) return;
    }
  }

  void end() override {
    const std::uint64_t one = 1;
    static_cast<void>(::write(ended_, &one, sizeof one)); // fails only when it has been said often enough
  }

private:
  void set_timer(duration patience) const {
    const auto nanos = std::max(std::chrono::nanoseconds(patience), std::chrono::nanoseconds(1)); // zero would stop it
    const auto whole = std::chrono::floor<std::chrono::seconds>(nanos);
    const itimerspec once{{}, {whole.count(), (nanos - whole).count()}};
    static_cast<void>(::timerfd_settime(timer_, 0, &once, nullptr)); // fails only for times that are none
  }

  // Whoever cannot listen looks once a second: the store says what is wrong.
  void connect() {
    const auto made = guard([&]() -> result<void> {
      session fresh = begin_session(url_, open_mode::reader);
      run_text(fresh.get(), "listen \"" + one_text(fresh.get(), "select " RINGDOWN_NEWS_CHANNEL) + "\"");
      held_ = std::move(fresh);
      return {};
    });
    if (!made) held_.reset();
  }

  bool heard() {
    if (!held_) return false;
    if (PQconsumeInput(held_.get()) != 1) {
      held_.reset();
      return false;
    }
    bool any = false;
    while (PGnotify* one = PQnotifies(held_.get())) {
      const notification read{one};
      any = true;
    }
    return any;
  }

  std::string url_;
  int ended_; // readable once it is over
  int timer_; // readable once the patience has ended
  session held_;
};

} // namespace

result<std::unique_ptr<news_waiter>> wait_for_postgres_news(std::string url) {
  const int ended = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (ended < 0) return failure{kind_of_errno(errno), std::string("no event: ") + std::strerror(errno)};
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timer < 0) {
    const failure why{kind_of_errno(errno), std::string("no timer: ") + std::strerror(errno)};
    ::close(ended);
    return why;
  }
  return std::unique_ptr<news_waiter>(std::make_unique<postgres_news>(std::move(url), ended, timer));
}

} // namespace ringdown::persistence
