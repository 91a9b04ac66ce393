#include "protocol/types/time.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

namespace ringdown {

namespace {

using namespace std::chrono_literals;

constexpr wall_time at_start{duration{1'795'523'696'123'456}}; // 2026-11-24T12:34:56.123456Z

} // namespace

TEST_CASE("a time is written as UTC with six digits") {
  CHECK(rfc3339(at_start) == "2026-11-24T12:34:56.123456Z");
  CHECK(rfc3339(from_micros(0)) == "1970-01-01T00:00:00.000000Z");
  CHECK(rfc3339(from_micros(-1)) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("a time is read as PBXes and people write it") {
  const auto text =
      GENERATE(as<std::string>{}, "2026-11-24T12:34:56.123456Z", "2026-11-24T12:34:56.123456",
               "2026-11-24 12:34:56.123456z", "2026-11-24T14:34:56.123456+02:00", "2026-11-24T07:04:56.123456-0530",
               "2026-11-24T12:34:56.123456789Z", "2026-11-24T12:34:56.123456789012Z");
  INFO(text);
  CHECK(parse_rfc3339(text) == at_start);
}

TEST_CASE("a fraction may be short or missing") {
  CHECK(parse_rfc3339("1970-01-01T00:00:01Z") == from_micros(1'000'000));
  CHECK(parse_rfc3339("1970-01-01T00:00:01.5Z") == from_micros(1'500'000));
}

TEST_CASE("what is no time is none") {
  const auto text =
      GENERATE(as<std::string>{}, "", "now", "2026-11-24", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
               "2026-11-24T24:00:00Z", "2026-11-24T12:60:00Z", "2026-11-24T12:34:61Z", "2026-11-24T12:34:56.Z",
               "2026-11-24T12:34:56.1234567890123Z", "2026-11-24T12:34:56+25:00", "2026-11-24T12:34:56 Z",
               "2026-11-24T12:34:56Zx", "02026-11-24T12:34:56Z", "-026-11-24T12:34:56Z");
  INFO(text);
  CHECK_FALSE(parse_rfc3339(text).has_value());
}

TEST_CASE("every time of this age reads back as written") {
  CHECK(rc::check([] {
    const wall_time at = from_micros(*rc::gen::inRange<std::int64_t>(-30'000'000'000'000'000, 200'000'000'000'000'000));
    RC_ASSERT(parse_rfc3339(rfc3339(at)) == at);
  }));
}

TEST_CASE("durations are read in their grammar") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("3m") == 3min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("0s") == 0s);
}

TEST_CASE("what is no duration is none") {
  const auto text = GENERATE(as<std::string>{}, "", "10", "s", "-5s", "1.5h", "10 s", "5x", "1m1h", "1s1s", "20000d",
                             "999999999999d", "1hour");
  INFO(text);
  CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("every duration up to ten years reads back as written") {
  CHECK(rc::check([] {
    const duration span{*rc::gen::inRange<std::int64_t>(0, std::int64_t{3650} * 86'400'000'000)};
    RC_ASSERT(parse_duration(format_duration(span)) == span);
  }));
}

TEST_CASE("durations for people are short") {
  CHECK(words_for(-1s) == "0 s");
  CHECK(words_for(45s) == "45 s");
  CHECK(words_for(31min + 20s) == "31 min");
  CHECK(words_for(2h) == "2 h");
  CHECK(words_for(2h + 5min) == "2 h 5 min");
  CHECK(words_for(49h) == "2 d 1 h");
}

} // namespace ringdown
