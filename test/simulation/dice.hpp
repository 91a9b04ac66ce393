// All chance of a simulated world comes from one seed. The standard library's distributions may differ between versions, so
// these are written out: a seed is the same world everywhere.
#pragma once

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringdown::simulation {

class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  // splitmix64
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t count) {
    assert(count > 0);
    return static_cast<std::size_t>(next() % count);
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  double unit() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }
  std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
    const auto span = static_cast<std::uint64_t>((most - least).count());
    return least + std::chrono::nanoseconds(static_cast<std::int64_t>(next() % (span + 1)));
  }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  // A source of its own: what is drawn from it shifts nothing of ours.
  dice apart() { return dice(next()); }

private:
  std::uint64_t state_;
};

} // namespace ringdown::simulation
