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

tally live(installation what, std::uint64_t count) {
  workshop from;
  tally all;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const verdict of = simulate(what, seed, from);
    all.add(of.counted);
    CHECK(to_text(of).empty());
    const bool same = simulate(what, seed, from).hash == of.hash;
    if (!same)
      FAIL_CHECK("seed " << seed << ": " << first_difference(what, seed, from).value_or("only its number differs"));
  }
  std::cout << to_text(all) << '\n';
  return all;
}

} // namespace

TEST_CASE("whatever fails, the rules hold; and each world can be lived again") {
  const tally all = live(installation::one_node, seeds());
  CHECK(all.worlds == seeds());
  CHECK(all.lives > all.worlds);
  CHECK(all.crashes > 0);
  CHECK(all.effects > 0);
}

TEST_CASE("whatever fails of several nodes, the rules hold; and each world can be lived again") {
  const std::uint64_t count = 1 + seeds() / 4;
  const tally all = live(installation::several_nodes, count);
  CHECK(all.worlds == count);
  CHECK(all.lives > 3 * all.worlds);
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
