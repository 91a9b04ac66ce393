// Who holds a shard in PostgreSQL, and who does not any more.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ringdown::persistence {

namespace {

constexpr int writers = 4;
constexpr int take_overs_each = 250;
constexpr std::uint32_t batches_at_most = 4; // before the next take-over

// Takes the shard again and again, and writes until somebody else has it. What was confirmed to it, by epoch.
struct rival {
  void run(int id) {
    for (int i = 0; i < take_overs_each; ++i) {
      const auto owner = held->take_shard(0, incarnation_id("in_" + std::to_string(id)), noon);
      if (!owner) {
        ++failed;
        continue;
      }
      for (std::uint32_t number = 1; number <= batches_at_most && write(*owner, number); ++number)
        confirmed[owner->epoch] = number;
    }
  }

  bool write(const fence& owner, std::uint32_t number) {
    write_batch batch;
    batch.tenant = tenant_id("acme");
    batch.owner = owner;
    batch.at = noon;
    decision made;
    made.alert = alert_id("al_1");
    made.episode = static_cast<std::uint32_t>(owner.epoch);
    made.version = number;
    made.at = noon;
    batch.decisions = {made};
    const auto said = held->commit(std::span(&batch, 1));
    if (!said) ++failed;
    return said.ok() && said->front().ok();
  }

  std::unique_ptr<store> held;
  std::map<std::uint64_t, std::uint32_t> confirmed;
  int failed = 0; // not refused: what must not happen here
};

} // namespace

TEST_CASE("postgres: of several who take the shard from each other each writes only while it has it") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  std::vector<rival> rivals(writers);
  for (rival& one : rivals) one.held = place.open();
  {
    std::vector<std::jthread> threads;
    threads.reserve(writers);
    for (int id = 0; id < writers; ++id)
      threads.emplace_back([&, id] { rivals[static_cast<std::size_t>(id)].run(id); });
  }
  std::map<std::uint64_t, std::uint32_t> confirmed;
  for (const rival& one : rivals) {
    CHECK(one.failed == 0);
    for (const auto& [epoch, last] : one.confirmed) CHECK(confirmed.emplace(epoch, last).second); // its own epoch
  }
  std::map<std::uint64_t, std::uint32_t> stored;
  std::uint64_t newest = 0;
  int older_after_newer = 0;
  int gaps = 0;
  const auto all = place.open()->decisions(alert_id("al_1"));
  REQUIRE(all.ok());
  for (const decision& one : *all) {
    if (one.episode < newest) ++older_after_newer;
    newest = std::max<std::uint64_t>(newest, one.episode);
    if (one.version != ++stored[one.episode]) ++gaps;
  }
  CHECK(older_after_newer == 0);
  CHECK(gaps == 0);
  CHECK(stored == confirmed);
  CHECK(stored.size() > writers); // else nobody wrote who had it from another
  CHECK(place.open()->take_shard(0, incarnation_id("in_last"), noon)->epoch == writers * take_overs_each + 1);
}

TEST_CASE("postgres: whose lease has ended by the server's clock writes and claims nothing") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  desk work([&] { return place.open(); });
  work.commit_rows({make_row("dl_1", make_alert("al_1"))});
  const auto lease = [&](const std::string& until) {
    run_text(begin_session(place.url, open_mode::writer).get(), "update shard set lease_until = " + until);
  };
  const auto verdict = [&] {
    const auto batch = work.batch();
    return work.held->commit(std::span(&batch, 1))->front();
  };
  lease("clock_timestamp() + interval '1 minute'");
  CHECK(verdict().ok());
  lease("clock_timestamp() - interval '1 microsecond'");
  const auto refused = [&](failure_kind why) {
    REQUIRE_FALSE(verdict().ok());
    CHECK(verdict().error().kind == why);
    CHECK(work.held->claim({work.tenant, channel_id("push"), work.owner, 10, noon}).error().kind == why);
    CHECK(work.settle(work.outcome("dl_1", delivery_state::sent)).error().kind == why);
    CHECK(work.held->recover_claims(work.owner, {}, noon).error().kind == why);
    CHECK(work.held->recover_channel(work.tenant, channel_id("push"), work.owner, key_knowledge::keyed, {}, noon)
              .error()
              .kind == why);
  };
  refused(failure_kind::too_late);
  CHECK(work.fate("dl_1") == "pending");

  lease("clock_timestamp() + interval '1 minute'"); // nobody took it: it is ours again, at the same epoch
  CHECK(verdict().ok());

  // Who takes it is not bound by the lease of the one before.
  lease("'-infinity'");
  const fence taken = *work.held->take_shard(0, incarnation_id("in_two"), noon);
  CHECK(taken.epoch == work.owner.epoch + 1);
  lease("'-infinity'"); // of the next one: whose it was has nothing to wait for
  refused(failure_kind::conflict);
  lease("'infinity'");
  work.owner = taken;
  CHECK(verdict().ok());
}

TEST_CASE("postgres: shards are held apart") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  const auto held = place.open();
  const fence first = *held->take_shard(1, incarnation_id("in_one"), noon);
  const fence second = *held->take_shard(2, incarnation_id("in_two"), noon);
  CHECK(first.shard == 1);
  CHECK(second.epoch == 1);
  write_batch batch;
  batch.tenant = tenant_id("acme");
  batch.at = noon;
  const auto verdict = [&](const fence& owner) {
    batch.owner = owner;
    return held->commit(std::span(&batch, 1))->front().ok();
  };
  CHECK(verdict(first));
  CHECK(verdict(second));
  CHECK_FALSE(verdict({first.owner, first.epoch, 2}));
  static_cast<void>(held->take_shard(2, incarnation_id("in_three"), noon));
  CHECK(verdict(first));
  CHECK_FALSE(verdict(second));
}

} // namespace ringdown::persistence
