// A connection that is cut while a commit is under way: nobody was told whether it was written, and it is written once.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/fault_proxy.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringdown::persistence {

namespace {

// One who writes by way of a proxy, and one who looks directly.
struct cut_off {
  explicit cut_off(postgres_server& on) : place(on), proxy(on.socket_path()) { place.url = proxy.by_way(direct_url); }

  postgres_place place;
  std::string direct_url = place.url;
  fault_proxy proxy;
};

write_batch everything(const desk& work) {
  auto batch = work.batch();
  batch.alerts = {make_alert("al_1")};
  batch.deliveries = {make_row("dl_1", make_alert("al_1"))};
  decision made;
  made.alert = alert_id("al_1");
  made.at = noon;
  batch.decisions = {made};
  batch.audits = {{"system", "alert.fired", "al_1", "", noon}};
  return batch;
}

// Refused as unavailable because it was cut, and the same again is not.
template <class Call>
void cut_and_repeat(fault_proxy& proxy, fault_proxy::cut how, Call&& call) {
  const int before = proxy.cuts();
  proxy.cut_next_commit(how);
  const auto lost = call();
  REQUIRE(proxy.cuts() == before + 1);
  REQUIRE_FALSE(lost.ok());
  CHECK(lost.error().kind == failure_kind::unavailable);
  const auto said = call();
  INFO((said.ok() ? std::string() : said.error().detail));
  CHECK(said.ok());
}

void write_through_a_cut(fault_proxy::cut how) {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  cut_off world(*server);
  desk work([&] { return world.place.open(); });

  const write_batch batch = everything(work);
  cut_and_repeat(world.proxy, how, [&]() -> result<void> {
    auto said = work.held->commit(std::span(&batch, 1));
    return said ? said->front() : result<void>(said.error());
  });
  CHECK(work.held->decisions(alert_id("al_1"))->size() == 1);
  CHECK(work.held->audit({work.tenant, 100, ""})->items.size() == 1);

  std::optional<claimed_rows> taken;
  cut_and_repeat(world.proxy, how, [&]() -> result<void> {
    auto said = work.held->claim({work.tenant, channel_id("push"), work.owner, 10, noon});
    if (!said) return said.error();
    taken = std::move(*said);
    return {};
  });
  REQUIRE(taken->rows.size() == 1);
  CHECK(taken->rows[0].attempts == 1);
  CHECK(work.row("dl_1").attempts == 1);
  CHECK(work.claimed_ids().empty());

  const settlement sent = work.outcome("dl_1", delivery_state::sent);
  cut_and_repeat(world.proxy, how, [&] {
    auto said = work.held->settle(std::span(&sent, 1));
    return said ? said->front() : result<void>(said.error());
  });
  CHECK(work.fate("dl_1") == "sent");
  CHECK(work.held->attempts(delivery_id("dl_1"))->size() == 1);
  CHECK(work.settle(sent).error().kind == failure_kind::conflict); // once more is once too often
  CHECK(work.held->verify_audit()->broken.empty());
}

} // namespace

TEST_CASE("postgres: what was written though its answer was lost is not written again") {
  write_through_a_cut(fault_proxy::cut::after);
}

TEST_CASE("postgres: what was never written because the connection was cut is written when it is repeated") {
  write_through_a_cut(fault_proxy::cut::before);
}

TEST_CASE("postgres: another batch that comes after a lost answer is none that was written") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  cut_off world(*server);
  desk work([&] { return world.place.open(); });
  const write_batch batch = everything(work);
  world.proxy.cut_next_commit(fault_proxy::cut::after);
  REQUIRE_FALSE(work.held->commit(std::span(&batch, 1)).ok());
  write_batch next = batch;
  next.decisions.front().at += std::chrono::microseconds(1);
  const std::vector<write_batch> both{batch, next};
  REQUIRE(work.held->commit(both).ok());
  CHECK(work.held->decisions(alert_id("al_1"))->size() == 2);
}

TEST_CASE("postgres: of what is never repeated after a lost answer the newest 256 are remembered") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  cut_off world(*server);
  desk work([&] { return world.place.open(); });
  std::vector<write_batch> many;
  for (std::uint32_t i = 0; i < 300; ++i) {
    many.push_back(work.batch());
    decision made;
    made.alert = alert_id("al_1");
    made.version = i;
    made.at = noon;
    many.back().decisions = {made};
  }
  world.proxy.cut_next_commit(fault_proxy::cut::after);
  REQUIRE_FALSE(work.held->commit(many).ok());
  // Whoever wrote the note of its number first is right: here it is to be the server, which is not through with so many.
  run_text(begin_session(world.direct_url, open_mode::writer).get(), "select 1 from shard where id = 0 for update");
  REQUIRE(work.held->commit(many).ok());
  const auto written = *work.held->decisions(alert_id("al_1"));
  REQUIRE(written.size() == 344);
  for (std::uint32_t i = 0; i < 44; ++i) CHECK(written[300 + i].version == i);
}

} // namespace ringdown::persistence
