#include "test/simulation/simulate.hpp"

#include "test/simulation/check_cluster.hpp"
#include "test/simulation/shard_story.hpp"
#include "test/simulation/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

namespace ringdown::simulation {

namespace {

tally tally_of(const history& of, std::uint64_t seed) {
  tally made;
  made.worlds = 1;
  made.lived = of.ended();
  for (const entry& one : of.entries()) {
    made.lives += std::holds_alternative<life_began>(one.what) ? 1 : 0;
    made.crashes += std::holds_alternative<actor_crashed>(one.what) ? 1 : 0;
    made.effects += std::holds_alternative<effect>(one.what) ? 1 : 0;
    made.commands += std::holds_alternative<command_kept>(one.what) ? 1 : 0;
  }
  made.rows = of.rows().size();
  // Of a critical version: until any channel has taken it, or a newer one. What was suppressed is no silence.
  std::map<std::pair<alert_id, std::uint32_t>, instant> heard;
  for (const auto& [id, story] : of.rows()) {
    if (story.row.level != severity::critical || story.row.event != notice_event::fired || story.effects.empty())
      continue;
    for (const auto& [other, about] : of.rows()) {
      if (about.effects.empty() || about.row.alert != story.row.alert || about.row.event != notice_event::fired ||
          about.row.version > story.row.version || about.made > story.effects.front().first)
        continue;
      const instant silence = story.effects.front().first - about.made;
      const auto [at, fresh] = heard.try_emplace({about.row.alert, about.row.version}, silence);
      if (!fresh) at->second = std::min(at->second, silence);
    }
  }
  for (const auto& [what, silence] : heard) {
    if (silence <= made.longest_silence) continue;
    made.longest_silence = silence;
    made.longest_at = fmt::format("seed {}, {} v{}", seed, what.first.str(), what.second);
  }
  return made;
}

std::vector<std::string> lines_of(installation what, std::uint64_t seed, workshop& from) {
  std::vector<std::string> lines;
  static_cast<void>(simulate(what, seed, from, [&](const std::string& line) { lines.push_back(line); }));
  return lines;
}

verdict of_one_node(std::uint64_t seed, workshop& from, trace& heard) {
  world lived(seed, from, heard);
  lived.run();
  const auto left = lived.open_store();
  const history all(lived.told(), lived.inhabitants(), lived.now(), lived.wall(), *left);
  return {seed, heard.hash(), check_all(all), tally_of(all, seed)};
}

void append(std::vector<violation>& to, std::vector<violation> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Each shard by the rules of one node, then what no shard can say by itself.
verdict of_several_nodes(std::uint64_t seed, workshop& from, trace& heard) {
  scene in;
  in.nodes = 2 + seed % 3;
  world lived(seed, from, heard, in);
  lived.run();
  const auto left = lived.open_store();
  const seating& seated = lived.nodes()->seated();
  verdict made{seed, heard.hash(), {}, {}};
  for (shard_id shard = 0; shard < seated.shards; ++shard) {
    const shard_story story(shard, lived.told(), seated, lived.inhabitants());
    const wall_time wall = lived.wall() + std::chrono::duration_cast<duration>(story.wrong_by());
    const history all(story.told(), story.inhabitants(), lived.now(), wall, *left);
    append(made.violations, check_all(all));
    made.counted.add(tally_of(all, seed));
  }
  append(made.violations, check_cluster({lived.told(), seated, lived.inhabitants(), lived.now()}));
  for (const std::string& wrong : lived.nodes()->wrong())
    made.violations.push_back({"S-K1 leases are believed in rightly", lived.now(), wrong});
  made.counted.worlds = 1;
  made.counted.lived = lived.now();
  return made;
}

} // namespace

void tally::add(const tally& more) {
  worlds += more.worlds;
  lived += more.lived;
  lives += more.lives;
  crashes += more.crashes;
  rows += more.rows;
  effects += more.effects;
  commands += more.commands;
  if (more.longest_silence > longest_silence) {
    longest_silence = more.longest_silence;
    longest_at = more.longest_at;
  }
}

std::string to_text(const tally& all) {
  return fmt::format(
      "{} seeds, {:.1f} virtual hours, {} lives of the process, {} crashes of actors, {} deliveries, {} effects, {} "
      "commands; longest silence {:.1f} s ({})",
      all.worlds, std::chrono::duration<double, std::ratio<3600>>(all.lived).count(), all.lives, all.crashes, all.rows,
      all.effects, all.commands, std::chrono::duration<double>(all.longest_silence).count(), all.longest_at);
}

std::string to_text(const verdict& of) {
  std::string text;
  for (const violation& one : of.violations)
    text += fmt::format("seed {} {} {}: {}\n", of.seed, clock_text(one.at), one.rule, one.what);
  return text;
}

verdict simulate(installation what, std::uint64_t seed, workshop& from, const trace::writer& write) {
  trace heard(write);
  return what == installation::one_node ? of_one_node(seed, from, heard) : of_several_nodes(seed, from, heard);
}

std::optional<std::string> first_difference(installation what, std::uint64_t seed, workshop& from) {
  const auto one = lines_of(what, seed, from);
  const auto other = lines_of(what, seed, from);
  const auto [a, b] = std::ranges::mismatch(one, other);
  if (a == one.end() && b == other.end()) return std::nullopt;
  return fmt::format("line {}:\n- {}\n+ {}", a - one.begin() + 1, a == one.end() ? "(the end)" : *a,
                     b == other.end() ? "(the end)" : *b);
}

} // namespace ringdown::simulation
