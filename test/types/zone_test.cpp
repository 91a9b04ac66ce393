#include "protocol/types/zone.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace std::chrono_literals;

TEST_CASE("the shift that applies is the last one begun; what lies outside the table has its ends") {
  const wall_time change = *parse_rfc3339("2026-10-25T01:00:00Z");
  const zone_shift summer{change - 24h * 200, 2h, "CEST"};
  const zone_shift winter{change, 1h, "CET"};
  const zone_table zone{summer, winter};
  CHECK(shift_at(zone, change - 24h * 400) == summer);
  CHECK(shift_at(zone, change - 1us) == summer);
  CHECK(shift_at(zone, change) == winter);
  CHECK(shift_at(zone, change + 24h * 4000) == winter);
  CHECK(shift_at({}, change).abbreviation == "UTC");
  CHECK(shift_at({}, change).ahead == 0s);
}
