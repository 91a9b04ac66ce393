// What one of several nodes does at its start while the database that they share is asked, is away, or lets a step to a newer
// schema wait: signals are heard, systemd hears that the start goes on, the log says why. Main thread.
#pragma once

#include "actors/log.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/result.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <random>
#include <string>

namespace ringdown {

class database_wait {
public:
  // `read` gives the daemon's file as it is now; a problem is said in words.
  using read_file = std::function<result<node_config>()>;

  database_wait(node_config config, const sigset_t& signals, read_file read, log_sink& log);

  // On a thread of its own, and returns when that is over. A signal to stop ends the process at once: nothing is held yet that
  // wants an orderly end, and what hangs may hang for minutes.
  void beside(const std::function<void()>& ask);
  // A second or two later: with what to try next. The file may have been mended; where it cannot be used, it stays as it was.
  [[nodiscard]] node_config after(const failure& why, const std::string& address);

private:
  void hear_signals(std::chrono::nanoseconds within);
  void goes_on(const char* status);
  void complain(const std::string& event, const std::string& words);

  node_config config_;
  const sigset_t& signals_;
  read_file read_;
  log_sink& log_;
  std::mt19937 dice_{std::random_device{}()};
  std::string said_;
  std::string complained_;
  std::chrono::steady_clock::time_point said_at_ = std::chrono::steady_clock::time_point::min();
  bool reload_asked_ = false; // by SIGHUP, since the file was read
  std::chrono::steady_clock::time_point notify_again_;
};

} // namespace ringdown
