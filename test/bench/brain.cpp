// ./dev bench brain: how fast a tenant decides, without store and network. Prints one JSON object: for each load and size
// the transitions, the processor time they took with the reports of their rows and the ticks, and what came out.
#include "test/bench/tenant_load.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string>

namespace {

using namespace ringdown;
using namespace ringdown::bench;
using namespace std::chrono_literals;

constexpr double giga = 1e9;

double processor_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / giga;
}

std::string rows_of(const tally& count) {
  using enum notice_event;
  return fmt::format(
      R"("opened":{},"resolved":{},"push_fired":{},"push_summaries":{},"push_resolved":{},"hook_fired":{},)"
      R"("hook_resolved":{},"hook_updated":{})",
      count.opened, count.resolved, count.pushed(fired), count.pushed(summary), count.pushed(resolved),
      count.hooked(fired), count.hooked(resolved), count.hooked(updated));
}

std::string figure_of(const tenant_load& load, std::size_t transitions, double seconds, std::size_t open) {
  return fmt::format(R"({{"pbxes":{},"trunks":{},"open":{},"transitions":{},"seconds":{:.6f},{}}})", load.pbxes(),
                     load.trunks(), open, transitions, seconds, rows_of(load.count()));
}

// Trunks in turn, each of another PBX and another carrier than the one before.
trunk_at trunk_in_turn(const tenant_load& load, int number) {
  return {number % load.pbxes(), number / load.pbxes() % trunks_each};
}

// A tenth of all trunks is down at any time; each minute another one fails and the one that is down longest recovers: no
// carrier has an outage.
std::string one_by_one(int pbxes, int turns) {
  tenant_load load(pbxes, told_by::push_and_hook);
  const int open = load.trunks() / 10;
  for (int i = 0; i < open; ++i) {
    load.turn(trunk_in_turn(load, i), condition::failing);
    load.pass(1min);
  }
  const double begun = processor_seconds();
  for (int i = open; i < open + turns; ++i) {
    load.turn(trunk_in_turn(load, i), condition::failing);
    load.turn(trunk_in_turn(load, i - open), condition::ok);
    load.pass(1min);
  }
  const double took = processor_seconds() - begun;
  return figure_of(load, 2 * static_cast<std::size_t>(turns), took, load.open_alerts());
}

// One carrier after the other fails everywhere within a minute, and recovers.
std::string by_carrier(int pbxes) {
  tenant_load load(pbxes, told_by::push_and_hook);
  std::size_t transitions = 0;
  const auto all_turn = [&](int carrier, condition to) {
    for (int pbx = 0; pbx < pbxes; ++pbx) {
      const auto trunks = load.trunks_at(pbx, carrier);
      if (!trunks.empty()) load.turn(pbx, trunks, to);
      transitions += trunks.size();
      load.pass(duration(1min) / pbxes);
    }
  };
  const double begun = processor_seconds();
  for (int carrier = 0; carrier < carriers; ++carrier) {
    all_turn(carrier, condition::failing);
    load.pass(2min);
    all_turn(carrier, condition::ok);
    load.pass(40min);
  }
  const double took = processor_seconds() - begun;
  return figure_of(load, transitions, took, load.open_alerts());
}

int number(const char* text) {
  int value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

} // namespace

// ringdown-bench-brain PBXES... : each a size.
int main(int count, char** words) {
  constexpr int turns = 10'000;
  std::string single;
  std::string outages;
  for (int i = 1; i < count; ++i) {
    single += (i == 1 ? "" : ",") + one_by_one(number(words[i]), turns);
    outages += (i == 1 ? "" : ",") + by_carrier(number(words[i]));
  }
  fmt::print(R"({{"one_by_one":[{}],"by_carrier":[{}]}})", single, outages);
  std::puts("");
  return 0;
}
