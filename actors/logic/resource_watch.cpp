#include "actors/logic/resource_watch.hpp"

namespace ringdown::logic {

namespace {

// A timer may fire a little early; a confirmation asked for at +10 s counts at +9.9 s.
constexpr std::int64_t early_parts = 50;

} // namespace

watch_news resource_watch::look(const sight& seen, const timing& times, moment now) {
  if (seen.now == condition::unknown) {
    good_ = 0;
    // Asked once soon; what stays unknown waits for the regular polls.
    return doubt_ && now.steady - *doubt_ < times.confirm_after ? watch_news::confirm_soon : watch_news::nothing;
  }
  if (seen.now == condition::ok) {
    doubt_.reset();
    covered_ = false;
    if (!told_) return watch_news::nothing;
    if (++good_ < times.confirm_recovery_polls) return watch_news::recover_soon;
    told_ = false;
    unseen_ = false;
    good_ = 0;
    return watch_news::recovered;
  }
  good_ = 0;
  if (covered_) return watch_news::nothing;
  if (told_) {
    if (seen.level == level_) return watch_news::nothing;
    level_ = seen.level;
    unseen_ = false;
    return watch_news::level_changed;
  }
  if (!doubt_) {
    doubt_ = now.steady;
    since_ = now.wall;
    return watch_news::confirm_soon;
  }
  const auto waited = now.steady - *doubt_;
  if (waited < times.confirm_after - times.confirm_after / early_parts) return watch_news::confirm_soon;
  doubt_.reset();
  told_ = true;
  unseen_ = false;
  level_ = seen.level;
  return watch_news::failed;
}

void resource_watch::cover() {
  covered_ = true;
  told_ = false;
}

void resource_watch::uncover() {
  covered_ = false;
  told_ = true;
}

std::optional<severity> call_watch::look(int percent, int warning, int critical, int hysteresis, int samples) {
  const auto run = [](int& count, bool holds) { count = holds ? count + 1 : 0; };
  run(at_critical_, percent >= critical);
  run(at_warning_, percent >= warning);
  run(under_critical_, percent <= critical - hysteresis);
  run(under_warning_, percent <= warning - hysteresis);
  const bool falls = under_critical_ >= samples && level_ == severity::critical;
  const bool opens = at_warning_ >= samples && !level_;
  if (at_critical_ >= samples) {
    level_ = severity::critical;
  } else if (under_warning_ >= samples) {
    level_.reset();
  } else if (opens || falls) {
    level_ = severity::warning;
  }
  return level_;
}

} // namespace ringdown::logic
