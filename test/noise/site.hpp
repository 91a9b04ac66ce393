// A PBX as it is now, and what a poll reads of it.
#pragma once

#include "protocol/types/observation.hpp"
#include "test/noise/plan.hpp"

#include <optional>
#include <vector>

namespace ringdown::noise {

// All that differs between two polls of one PBX.
struct glimpse {
  silence how = silence::none;
  std::uint32_t trunks_down = 0; // a bit each
  std::uint32_t sbcs_down = 0;
  std::uint32_t services_down = 0;
  bool full = false;
  int version = 0;
  friend bool operator==(const glimpse&, const glimpse&) = default;
};

class site {
public:
  explicit site(const pbx& of) : of_(of) {}

  void begin(const spell& of);
  void end(const spell& of, wall_time now);
  [[nodiscard]] glimpse look() const;
  [[nodiscard]] duration uptime(wall_time now) const { return now - booted_; }
  [[nodiscard]] const pbx& of() const { return of_; }

private:
  int& count_of(const spell& of);

  pbx of_;
  std::vector<silence> silent_;
  std::vector<int> trunks_ = std::vector<int>(carriers);
  std::vector<int> sbcs_ = std::vector<int>(2);
  std::vector<int> services_ = std::vector<int>(2);
  int full_ = 0;
  int version_ = 0;
  wall_time booted_ = beginning - std::chrono::hours(24 * 9);
};

// `uptime`: its machine was asked for it, and said so.
[[nodiscard]] observation read(const pbx& of, const glimpse& seen, std::optional<duration> uptime);
// How long a poll takes.
[[nodiscard]] duration time_of(const glimpse& seen);

} // namespace ringdown::noise
