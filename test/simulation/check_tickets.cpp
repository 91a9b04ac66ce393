// Tickets: one for each alert and episode, known by its reference, and each note once.
#include "test/simulation/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace ringdown::simulation {

namespace {

std::string reference_of(const delivery& row) {
  return row.alert.empty() ? "rd-" + row.id.str() : fmt::format("rd-{}-{}", row.alert.str(), row.episode);
}

} // namespace

void one_ticket_per_alert(const history& of, violations& found) {
  std::map<std::pair<channel_id, std::string>, delivery_id> opened;
  for (const auto& [id, story] : of.rows()) {
    if (!of.is_of(story.row.channel, channel_class::ticket)) continue;
    for (const auto& [at, one] : story.effects) {
      if (one.event != "create") continue;
      if (!one.key.starts_with(reference_of(story.row)))
        found.add(at, fmt::format("{} opened a ticket under the reference \"{}\"", words_of(story.row), one.key));
      const auto [before, first] = opened.try_emplace({story.row.channel, one.key}, id);
      if (!first && !of.was_taken_over(story.row.channel, story.row.alert))
        found.add(at, fmt::format("{} opened a second ticket for {}, after {}", words_of(story.row), one.key,
                                  before->second.str()));
    }
    const auto notes = std::ranges::count_if(story.effects, [](const auto& one) { return one.second.event == "note"; });
    if (notes > 1) found.add(story.made, fmt::format("{} is noted {} times", words_of(story.row), notes));
  }
}

} // namespace ringdown::simulation
