#include "protocol/types/time.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ringdown {

namespace {

using namespace std::chrono;

// Two, or four, decimal digits at the front of `rest`; -1 when they are not there.
int take_digits(std::string_view& rest, std::size_t count) {
  if (rest.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (rest[i] < '0' || rest[i] > '9') return -1;
    value = value * 10 + (rest[i] - '0');
  }
  rest.remove_prefix(count);
  return value;
}

bool take(std::string_view& rest, char wanted) {
  if (rest.empty() || rest.front() != wanted) return false;
  rest.remove_prefix(1);
  return true;
}

void put_digits(std::string& into, std::size_t from, std::size_t count, std::int64_t value) {
  for (std::size_t i = from + count; i-- > from; value /= 10) into[i] = static_cast<char>('0' + value % 10);
}

// ".123456789" as microseconds; what is finer is cut. Nothing there is zero; more than 12 digits is wrong.
std::optional<duration> take_fraction(std::string_view& rest) {
  if (!take(rest, '.')) return duration{};
  std::int64_t value = 0;
  std::size_t seen = 0;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    if (seen < 6) value = value * 10 + (rest.front() - '0');
    rest.remove_prefix(1);
    ++seen;
  }
  if (seen == 0 || seen > 12) return std::nullopt;
  for (std::size_t i = seen; i < 6; ++i) value *= 10;
  return duration{value};
}

// "", "Z", "+02:00", "-0530".
std::optional<minutes> take_offset(std::string_view rest) {
  if (rest.empty() || rest == "Z" || rest == "z") return minutes{0};
  const int sign = take(rest, '+') ? 1 : take(rest, '-') ? -1 : 0;
  const int hour = take_digits(rest, 2);
  take(rest, ':');
  const int minute = take_digits(rest, 2);
  if (sign == 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || !rest.empty()) return std::nullopt;
  return minutes{sign * (hour * 60 + minute)};
}

struct unit {
  std::string_view name;
  std::int64_t micros;
};
constexpr std::array<unit, 6> units{
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};
constexpr std::int64_t longest = std::int64_t{10} * 366 * 86'400'000'000;

} // namespace

// Several times for each transition: by hand it takes a tenth of what a format string takes.
std::string rfc3339(wall_time at) {
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const std::int64_t rest = (at - day).count();
  std::string text = "0000-00-00T00:00:00.000000Z";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, rest / 3'600'000'000);
  put_digits(text, 14, 2, rest / 60'000'000 % 60);
  put_digits(text, 17, 2, rest / 1'000'000 % 60);
  put_digits(text, 20, 6, rest % 1'000'000);
  return text;
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  const int y = take_digits(text, 4);
  if (y < 0 || !take(text, '-')) return std::nullopt;
  const int mo = take_digits(text, 2);
  if (mo < 0 || !take(text, '-')) return std::nullopt;
  const int d = take_digits(text, 2);
  if (d < 0 || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const int h = take_digits(text, 2);
  if (h < 0 || h > 23 || !take(text, ':')) return std::nullopt;
  const int mi = take_digits(text, 2);
  if (mi < 0 || mi > 59 || !take(text, ':')) return std::nullopt;
  const int s = take_digits(text, 2);
  if (s < 0 || s > 60) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!offset || !date.ok()) return std::nullopt;
  return wall_time{sys_days{date}} + hours{h} + minutes{mi} + seconds{s} + *fraction - *offset;
}

std::optional<duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0; // units come from the largest to the smallest, each at most once
  while (!text.empty()) {
    std::int64_t value = 0;
    std::size_t seen = 0;
    while (seen < text.size() && text[seen] >= '0' && text[seen] <= '9' && seen < 12)
      value = value * 10 + (text[seen++] - '0');
    if (seen == 0) return std::nullopt;
    text.remove_prefix(seen);
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    while (next_unit < units.size() && units[next_unit].name != text.substr(0, letters)) ++next_unit;
    if (next_unit == units.size() || value > longest / units[next_unit].micros) return std::nullopt;
    total += value * units[next_unit++].micros;
    text.remove_prefix(letters);
    if (total > longest) return std::nullopt;
  }
  return duration{total};
}

std::string format_duration(duration span) {
  std::int64_t rest = span.count();
  if (rest <= 0) return "0s";
  std::string text;
  for (const unit& one : units) {
    if (rest >= one.micros) text += std::to_string(rest / one.micros) + std::string(one.name);
    rest %= one.micros;
  }
  return text;
}

std::string words_for(duration span) {
  const std::int64_t total = std::max<std::int64_t>(span.count() / 1'000'000, 0);
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min", total / 60);
  const auto pair = [](std::int64_t big, std::string_view unit, std::int64_t small, std::string_view sub) {
    return small == 0 ? fmt::format("{} {}", big, unit) : fmt::format("{} {} {} {}", big, unit, small, sub);
  };
  if (total < 86'400) return pair(total / 3600, "h", total / 60 % 60, "min");
  return pair(total / 86'400, "d", total / 3600 % 24, "h");
}

} // namespace ringdown
