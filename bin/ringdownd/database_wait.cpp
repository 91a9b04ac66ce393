#include "bin/ringdownd/database_wait.hpp"

#include "actors/api/reload.hpp"

#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <future>
#include <utility>

namespace ringdown {

namespace {

using namespace std::chrono_literals;

// As long as the unit gives a start (deploy/ringdown.service), counted anew each time: a step to a newer schema may take it.
constexpr std::chrono::microseconds start_takes = 15min;

} // namespace

database_wait::database_wait(node_config config, const sigset_t& signals, read_file read, log_sink& log)
    : config_(std::move(config)),
      signals_(signals),
      read_(std::move(read)),
      log_(log) {}

void database_wait::beside(const std::function<void()>& ask) {
  auto over = std::async(std::launch::async, ask);
  const auto begun = std::chrono::steady_clock::now();
  auto say_at = begun + 10s;
  while (over.wait_for(10ms) != std::future_status::ready) {
    hear_signals(0ns);
    goes_on("the database is asked");
    const auto present = std::chrono::steady_clock::now();
    if (present < say_at) continue;
    say_at = present + 1min;
    const auto asked_for = std::chrono::floor<std::chrono::seconds>(present - begun);
    log_.warning(
        "database_silent",
        {{"for", std::to_string(asked_for.count()) + "s"},
         {"says",
          "it has not answered yet, or is brought to a newer schema; this node runs nothing and sends nothing"}});
  }
  over.get();
  // Nobody reads the file again where this was the last try.
  if (std::exchange(reload_asked_, false)) static_cast<void>(std::raise(SIGHUP));
}

node_config database_wait::after(const failure& why, const std::string& address) {
  goes_on("waiting for the database");
  const auto present = std::chrono::steady_clock::now();
  if ((why.detail != said_ && present >= said_at_ + 10s) || present >= said_at_ + 1min) {
    said_ = why.detail;
    said_at_ = present;
    log_.warning("database_away", {{"error", why.detail},
                                   {"listen", address},
                                   {"says", "waiting for it; this node runs nothing and sends nothing"}});
  }
  hear_signals(1s + std::chrono::nanoseconds(std::uniform_int_distribution<long>(0, 1'000'000'000)(dice_)));
  auto fresh = read_();
  reload_asked_ = false;
  if (!fresh) {
    complain("reload_refused", fresh.error().detail);
  } else if (!fresh->is_one_of_several() || fresh->state_dir != config_.state_dir ||
             fresh->http_listen != config_.http_listen || fresh->log_as != config_.log_as) {
    std::string keys;
    for (const std::string& key : api::keys_for_a_start(config_, *fresh)) keys += (keys.empty() ? "" : ",") + key;
    complain("reload_needs_restart", keys);
  } else {
    complained_.clear();
    config_ = std::move(*fresh);
  }
  return config_;
}

void database_wait::hear_signals(std::chrono::nanoseconds within) {
  const timespec wait{std::chrono::duration_cast<std::chrono::seconds>(within).count(), (within % 1s).count()};
  const int caught = sigtimedwait(&signals_, nullptr, &wait);
  reload_asked_ = reload_asked_ || caught == SIGHUP;
  if (caught != SIGTERM && caught != SIGINT) return;
  log_.last_words("stopping", {{"says", "before the start was over"}});
  std::_Exit(0);
}

void database_wait::goes_on(const char* status) {
  const auto present = std::chrono::steady_clock::now();
  if (present < notify_again_) return;
  notify_again_ = present + 1s;
  sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld\nSTATUS=%s", static_cast<long long>(start_takes.count()), status);
}

// Once, until it is mended or something else is wrong.
void database_wait::complain(const std::string& event, const std::string& words) {
  if (std::exchange(complained_, event + words) == event + words) return;
  if (event == "reload_refused")
    log_.error(event, {{"error", words}});
  else
    log_.warning(event, {{"keys", words}});
}

} // namespace ringdown
