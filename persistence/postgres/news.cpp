#include "persistence/postgres/news.hpp"

#include "persistence/posix_failure.hpp"
#include "persistence/postgres/pq.hpp"

#include <poll.h>
#include <sys/eventfd.h>
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

using std::chrono::steady_clock;

struct notification {
  ~notification() { PQfreemem(held); }
  PGnotify* held;
};

class postgres_news final : public news_waiter {
public:
  postgres_news(std::string url, int ended) : url_(std::move(url)), ended_(ended) {}
  ~postgres_news() override { ::close(ended_); }
  postgres_news(const postgres_news&) = delete;
  postgres_news& operator=(const postgres_news&) = delete;

  void wait(duration patience) override {
    const auto until = steady_clock::now() + patience;
    if (!held_) connect();
    while (!heard()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
      if (left.count() <= 0) return;
      // Without a session there is only the end to be heard.
      std::array<pollfd, 2> watched{{{ended_, POLLIN, 0}, {held_ ? PQsocket(held_.get()) : -1, POLLIN, 0}}};
      static_cast<void>(::poll(watched.data(), watched.size(), static_cast<int>(left.count())));
      if (watched[0].revents != 0) return;
    }
  }

  void end() override {
    const std::uint64_t one = 1;
    static_cast<void>(::write(ended_, &one, sizeof one)); // fails only when it has been said often enough
  }

private:
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
  session held_;
};

} // namespace

result<std::unique_ptr<news_waiter>> wait_for_postgres_news(std::string url) {
  const int ended = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (ended < 0) return failure{kind_of_errno(errno), std::string("no event: ") + std::strerror(errno)};
  return std::unique_ptr<news_waiter>(std::make_unique<postgres_news>(std::move(url), ended));
}

} // namespace ringdown::persistence
