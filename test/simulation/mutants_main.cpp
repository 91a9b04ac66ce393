// Lets every mutant live in simulated worlds until a rule catches it; ends with 1 when fewer than 95 % are caught.
//   test_mutants [NAME...] [--seeds N]     only these; N worlds each at most (250)
#include "test/simulation/mutants.hpp"
#include "test/simulation/simulate.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace ringdown::simulation;

constexpr unsigned longest = 300; // seconds of one mutant: whoever runs for ever is caught by that

// One per process that lives a mutant: set before its worlds begin, never changed.
std::string_view& planted() {
  static std::string_view name;
  return name;
}

// The first rule that a world breaks, or nothing.
std::string live(installation where, std::uint64_t seeds) {
  workshop from;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    try {
      const verdict of = simulate(where, seed, from);
      if (!of.violations.empty()) return fmt::format("seed {}: {}", seed, of.violations.front().rule);
    } catch (const std::exception& e) {
      return fmt::format("seed {}: {}", seed, e.what());
    }
  }
  return {};
}

// In a process of its own: a mutant may crash or hang.
std::string caught_by(const mutant& one, std::uint64_t seeds) {
  std::array<int, 2> way{};
  if (::pipe(way.data()) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(longest);
    planted() = one.name;
    const std::string what = live(one.shows_in, seeds);
    const bool told = ::write(way[1], what.data(), what.size()) >= 0;
    std::_Exit(told ? 0 : 1);
  }
  ::close(way[1]);
  std::string what;
  std::array<char, 256> part{};
  for (ssize_t got = 0; (got = ::read(way[0], part.data(), part.size())) > 0;)
    what.append(part.data(), static_cast<std::size_t>(got));
  ::close(way[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGALRM ? "it never ends" : fmt::format("signal {}", WTERMSIG(status));
  return what;
}

struct arguments {
  std::vector<std::string> names;
  std::uint64_t seeds = 250;
};

arguments read(int count, char** words) {
  arguments made;
  for (int i = 1; i < count; ++i) {
    if (std::string_view(words[i]) == "--seeds" && i + 1 < count)
      made.seeds = std::strtoull(words[++i], nullptr, 10);
    else
      made.names.emplace_back(words[i]);
  }
  return made;
}

} // namespace

namespace ringdown::simulation {

bool is_planted(std::string_view name) { return planted() == name; }

} // namespace ringdown::simulation

int main(int count, char** words) {
  const arguments asked = read(count, words);
  std::size_t all = 0;
  std::size_t caught = 0;
  for (const mutant& one : mutants()) {
    if (!asked.names.empty() && std::ranges::find(asked.names, one.name) == asked.names.end()) continue;
    ++all;
    const std::string by = caught_by(one, asked.seeds);
    caught += by.empty() ? 0 : 1;
    std::printf("%-32s %s\n", std::string(one.name).c_str(), by.empty() ? "NOT CAUGHT" : by.c_str());
    std::fflush(stdout);
  }
  std::printf("mutants: %zu of %zu caught\n", caught, all);
  return all > 0 && caught * 100 >= all * 95 ? 0 : 1;
}
