#include "actors/api/zone_loader.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <filesystem>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::int64_t first_year = 2020;
constexpr std::int64_t last_year = 2070;

// Abseil takes paths too, and names of its own making.
bool is_of_this_machine(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
  std::error_code none;
  return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name, none);
}

zone_shift shift_of(const absl::TimeZone& zone, absl::Time from) {
  const auto info = zone.At(from);
  std::string abbreviation = info.zone_abbr;
  if (abbreviation.starts_with('+') || abbreviation.starts_with('-')) abbreviation.insert(0, "UTC");
  return {from_micros(absl::ToUnixMicros(from)), std::chrono::seconds(info.offset), std::move(abbreviation)};
}

} // namespace

std::optional<zone_table> load_zone(const std::string& name) {
  absl::TimeZone zone;
  if (name == "UTC") return zone_table();
  if (!is_of_this_machine(name) || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  const absl::Time end = absl::FromCivil(absl::CivilSecond(last_year), zone);
  absl::Time at = absl::FromCivil(absl::CivilSecond(first_year), zone);
  zone_table made{shift_of(zone, at)};
  absl::TimeZone::CivilTransition next;
  while (zone.NextTransition(at, &next)) {
    at = zone.At(next.to).trans;
    if (at >= end) break;
    made.push_back(shift_of(zone, at));
  }
  return made;
}

} // namespace ringdown::api
