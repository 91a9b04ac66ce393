// Time as values. Nothing here reads a clock: only actors/clock.hpp, actors/net, persistence/secrets, bin and test do.
//   wall_time    UTC, what people and PBXes say; stored and shown. May jump.
//   steady_time  intervals and deadlines on this machine; never compared across a restart.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

using duration = std::chrono::microseconds;
using wall_time = std::chrono::sys_time<std::chrono::microseconds>;
using steady_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// Both clocks read at one moment; what logic is given as `now`.
struct moment {
  wall_time wall;
  steady_time steady;
};

// "2026-11-24T12:34:56.123456Z": always UTC, always six digits.
[[nodiscard]] std::string rfc3339(wall_time at);

// ISO 8601 as PBXes and people write it: 0-12 fractional digits, `Z` or a numeric offset; anything else is nullopt.
// A time without any offset is taken as UTC (v18 and TrunkRegTimes write such).
[[nodiscard]] std::optional<wall_time> parse_rfc3339(std::string_view text);

// "250ms", "10s", "3m", "1h30m", "2d": what configuration files write. Nothing negative, nothing above 10 years.
[[nodiscard]] std::optional<duration> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(duration span); // exact, in the same grammar
[[nodiscard]] std::string words_for(duration span);       // for people: "31 min", "2 h 5 min", "45 s"

[[nodiscard]] inline std::int64_t micros(wall_time at) { return at.time_since_epoch().count(); }
[[nodiscard]] inline wall_time from_micros(std::int64_t count) { return wall_time{duration{count}}; }

} // namespace ringdown
