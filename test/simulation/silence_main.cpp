// Measures the longest silence: each single fault, then each pair.
//   ringdown-silence                     everything; ends with 1 when a critical was silent for more than a minute
//   ringdown-silence --case 17 [--trace] one of them; --trace prints everything that happened
#include "test/simulation/silence.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace ringdown::simulation;

constexpr std::size_t worst_shown = 10;

double seconds(instant span) { return std::chrono::duration<double>(span).count(); }

bool is_broken(const silence& one) { return !one.opened || !one.heard || one.somebody > longest_silence_allowed; }

void print(const silence& one, const std::string& name) {
  const char* remark = !one.opened ? "  nothing was opened" : one.heard ? "" : "  and for ever";
  std::printf("%5zu  %7.2f s  %7.2f s  %s%s\n", one.number, seconds(one.somebody), seconds(one.anyone), name.c_str(),
              remark);
}

int one_case(silences& all, std::size_t number, bool traced) {
  trace::writer write;
  if (traced) write = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  const silence heard = all.listen(number, write);
  print(heard, name_of(all.cases()[number]));
  return is_broken(heard) ? 1 : 0;
}

int everything(silences& all) {
  std::vector<silence> heard;
  for (std::size_t i = 0; i < all.cases().size(); ++i) heard.push_back(all.listen(i));
  std::printf(" case   somebody   anything  of each fault alone\n");
  for (std::size_t i = 0; i < all.singles(); ++i) print(heard[i], name_of(all.cases()[i]));
  std::ranges::sort(heard, std::greater(),
                    [](const silence& one) { return std::tuple(is_broken(one), one.somebody, one.anyone); });
  std::printf(" case   somebody   anything  of the worst\n");
  const auto broken = static_cast<std::size_t>(std::ranges::count_if(heard, is_broken));
  for (std::size_t i = 0; i < std::min(heard.size(), std::max(worst_shown, broken)); ++i)
    print(heard[i], name_of(all.cases()[heard[i].number]));
  std::printf("longest silence %.1f s (allowed: %.0f s); %zu faults, %zu worlds of one, %zu of two, %zu broken\n",
              seconds(heard.front().somebody), seconds(longest_silence_allowed), single_faults().size(), all.singles(),
              heard.size() - all.singles(), broken);
  return broken == 0 ? 0 : 1;
}

int usage() {
  std::fprintf(stderr, "usage: ringdown-silence [--case N [--trace]]\n");
  return 2;
}

} // namespace

int main(int count, char** words) {
  workshop from;
  silences all(from);
  if (count == 1) return everything(all);
  if (count < 3 || std::string_view(words[1]) != "--case") return usage();
  const std::string_view value = words[2];
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number >= all.cases().size()) return usage();
  return one_case(all, number, count == 4 && std::string_view(words[3]) == "--trace");
}
