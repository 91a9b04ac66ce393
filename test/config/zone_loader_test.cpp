#include "actors/api/zone_loader.hpp"

#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::api;
using namespace std::chrono_literals;

namespace {

zone_shift there(const std::string& zone, const std::string& utc) {
  return shift_at(load_zone(zone).value(), *parse_rfc3339(utc));
}

} // namespace

TEST_CASE("A zone's table has each change of its clocks, to the second") {
  struct row {
    std::string zone;
    std::string utc;
    std::chrono::seconds ahead;
    std::string abbreviation;
  };
  const std::vector<row> table{{"Europe/Berlin", "2026-10-25T00:59:59Z", 2h, "CEST"},
                               {"Europe/Berlin", "2026-10-25T01:00:00Z", 1h, "CET"},
                               {"Europe/Berlin", "2027-03-28T00:59:59Z", 1h, "CET"},
                               {"Europe/Berlin", "2027-03-28T01:00:00Z", 2h, "CEST"},
                               {"Europe/Berlin", "2055-07-01T12:00:00Z", 2h, "CEST"},
                               {"America/New_York", "2026-11-01T05:59:59Z", -4h, "EDT"},
                               {"America/New_York", "2026-11-01T06:00:00Z", -5h, "EST"},
                               {"Asia/Kolkata", "2026-06-01T00:00:00Z", 5h + 30min, "IST"},
                               {"America/Sao_Paulo", "2026-06-01T00:00:00Z", -3h, "UTC-03"},
                               {"UTC", "2026-06-01T00:00:00Z", 0h, "UTC"}};
  for (const row& one : table) {
    INFO(one.zone << " at " << one.utc);
    const zone_shift found = there(one.zone, one.utc);
    CHECK(found.ahead == one.ahead);
    CHECK(found.abbreviation == one.abbreviation);
  }
}

TEST_CASE("What is no zone of this machine is told apart") {
  for (const std::string name :
       {"Mars/Olympus", "../passwd", "/etc/passwd", "", "Europe", "Europe/../UTC", "zone.tab"}) {
    INFO(name);
    CHECK_FALSE(load_zone(name));
  }
}
