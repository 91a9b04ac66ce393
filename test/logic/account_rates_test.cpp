#include "actors/logic/account_rates.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

constexpr account_limits one_a_second{.per = 1s, .burst = 1, .at_once = 0, .rest_at_most = {}};
const steady_time start{100s};

permit_ask ask(std::uint64_t asker, const std::string& tenant, urgency how = urgency::routine,
               account_limits limits = one_a_second) {
  return {asker, "twilio/a", limits, tenant_id(tenant), how, 0};
}

std::vector<std::uint64_t> whom(const std::vector<permit_grant>& given) {
  std::vector<std::uint64_t> all;
  all.reserve(given.size());
  for (const permit_grant& one : given) all.push_back(one.asker);
  return all;
}

using ids = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("an account lets one begin per interval, and the first after one interval of its keeper's life") {
  account_rates rates(start);
  rates.wanted(ask(1, "acme"), start);
  rates.wanted(ask(2, "acme"), start);
  CHECK(rates.grants(start).empty());
  REQUIRE(rates.next());
  CHECK(*rates.next() == start + 1s);
  CHECK(whom(rates.grants(start + 1s)) == ids{1});
  CHECK(rates.grants(start + 1999ms).empty());
  CHECK(whom(rates.grants(start + 2s)) == ids{2});
  CHECK_FALSE(rates.next());
}

TEST_CASE("an account that may burst does so after a pause, and no more than that") {
  const account_limits three{.per = 1s, .burst = 3, .at_once = 0};
  account_rates rates(start);
  for (std::uint64_t asker = 1; asker <= 5; ++asker) rates.wanted(ask(asker, "acme", urgency::routine, three), start);
  CHECK(rates.grants(start + 10s).size() == 3);
  CHECK(rates.grants(start + 10s).empty());
  CHECK(rates.grants(start + 11s).size() == 1);
}

TEST_CASE("first criticals go before repeated ones, those before the rest, whoever came first") {
  account_rates rates(start);
  rates.wanted(ask(1, "acme", urgency::routine), start);
  rates.wanted(ask(2, "acme", urgency::repeated_critical), start);
  rates.wanted(ask(3, "acme", urgency::first_critical), start);
  CHECK(whom(rates.grants(start + 1s)) == ids{3});
  CHECK(whom(rates.grants(start + 2s)) == ids{2});
  CHECK(whom(rates.grants(start + 3s)) == ids{1});
}

TEST_CASE("a wish said again takes its new urgency and keeps its place") {
  account_rates rates(start);
  rates.wanted(ask(1, "acme"), start);
  rates.wanted(ask(2, "bolt"), start);
  rates.wanted(ask(2, "bolt", urgency::first_critical), start);
  rates.wanted(ask(1, "acme"), start);
  CHECK(rates.waiting() == 2);
  CHECK(whom(rates.grants(start + 1s)) == ids{2});
  CHECK(whom(rates.grants(start + 2s)) == ids{1});
}

TEST_CASE("a tenant with many channels gets no more turns than a tenant with one") {
  account_rates rates(start);
  std::map<std::uint64_t, int> turns;
  for (int second = 1; second <= 12; ++second) {
    for (std::uint64_t asker = 1; asker <= 5; ++asker) rates.wanted(ask(asker, "storm"), start);
    rates.wanted(ask(9, "calm"), start);
    for (const auto asker : whom(rates.grants(start + second * 1s))) ++turns[asker];
  }
  CHECK(turns[9] >= 4);
  for (std::uint64_t asker = 1; asker <= 5; ++asker) CHECK(turns[asker] >= 1);
}

TEST_CASE("no more are under way together than the account takes") {
  const account_limits two_at_once{.per = {}, .burst = 1, .at_once = 2};
  account_rates rates(start);
  for (std::uint64_t asker = 1; asker <= 3; ++asker)
    rates.wanted(ask(asker, "acme", urgency::routine, two_at_once), start);
  CHECK(whom(rates.grants(start)) == ids{1, 2});
  CHECK_FALSE(rates.next()); // no time alone makes room
  SECTION("one that ends makes room") { rates.used(1, "twilio/a"); }
  SECTION("one that dies makes room") { rates.gone(2); }
  SECTION("one that goes to another account makes room") { rates.left(2, "twilio/a"); }
  CHECK(whom(rates.grants(start)) == ids{3});
}

TEST_CASE("a keeper that started anew counts what askers say they have under way") {
  account_rates rates(start);
  auto asked = ask(1, "acme", urgency::routine, {.per = {}, .burst = 1, .at_once = 2});
  asked.in_use = 2;
  rates.wanted(asked, start);
  CHECK(rates.grants(start).empty());
  rates.used(1, "twilio/a");
  CHECK(rates.grants(start).size() == 1);
}

TEST_CASE("a turn that nobody used is free again, an older one is past") {
  account_rates rates(start);
  rates.wanted(ask(1, "acme"), start);
  REQUIRE(rates.grants(start + 1s).size() == 1);
  rates.wanted(ask(2, "acme"), start);
  SECTION("the newest") {
    rates.unused(1, "twilio/a");
    CHECK(whom(rates.grants(start + 1s)) == ids{2});
  }
  SECTION("an older one") {
    REQUIRE(rates.grants(start + 2s).size() == 1);
    rates.unused(1, "twilio/a");
    rates.wanted(ask(3, "acme"), start);
    CHECK(rates.grants(start + 2s).empty());
  }
}

TEST_CASE("an account whose provider refuses rests as long as it said, and only that account") {
  account_rates rates(start);
  rates.wanted(ask(1, "acme"), start);
  rates.refused("twilio/a", 30s, start);
  rates.refused("twilio/a", 5s, start + 1s); // shorter than what is known
  auto other = ask(2, "acme");
  other.account = "twilio/b";
  rates.wanted(other, start);
  CHECK(whom(rates.grants(start + 10s)) == ids{2});
  CHECK(rates.paused(start + 10s) == 1);
  CHECK(rates.next() == start + 30s);
  CHECK(whom(rates.grants(start + 30s)) == ids{1});
  CHECK(rates.paused(start + 30s) == 0);
}

TEST_CASE("an account that everybody's phones hang on rests no longer than its limits say") {
  account_limits phones = one_a_second;
  phones.rest_at_most = 60s;
  account_rates rates(start);
  rates.wanted(ask(1, "acme", urgency::first_critical, phones), start);
  rates.refused("twilio/a", 1h, start + 1s);
  CHECK(rates.grants(start + 60s).empty());
  CHECK(rates.next() == start + 61s);
  CHECK(whom(rates.grants(start + 61s)) == ids{1});
}

TEST_CASE("accounts that nobody uses are forgotten, and what is not known harms nobody") {
  account_rates rates(start);
  rates.used(1, "twilio/a");
  rates.unused(1, "twilio/a");
  rates.refused("twilio/a", 1h, start);
  rates.gone(7);
  rates.wanted(ask(1, "acme"), start);
  REQUIRE(rates.grants(start + 1s).size() == 1);
  rates.used(1, "twilio/a");
  CHECK(rates.grants(start + 1s).empty());
  CHECK(rates.accounts() == 1); // it must not begin anew too early
  CHECK(rates.grants(start + 2s).empty());
  CHECK(rates.accounts() == 0);
}

TEST_CASE("property: never more begin than burst plus what the time between allows") {
  const bool held = rc::check([] {
    const account_limits limits{.per = std::chrono::milliseconds(*rc::gen::inRange(50, 1500)),
                                .burst = *rc::gen::inRange<std::size_t>(1, 5),
                                .at_once = 0};
    const auto askers = *rc::gen::inRange<std::uint64_t>(2, 9);
    account_rates rates(start);
    steady_time now = start;
    std::vector<std::pair<std::uint64_t, steady_time>> open; // permits nobody has used or given back
    std::vector<steady_time> begun;
    for (auto steps = *rc::gen::inRange(50, 200); steps > 0; --steps) {
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 400));
      const auto who = *rc::gen::inRange<std::uint64_t>(1, askers);
      const auto how = *rc::gen::element(urgency::routine, urgency::repeated_critical, urgency::first_critical);
      rates.wanted({who, "a", limits, tenant_id(who < 3 ? "t" + std::to_string(who) : "storm"), how, 0}, now);
      for (const permit_grant& one : rates.grants(now)) open.emplace_back(one.asker, now);
      while (!open.empty() && *rc::gen::inRange(0, 3) == 0) {
        const auto at = *rc::gen::inRange<std::size_t>(0, open.size());
        const auto [asker, given] = open[at];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        if (*rc::gen::inRange(0, 3) == 0 &&
            std::ranges::none_of(open, [&](const auto& one) { return one.first == asker; })) {
          rates.unused(asker, "a");
        } else {
          rates.used(asker, "a");
          begun.push_back(given);
        }
      }
    }
    for (const auto& [asker, given] : open) begun.push_back(given);
    std::ranges::sort(begun);
    for (std::size_t first = 0; first < begun.size(); ++first)
      for (std::size_t last = first; last < begun.size(); ++last) {
        const auto intervals = (begun[last] - begun[first]) / limits.per;
        RC_ASSERT(last - first + 1 <= limits.burst + static_cast<std::size_t>(intervals));
      }
  });
  CHECK(held);
}

TEST_CASE("property: whoever waits gets its turn, however urgent and many the others are") {
  const bool held = rc::check([] {
    const auto others = *rc::gen::inRange<std::uint64_t>(1, 9);
    const auto tenants = *rc::gen::inRange<std::uint64_t>(1, 4);
    account_rates rates(start);
    rates.wanted(ask(1, "calm"), start);
    int turns = 0;
    for (steady_time now = start + 1s;; now += 1s) {
      for (std::uint64_t other = 2; other < 2 + others; ++other)
        rates.wanted(ask(other, "storm" + std::to_string(other % tenants), urgency::first_critical), now);
      const auto given = whom(rates.grants(now));
      RC_ASSERT(given.size() == 1U);
      if (given.front() == 1) break;
      // One turn in four goes to the one that waits longest, and nobody came before it.
      RC_ASSERT(++turns < 4);
    }
  });
  CHECK(held);
}

TEST_CASE("several nodes together keep within an account's limits, and each of them gets on") {
  constexpr account_limits limits{.per = 1s, .burst = 10, .at_once = 7, .rest_at_most = 30s};
  CHECK(share_of(limits, 0) == limits);
  CHECK(share_of(limits, 1) == limits);
  CHECK(share_of(limits, 3) == account_limits{.per = 3s, .burst = 3, .at_once = 2, .rest_at_most = 30s});
  CHECK(share_of(limits, 20) == account_limits{.per = 20s, .burst = 1, .at_once = 1, .rest_at_most = 30s});
  CHECK(share_of({}, 3) == account_limits{});
}
