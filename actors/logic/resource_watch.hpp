// One resource as the instance machine watches it: a flip to the worse is believed at the second look, a recovery at the
// second good poll, and Unknown changes nothing (PRODUCT A-04..A-09, L-02, D-06). Pure.
#pragma once

#include "protocol/types/resource.hpp"
#include "protocol/types/severity.hpp"
#include "protocol/types/time.hpp"
#include "protocol/types/timing.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace ringdown::logic {

// What one poll says of a resource.
struct sight {
  condition now = condition::unknown;  // ok, failing or unknown
  severity level = severity::critical; // when failing
  cause why = cause::none;
};

enum class watch_news : std::uint8_t { nothing, confirm_soon, recover_soon, failed, level_changed, recovered };

class resource_watch {
public:
  // `told`: an alert of it is open already, at `level`.
  void resume(bool told, severity level) {
    told_ = told;
    level_ = level;
    unseen_ = false;
  }
  // Judge one sight; `failed`, `level_changed` and `recovered` are believed from now on.
  [[nodiscard]] watch_news look(const sight& seen, const timing& times, moment now);
  // Whether its open alert is out of sight (S-A2); true when that changed.
  [[nodiscard]] bool note_unseen(bool unseen) { return told_ && std::exchange(unseen_, unseen) != unseen; }
  [[nodiscard]] bool unseen() const { return unseen_; }
  // A wider alert speaks for it while it fails: it is down, and not told by itself.
  void cover();
  void cover(wall_time since) {
    cover();
    since_ = since;
  }
  // The wider alert is over; it speaks for itself again from now on.
  void uncover();
  [[nodiscard]] bool covered() const { return covered_; }
  [[nodiscard]] bool told() const { return told_; }
  [[nodiscard]] severity level() const { return level_; }
  [[nodiscard]] bool in_doubt() const { return doubt_.has_value(); }
  // When the present failing was first seen; only while in doubt, covered or just believed.
  [[nodiscard]] wall_time failing_since() const { return since_; }
  void forget_doubt() { doubt_.reset(); }
  // It was seen failing where that is not judged yet: a recovery begins anew.
  void forget_recovery() { good_ = 0; }

private:
  std::optional<steady_time> doubt_; // first sight of a failing not yet believed
  wall_time since_;
  bool told_ = false;
  bool covered_ = false;
  bool unseen_ = false;
  severity level_ = severity::info;
  std::uint8_t good_ = 0; // good polls in a row while told
};

// Thresholds with samples and hysteresis (S-A3, A-08): percent in, level out.
class call_watch {
public:
  void resume(bool told, severity level) {
    if (told) level_ = level;
  }
  // The level after this sample; nullopt: below all.
  [[nodiscard]] std::optional<severity> look(int percent, int warning, int critical, int hysteresis, int samples);
  [[nodiscard]] std::optional<severity> level() const { return level_; }

private:
  std::optional<severity> level_;
  int at_critical_ = 0;
  int at_warning_ = 0;
  int under_critical_ = 0;
  int under_warning_ = 0;
};

} // namespace ringdown::logic
