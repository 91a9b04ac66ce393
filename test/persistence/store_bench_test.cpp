// Not run by default: `test_persistence "[bench]"` prints how fast the write paths are here.
#include "test/persistence/builders.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <chrono>

namespace ringdown::persistence {

namespace {

void measure(desk work) {
  constexpr int transactions = 300;
  constexpr int together = 100;
  int number = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (int t = 0; t < transactions; ++t) {
    std::vector<write_batch> batches;
    for (int i = 0; i < together; ++i, ++number) {
      auto batch = work.batch();
      const std::string id = std::to_string(number);
      const alert a = make_alert("al_" + id);
      batch.resources = {
          {instance_id("hq"), {{resource_kind::trunk, id}, "T", resource_state::registered, noon, "", "", {}, {}, ""}}};
      batch.alerts = {a};
      batch.deliveries = {make_row("dl_" + id, a)};
      batch.decisions = {{a.id, 1, 1, notice_event::fired, channel_id("push"), "phone", reason::first, "phase=firing",
                          "told", delivery_id("dl_" + id), noon}};
      batch.audits = {{"system", "alert.fired", a.id.str(), "", noon}};
      batches.push_back(std::move(batch));
    }
    REQUIRE(work.held->commit(batches).ok());
  }
  const std::chrono::duration<double> committed = std::chrono::steady_clock::now() - begun;
  fmt::print("commit: {:.0f} batches/s\n", number / committed.count());

  for (const claim_order order : {claim_order::by_age, claim_order::by_urgency}) {
    std::chrono::duration<double> claiming{};
    std::chrono::duration<double> settling{};
    int handed = 0;
    constexpr int claims = 50;
    for (int i = 0; i < claims; ++i) {
      const auto asked = std::chrono::steady_clock::now();
      const auto taken =
          work.held->claim({work.tenant, channel_id("push"), work.owner, 10, noon, target_use::shared, order});
      claiming += std::chrono::steady_clock::now() - asked;
      std::vector<settlement> done;
      for (const delivery& row : taken->rows) done.push_back(work.outcome(row.id.str(), delivery_state::sent));
      handed += static_cast<int>(done.size());
      const auto given = std::chrono::steady_clock::now();
      REQUIRE(work.held->settle(done).ok());
      settling += std::chrono::steady_clock::now() - given;
    }
    fmt::print("claim of 10 {}, queue of {}: {:.2f} ms; settle: {:.0f} rows/s\n",
               order == claim_order::by_age ? "by age" : "by urgency", number, 1000 * claiming.count() / claims,
               handed / settling.count());
  }
}

} // namespace

TEST_CASE("sqlite: commits of one alert each, a hundred per transaction", "[.bench]") {
  const sqlite_place place;
  measure(desk([&] { return place.open(); }));
}

TEST_CASE("postgres: commits of one alert each, a hundred per transaction, on a server that syncs", "[.bench]") {
  if (postgres_server::running() == nullptr) return;
  const postgres_server server(test::durability::disk, "/var/tmp");
  const postgres_place place(server);
  measure(desk([&] { return place.open(); }));
}

// Without the disk's part: this server syncs nothing.
TEST_CASE("postgres: commits of one alert each, a hundred per transaction", "[.bench]") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  measure(desk([&] { return place.open(); }));
}

} // namespace ringdown::persistence
