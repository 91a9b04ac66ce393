// Runs simulated worlds from the command line: replays one, or goes through many.
//   ringdown-simulate --seed 7 [--trace]        one seed; --trace prints everything that happened
//   ringdown-simulate --seeds 500 [--from 1000] many; ends with 1 when a rule was broken or a run could not be replayed
//   with --cluster: worlds of several nodes
#include "test/simulation/simulate.hpp"

#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace ringdown::simulation;

struct arguments {
  std::map<std::string, std::uint64_t, std::less<>> numbers;
  bool trace = false;
  installation what = installation::one_node;
};

std::optional<arguments> read(int count, char** words) {
  arguments made;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      made.trace = true;
      continue;
    }
    if (word == "--cluster") {
      made.what = installation::several_nodes;
      continue;
    }
    const bool known = word == "--seed" || word == "--seeds" || word == "--from";
    if (!known || ++i == count) return std::nullopt;
    const std::string_view value = words[i];
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    made.numbers.emplace(word.substr(2), number);
  }
  return made.numbers.contains("seed") != made.numbers.contains("seeds") ? std::optional(made) : std::nullopt;
}

int replay(const arguments& given, workshop& from) {
  trace::writer print;
  if (given.trace) print = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  const verdict of = simulate(given.what, given.numbers.at("seed"), from, print);
  std::printf("%s%s\ntrace %016llx\n", to_text(of).c_str(), to_text(of.counted).c_str(),
              static_cast<unsigned long long>(of.hash));
  return of.violations.empty() ? 0 : 1;
}

int go_through(const arguments& given, workshop& from) {
  const auto from_seed = given.numbers.find("from");
  const std::uint64_t first = from_seed == given.numbers.end() ? 1 : from_seed->second;
  const std::uint64_t count = given.numbers.at("seeds");
  tally all;
  int broken = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const verdict of = simulate(given.what, seed, from);
    if (simulate(given.what, seed, from).hash != of.hash) {
      ++broken;
      std::printf("seed %llu cannot be replayed: %s\n", static_cast<unsigned long long>(seed),
                  first_difference(given.what, seed, from).value_or("only its number differs").c_str());
    }
    all.add(of.counted);
    if (of.violations.empty()) continue;
    ++broken;
    std::printf("%s", to_text(of).c_str());
    std::fflush(stdout);
  }
  std::printf("%s; %d broken\n", to_text(all).c_str(), broken);
  return broken == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
  const auto given = read(count, words);
  if (!given) {
    std::fprintf(stderr, "usage: ringdown-simulate [--cluster] --seed N [--trace] | --seeds N [--from N]\n");
    return 2;
  }
  workshop from;
  return given->numbers.contains("seed") ? replay(*given, from) : go_through(*given, from);
}
