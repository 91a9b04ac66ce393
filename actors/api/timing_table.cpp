#include "actors/api/timing_table.hpp"

namespace ringdown::api {

timing_override read_timing(const toml::table& table, const std::string& where, fault_list& faults) {
  constexpr std::int64_t most_polls = 1000;
  table_reader reader(table, where, faults);
  timing_override made;
  for (const timing_duration& one : timing_durations())
    if (const auto value = reader.span(std::string(one.name))) made.spans.push_back({one.field, *value});
  for (const timing_count& one : timing_counts())
    if (const auto value = reader.number(std::string(one.name), 1, most_polls)) made.counts.push_back({one.field, static_cast<int>(*value)});
  reader.finish();
  return made;
}

} // namespace ringdown::api
