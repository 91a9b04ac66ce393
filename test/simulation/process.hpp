// The fate of the process that lives now: whether it is dead already, and what of its handlers is to fail. A killed process
// changes nothing any more: whoever is its way to the outside (store, http port, log) asks `dead` first.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ringdown::simulation {

enum class moment_of_death : std::uint8_t { before, after };

class process {
public:
  // Dies when so many more of these have passed, before or after the last one.
  struct countdown {
    int left = 0; // 0: not armed
    moment_of_death when = moment_of_death::before;
  };

  [[nodiscard]] bool dead() const { return dead_; }
  [[nodiscard]] const std::string& how() const { return how_; }
  void die(std::string how) {
    if (dead_) return;
    dead_ = true;
    how_ = std::move(how);
  }

  void arm_write(countdown one) { write_ = one; }
  void arm_send(countdown one) { send_ = one; }
  void arm_job(int after) { job_ = {after, moment_of_death::after}; }
  // True: it is to be done. The caller says afterwards that it is done.
  [[nodiscard]] bool may_write() { return may(write_, "before a commit"); }
  void wrote() { did(write_, "after a commit"); }
  [[nodiscard]] bool may_send() { return may(send_, "before a byte left"); }
  void sent() { did(send_, "after a request left"); }
  void ran() {
    if (job_.left > 0 && --job_.left == 0) die("killed between handlers");
  }

  // A handler that passes this place for the n-th time from now fails with an exception.
  void arm_throw(std::string place, int after) {
    place_ = std::move(place);
    until_throw_ = after;
  }
  void pass(std::string_view place) {
    if (dead_ || until_throw_ == 0 || place != place_ || --until_throw_ > 0) return;
    throw std::runtime_error("planted at " + place_);
  }

  void disarm() {
    write_ = send_ = job_ = {};
    until_throw_ = 0;
  }

private:
  bool may(countdown& one, const char* where) {
    if (dead_) return false;
    if (one.left == 1 && one.when == moment_of_death::before) die(std::string("killed ") + where);
    return !dead_;
  }
  void did(countdown& one, const char* where) {
    if (one.left > 0 && --one.left == 0) die(std::string("killed ") + where);
  }

  bool dead_ = false;
  std::string how_;
  countdown write_;
  countdown send_;
  countdown job_;
  std::string place_;
  int until_throw_ = 0;
};

} // namespace ringdown::simulation
