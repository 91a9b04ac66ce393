// What the server reads for a row must not grow with how many wait. It plans a statement once, and then takes what indexes looked like.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

namespace ringdown::persistence {

namespace {

constexpr int outages = 400; // alerts, each told to every channel
constexpr int channels = 4;
constexpr int told = 100; // of each channel, before it is over

std::string said(const postgres_place& at, const std::string& sql) {
  return one_text(begin_session(at.url, open_mode::reader).get(), sql);
}

// Entries of indexes, and rows of tables that were read without one; of everything here, by everyone whose session is over.
std::int64_t read_so_far(const postgres_place& at) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (said(at, "select count(*) from pg_stat_activity where backend_type = 'client backend'") != "1") {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
  return std::stoll(said(at,
                         "select (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes where schemaname = "
                         "current_schema()) + (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables where "
                         "schemaname = current_schema() and relname in ('delivery', 'alert', 'call', 'command'))"));
}

// What is due of a channel, ten at a time, until so many were sent.
void send(desk& work, const std::string& channel, int count) {
  for (int sent = 0; sent < count; sent += 10) {
    const auto order = sent % 20 == 0 ? claim_order::by_age : claim_order::by_urgency;
    const auto taken =
        work.held->claim({work.tenant, channel_id(channel), work.owner, 10, noon, target_use::shared, order});
    REQUIRE(taken.ok());
    REQUIRE(taken->rows.size() == 10);
    std::vector<settlement> outcomes;
    for (const delivery& row : taken->rows) outcomes.push_back(work.outcome(row.id.str(), delivery_state::sent));
    REQUIRE(work.held->settle(outcomes).ok());
  }
}

// A storm of one tenant's: told, claimed, sent, over, told to who was told, and taken over by another node.
void storm(desk work, const std::string& of) {
  const auto alert_of = [&](int i) { return make_alert(fmt::format("al_{}_{}", of, i)); };
  const auto row_id = [&](int i, int c) { return fmt::format("dl_{}_{}_{}", of, i, c); };
  const auto channel_of = [](int c) { return fmt::format("push{}", c); };
  std::vector<write_batch> batches;
  for (int i = 0; i < outages; ++i) {
    auto made = work.batch();
    made.alerts = {alert_of(i)};
    for (int c = 0; c < channels; ++c) {
      auto row = make_row(row_id(i, c), made.alerts[0]);
      row.channel = channel_id(channel_of(c));
      if (c == 3) row.kind = delivery_kind::mirror;
      made.deliveries.push_back(std::move(row));
    }
    batches.push_back(std::move(made));
  }
  REQUIRE(work.held->commit(batches).ok());
  for (int c = 0; c < channels; ++c) send(work, channel_of(c), told);
  batches.clear();
  for (int i = 0; i < outages; ++i) {
    auto made = work.batch();
    made.alerts = {alert_of(i)};
    made.alerts[0].phase = alert_phase::resolved;
    made.suppressions = {{made.alerts[0].id, 1, reason::resolved_first}};
    auto end = make_row(row_id(i, 0) + "_end", made.alerts[0]);
    end.channel = channel_id(channel_of(0));
    end.event = notice_event::resolved;
    end.after = delivery_id(row_id(i, 0));
    made.deliveries = {end};
    batches.push_back(std::move(made));
  }
  REQUIRE(work.held->commit(batches).ok());
  send(work, channel_of(0), told);
  REQUIRE(work.held->claim({work.tenant, channel_id(channel_of(3)), work.owner, 10, noon}).ok());
  const auto next = work.held->take_shard(0, incarnation_id("in_next"), noon);
  REQUIRE(next.ok());
  CHECK(work.held->recover_claims(*next, {{work.tenant, channel_id(channel_of(3)), key_knowledge::keyed}}, noon)
            ->resumed > 0);
}

} // namespace

TEST_CASE("postgres: what a storm costs to read does not grow with what waits") {
  postgres_server* const running = postgres_server::running();
  if (running == nullptr) return;
  const postgres_server server; // whose sessions are all of this test
  const postgres_place place(server);
  const auto open = [&] { return place.open(); };
  const char* const when = GENERATE("nothing was there", "it was quiet");
  CAPTURE(when);
  if (std::string(when) == "it was quiet") {
    storm(desk(open), "before");
    run_text(begin_session(place.url, open_mode::writer).get(), "update delivery set state = 'sent'; analyze");
  }
  const std::int64_t before = read_so_far(place);
  storm(desk(open), "now");
  const std::int64_t read = read_so_far(place) - before;
  constexpr std::int64_t rows = std::int64_t{outages} * (channels + 2);
  CAPTURE(read, rows);
  CHECK(read > rows);
  CHECK(read < 25 * rows);
}

} // namespace ringdown::persistence
