// A time zone as a table of values, so that whoever words a message needs nothing from the machine. Loaded where
// configuration is read (actors/api/zone_loader).
#pragma once

#include "protocol/types/time.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ringdown {

struct zone_shift {
  wall_time from;               // until the next shift
  std::chrono::seconds ahead{}; // of UTC
  std::string abbreviation;     // "CET"; "UTC-03" where the zone has no letters
  friend bool operator==(const zone_shift&, const zone_shift&) = default;
};

// Oldest first. Before the first and after the last shift these apply too; an empty one is UTC.
using zone_table = std::vector<zone_shift>;

[[nodiscard]] zone_shift shift_at(const zone_table& zone, wall_time at);

} // namespace ringdown
