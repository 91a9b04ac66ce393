#include "actors/api/timing_table.hpp"

#include <algorithm>
#include <array>

namespace ringdown::api {

namespace {

// Zero would mean never, at once or endlessly where neither can be meant; 0 elsewhere switches a wait off.
constexpr auto never_zero = std::to_array<duration timing::*>(
    {&timing::poll_interval, &timing::login_pause, &timing::send_by, &timing::fire_deadline, &timing::resolve_deadline,
     &timing::retry_base, &timing::retry_cap, &timing::attempt_timeout, &timing::search_gap});

} // namespace

timing_override read_timing(const toml::table& table, const std::string& where, fault_list& faults) {
  constexpr std::int64_t most_polls = 1000;
  table_reader reader(table, where, faults);
  timing_override made;
  for (const timing_duration& one : timing_durations())
    if (const auto value = reader.span(std::string(one.name))) {
      if (*value == duration{} && std::ranges::find(never_zero, one.field) != never_zero.end())
        reader.fault(std::string(one.name), "must be above 0");
      made.spans.push_back({one.field, *value});
    }
  for (const timing_count& one : timing_counts())
    if (const auto value = reader.number(std::string(one.name), 1, most_polls))
      made.counts.push_back({one.field, static_cast<int>(*value)});
  reader.finish();
  return made;
}

} // namespace ringdown::api
