// The noise run: a month of blips, updates and real outages at a thousand PBXes, and what people heard of it.
//   ringdown-noise [--days N] [--pbxes N] [--seed N]     fails when a demand is missed
#include "test/noise/run.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace ringdown::noise;

constexpr std::size_t pbxes_of_a_tenant = 50;

std::optional<settings> read(int count, char** words) {
  std::map<std::string_view, std::uint64_t> numbers{{"--seed", 1}, {"--days", 30}, {"--pbxes", 1000}};
  for (int i = 1; i < count; i += 2) {
    const auto known = numbers.find(words[i]);
    if (known == numbers.end() || i + 1 == count) return std::nullopt;
    const std::string_view value = words[i + 1];
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), known->second);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  }
  settings made;
  made.seed = numbers.at("--seed");
  made.days = static_cast<int>(numbers.at("--days"));
  made.pbxes = numbers.at("--pbxes");
  made.tenants = (made.pbxes + pbxes_of_a_tenant - 1) / pbxes_of_a_tenant;
  const bool sane = made.days >= 1 && made.days <= 366 && made.pbxes >= 1 && made.pbxes <= 10'000;
  return sane ? std::optional(made) : std::nullopt;
}

void print(const settings& with, const outcome& of, double seconds) {
  std::printf("noise: %d days, %zu PBXes of %zu tenants, seed %llu\n", with.days, with.pbxes, with.tenants,
              static_cast<unsigned long long>(with.seed));
  for (const std::string& line : of.found.table) std::printf("  %s\n", line.c_str());
  for (const std::string& line : of.found.missed) std::printf("  %s\n", line.c_str());
  for (const demand& one : of.found.demands)
    std::printf("%s %s: %s\n", one.met ? "met   " : "MISSED", one.what.c_str(), one.found.c_str());
  std::printf("%llu polls judged, %llu left out, %.0f s\n", static_cast<unsigned long long>(of.polls),
              static_cast<unsigned long long>(of.skipped), seconds);
}

} // namespace

int main(int count, char** words) {
  const auto with = read(count, words);
  if (!with) {
    std::fprintf(stderr, "usage: ringdown-noise [--days N] [--pbxes N] [--seed N]\n");
    return 2;
  }
  const auto began = std::chrono::steady_clock::now();
  const outcome of = run(*with);
  const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - began;
  print(*with, of, lasted.count());
  return of.found.all_met() ? 0 : 1;
}
