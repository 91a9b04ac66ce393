// What a tenant learns of others: one bit of each of its own carriers (SEMANTICS S-C2, S-C5).
#include "actors/logic/carrier_board.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

constexpr auto window = 6min;
const std::string carrier = "sip.carrier.example";
const std::string other = "sip.other.example";
const std::set<std::string> nothing;
const tenant_id acme("acme");
const tenant_id beta("beta");
const tenant_id third("third");

trunk_sign up(const std::string& at = carrier) { return {at, true, std::nullopt, false}; }
trunk_sign down(wall_time since, const std::string& at = carrier) { return {at, true, since, false}; }

struct bench {
  explicit bench(const std::vector<carrier_alias>& known = {}) : board(known, window) {}

  std::set<tenant_id> set(const tenant_id& who, std::uint32_t place, std::vector<trunk_sign> trunks) {
    return board.hear(who, {{place, std::move(trunks)}}, now);
  }
  void fail(const tenant_id& who, std::uint32_t place, const std::string& at = carrier) {
    set(who, place, {down(now, at)});
  }
  void recover(const tenant_id& who, std::uint32_t place) { set(who, place, {up()}); }
  // So many places of it, all well.
  void well(const tenant_id& who, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) recover(who, i);
  }

  wall_time now = from_micros(1'790'000'000'000'000);
  carrier_board board;
};

} // namespace

TEST_CASE("gateways in networks of their own are nobody's carrier, whatever their addresses have in common") {
  bench t;
  for (const std::uint32_t place : {0U, 1U, 2U})
    for (const tenant_id& who : {acme, beta}) t.fail(who, place, "192.168.1.10");
  CHECK(t.board.elsewhere(acme) == nothing);
  t.recover(acme, 0);
  t.fail(acme, 0, "gateway");
  CHECK(t.board.elsewhere(beta) == nothing);
}

TEST_CASE("a carrier that fails at two tenants fails elsewhere for each, and not for a third on another") {
  bench t;
  for (const std::uint32_t place : {0U, 1U}) {
    t.fail(acme, place);
    t.fail(beta, place);
    t.fail(third, place, other);
  }
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  CHECK(t.board.elsewhere(beta) == std::set{carrier});
  CHECK(t.board.elsewhere(third) == nothing);
}

TEST_CASE("who is well holds the bit before it needs it, for as long as the others fail, and only of carriers it has") {
  bench t;
  t.recover(acme, 0);
  t.fail(beta, 0);
  t.fail(beta, 1);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  t.now += 2h;
  t.fail(acme, 0);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  t.set(acme, 0, {up(other)});
  CHECK(t.board.elsewhere(acme) == nothing);
}

TEST_CASE("one PBX of another tenant is never seen, however many trunks of it fail") {
  bench t;
  t.fail(acme, 0);
  t.fail(acme, 1);
  t.fail(acme, 2);
  t.set(beta, 0, {down(t.now), down(t.now), down(t.now)});
  CHECK(t.board.elsewhere(acme) == nothing);
  CHECK(t.board.elsewhere(beta) == std::set{carrier}); // three elsewhere
}

TEST_CASE("two PBXes elsewhere count when they have half of the trunks there, three always") {
  bench t;
  t.fail(acme, 0);
  t.well(beta, 10);
  t.fail(beta, 0);
  t.fail(third, 0);
  CHECK(t.board.elsewhere(acme) == nothing); // two of eleven
  t.fail(beta, 1);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
}

TEST_CASE("failures further apart than the window are not one") {
  bench t;
  t.fail(acme, 0);
  t.fail(beta, 0);
  t.now += window + 1s;
  t.fail(beta, 1);
  CHECK(t.board.elsewhere(acme) == nothing);
  t.now += window - 1s;
  t.fail(beta, 2);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
}

TEST_CASE("it is over when fewer than two places elsewhere fail") {
  bench t;
  t.fail(acme, 0);
  for (const std::uint32_t place : {0U, 1U, 2U}) t.fail(beta, place);
  t.now += 1h;
  t.recover(beta, 0);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  t.recover(beta, 1);
  CHECK(t.board.elsewhere(acme) == nothing);
  t.fail(beta, 1); // one of long ago and a new one
  CHECK(t.board.elsewhere(acme) == nothing);
}

TEST_CASE("what is not judged, or was found failing, begins nothing") {
  bench t;
  t.fail(acme, 0);
  for (const std::uint32_t place : {0U, 1U, 2U}) {
    auto unseen = down(t.now);
    unseen.counted = false;
    t.set(beta, place, {unseen});
    auto found = down(t.now);
    found.first_sight = true;
    t.set(third, place, {found});
  }
  CHECK(t.board.elsewhere(acme) == nothing);
}

TEST_CASE("registrars of one carrier are one only by the operator's table, which knows no case") {
  const auto said = [](const std::vector<carrier_alias>& known) {
    bench t(known);
    t.fail(acme, 0, "sip1.carrier.example");
    t.fail(beta, 0, "sip2.carrier.example");
    t.fail(beta, 1, "SIP3.Carrier.example.");
    return t.board.elsewhere(acme);
  };
  CHECK(said({}) == nothing);
  CHECK(said({{"carrier", {"sip1.carrier.example", "sip2.carrier.example", "sip3.carrier.example"}}}) ==
        std::set<std::string>{"sip1.carrier.example"});
}

TEST_CASE("a tenant that is gone, or starts anew, is forgotten") {
  bench t;
  t.fail(acme, 0);
  t.fail(beta, 0);
  t.fail(beta, 1);
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  t.board.forget(beta, t.now);
  CHECK(t.board.elsewhere(acme) == nothing);
  t.board.forget(acme, t.now);
  CHECK(t.board.elsewhere(acme) == nothing);
}

TEST_CASE("a board that starts anew knows what it hears, and nothing of an outage that is no news") {
  bench t;
  const auto hear_again = [&] {
    carrier_board fresh({}, window);
    for (const tenant_id& who : {acme, beta})
      for (const std::uint32_t place : {0U, 1U})
        fresh.hear(who, {{place, {down(from_micros(1'790'000'000'000'000))}}}, t.now);
    return fresh.elsewhere(acme);
  };
  t.now += window;
  CHECK(hear_again() == std::set{carrier});
  t.now += 1s;
  CHECK(hear_again() == nothing);
}

TEST_CASE("after a clock was set back, stamps from the future begin nothing, and what was known is still known") {
  bench t;
  t.fail(acme, 0);
  t.fail(beta, 0);
  t.fail(beta, 1);
  const wall_time before = t.now;
  t.now -= 1h;
  t.set(beta, 1, {down(before)}); // said again
  CHECK(t.board.elsewhere(acme) == std::set{carrier});
  bench late;
  late.now = t.now;
  late.fail(acme, 0);
  for (const std::uint32_t place : {0U, 1U, 2U}) late.set(beta, place, {down(before)});
  CHECK(late.board.elsewhere(acme) == nothing);
  for (const std::uint32_t place : {3U, 4U, 5U}) late.fail(beta, place);
  CHECK(late.board.elsewhere(acme) == std::set{carrier});
}

// --- whatever happens ---------------------------------------------------------------------------------------------------

namespace {

// Which tenant, which place, which registrar, what: 0 up, 1 down, 2 down and out of sight, 3 gone.
using step = std::tuple<int, int, int, int>;

constexpr int tenants = 3;
constexpr int places = 4;

tenant_id tenant_number(int i) { return tenant_id("t" + std::to_string(i)); }

std::vector<step> some_steps() {
  return *rc::gen::container<std::vector<step>>(rc::gen::tuple(
      rc::gen::inRange(0, tenants), rc::gen::inRange(0, places), rc::gen::inRange(0, 2), rc::gen::inRange(0, 4)));
}

std::set<tenant_id> act(bench& t, const step& one) {
  const auto& [who, place, registrar, what] = one;
  t.now += 40s;
  std::vector<trunk_sign> trunks;
  const std::string at = registrar == 0 ? carrier : other;
  if (what != 3) trunks.push_back(what == 0 ? up(at) : down(t.now, at));
  if (what == 2) trunks.back().counted = false;
  return t.set(tenant_number(who), static_cast<std::uint32_t>(place), std::move(trunks));
}

} // namespace

TEST_CASE("properties: whoever hears something else than before is named, and the others are not") {
  CHECK(rc::check([] {
    bench t;
    const auto all_hear = [&] {
      std::map<tenant_id, std::set<std::string>> heard;
      for (int i = 0; i < tenants; ++i) heard[tenant_number(i)] = t.board.elsewhere(tenant_number(i));
      return heard;
    };
    for (const step& one : some_steps()) {
      const auto before = all_hear();
      const auto named = act(t, one);
      for (const auto& [who, now] : all_hear())
        if (who != tenant_number(std::get<0>(one))) RC_ASSERT(named.contains(who) == (now != before.at(who)));
    }
  }));
}

TEST_CASE("a tenant learns of nothing but registrars where it has trunks") {
  CHECK(rc::check([] {
    bench t;
    std::map<std::pair<int, int>, std::optional<std::string>> has;
    for (const step& one : some_steps()) {
      act(t, one);
      const auto& [who, place, registrar, what] = one;
      has[{who, place}] = what == 3 ? std::nullopt : std::optional(registrar == 0 ? carrier : other);
      for (int i = 0; i < tenants; ++i) {
        std::set<std::string> own;
        for (const auto& [key, at] : has)
          if (key.first == i && at) own.insert(*at);
        const auto learned = t.board.elsewhere(tenant_number(i));
        RC_ASSERT(std::ranges::includes(own, learned));
      }
    }
  }));
}

TEST_CASE("a tenant's own trunks, names and numbers play no part in what it learns") {
  CHECK(rc::check([] {
    bench one;
    bench two;
    // Before anybody acts the tenant fails at both carriers; in the second world it does so at one place more, another number.
    one.set(tenant_number(0), 90, {down(one.now, carrier), down(one.now, other)});
    two.set(tenant_number(0), 7, {down(two.now, carrier), down(two.now, other)});
    two.set(tenant_number(0), 8, {down(two.now, carrier), up(other), up(other)});
    for (const step& what : some_steps()) {
      if (std::get<0>(what) == 0) continue;
      act(one, what);
      act(two, what);
      RC_ASSERT(one.board.elsewhere(tenant_number(0)) == two.board.elsewhere(tenant_number(0)));
    }
  }));
}

TEST_CASE("a tenant learns nothing while no two places elsewhere fail") {
  CHECK(rc::check([] {
    bench t;
    std::map<std::pair<int, int>, std::optional<std::string>> failing;
    for (const step& one : some_steps()) {
      act(t, one);
      const auto& [who, place, registrar, what] = one;
      const bool fails = what == 1 || what == 2;
      failing[{who, place}] = fails ? std::optional(registrar == 0 ? carrier : other) : std::nullopt;
      for (int i = 0; i < tenants; ++i)
        for (const std::string& learned : t.board.elsewhere(tenant_number(i)))
          RC_ASSERT(std::ranges::count_if(failing, [&](const auto& entry) {
                      return entry.first.first != i && entry.second == learned;
                    }) >= 2);
    }
  }));
}

TEST_CASE("what is said twice counts once") {
  CHECK(rc::check([] {
    bench once;
    bench again;
    for (const step& one : some_steps()) {
      act(once, one);
      act(again, one);
      again.now -= 40s;
      act(again, one);
      for (int i = 0; i < tenants; ++i)
        RC_ASSERT(once.board.elsewhere(tenant_number(i)) == again.board.elsewhere(tenant_number(i)));
    }
  }));
}
