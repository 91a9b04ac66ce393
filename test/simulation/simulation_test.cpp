#include "test/simulation/silence.hpp"
#include "test/simulation/simulate.hpp"

#include "test/support/catch.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace ringdown::simulation;

// RINGDOWN_SEEDS: fewer where every step is dear, as under sanitizers.
std::uint64_t seeds() {
  const char* wanted = std::getenv("RINGDOWN_SEEDS");
  return wanted == nullptr ? 200 : std::strtoull(wanted, nullptr, 10);
}

} // namespace

TEST_CASE("whatever fails, the rules hold; and each world can be lived again") {
  workshop from;
  tally all;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const verdict of = simulate(seed, from);
    all.add(of.counted);
    CHECK(to_text(of).empty());
    const bool same = simulate(seed, from).hash == of.hash;
    if (!same) FAIL_CHECK("seed " << seed << ": " << first_difference(seed, from).value_or("only its number differs"));
  }
  std::cout << to_text(all) << '\n';
  CHECK(all.worlds == seeds());
  CHECK(all.lives > all.worlds);
  CHECK(all.crashes > 0);
  CHECK(all.effects > 0);
}

TEST_CASE("no single fault keeps a critical from everybody for a minute") {
  workshop from;
  silences all(from);
  for (std::size_t i = 0; i < all.singles(); ++i) {
    const silence heard = all.listen(i);
    INFO(name_of(all.cases()[i]));
    CHECK(heard.opened);
    CHECK(heard.heard);
    CHECK(heard.somebody <= longest_silence_allowed);
  }
}
