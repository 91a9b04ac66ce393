// The store actor on a real database of SQLite.
#pragma once

#include "actors/store/store_actor.hpp"
#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <caf/scoped_actor.hpp>

#include <sqlite3.h>

#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ringdown::store_test {

using namespace ringdown::persistence;

// As if shards were leased here.
class leased_connection final : public sqlite_connection {
public:
  using sqlite_connection::sqlite_connection;
  [[nodiscard]] const shard_texts& shards() const override {
    static constexpr shard_texts run_out{"select owner, epoch, id <> 0 from shard where id = ?1", "", ""};
    return has_run_out ? run_out : sqlite_connection::shards();
  }
  bool has_run_out = false; // that of shard 0
};

// The store actor on a real database, whose connection the test may spoil while it holds the store's thread.
struct living_store {
  living_store() {
    owner = *place.open()->take_shard(0, incarnation_id("nd_1"), noon);
    auto db = std::make_unique<leased_connection>(place.file(), SQLite::OPEN_READWRITE);
    leases = db.get();
    disk = &db->db();
    disk->setBusyTimeout(1);
    world->owner = owner;
    world->fatal = [this](std::string_view why) { fatal.set_value(std::string(why)); };
    keeper =
        system.spawn<store_keeper, caf::detached>(world, probe, std::make_shared<sql_store>(std::move(db), place.box));
  }
  ~living_store() { caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown); }
  living_store(const living_store&) = delete;
  living_store& operator=(const living_store&) = delete;

  // Runs on the store's thread, and is over when this returns.
  void there(const std::function<result<void>(store&)>& run) {
    std::promise<void> done;
    caf::anon_send(keeper, with_store{[&](store& held) {
                     auto said = run(held);
                     done.set_value();
                     return said;
                   }});
    done.get_future().wait();
  }
  void there(const std::string& sql) {
    there([&](store&) -> result<void> {
      disk->exec(sql);
      return {};
    });
  }

  commit_batch batch(const std::string& tenant, std::uint64_t sequence, const caf::scoped_actor& from,
                     std::size_t size = 1) const {
    write_batch made;
    made.tenant = tenant_id(tenant);
    made.owner = owner;
    made.at = noon;
    made.alerts = {make_alert("al_" + tenant + std::to_string(sequence), made.tenant)};
    made.alerts.front().detail = std::string(size, 'x');
    return {sequence, std::make_shared<const write_batch>(std::move(made)),
            caf::actor_cast<caf::strong_actor_ptr>(from->address())};
  }
  // Rows dl_0, dl_1, ... of acme, claimed.
  void hand_over(int many) const {
    write_batch made;
    made.tenant = tenant_id("acme");
    made.owner = owner;
    made.at = noon;
    for (int i = 0; i < many; ++i) {
      made.alerts.push_back(make_alert("al_" + std::to_string(i)));
      made.deliveries.push_back(make_row("dl_" + std::to_string(i), made.alerts.back()));
    }
    const auto held = place.open();
    REQUIRE(held->commit(std::span(&made, 1)).ok());
    REQUIRE(held->claim({made.tenant, channel_id("push"), owner, made.deliveries.size(), noon})->rows.size() ==
            made.deliveries.size());
  }
  settle_rows sent(int row, const caf::scoped_actor& from) const {
    settlement what;
    what.owner = owner;
    what.tenant = tenant_id("acme");
    what.ledger.delivery = delivery_id("dl_" + std::to_string(row));
    what.ledger.number = 1;
    what.ledger.started = what.ledger.ended = noon;
    what.ledger.outcome = outcome_kind::accepted;
    return {{what}, caf::actor_cast<caf::strong_actor_ptr>(from->address())};
  }
  // All that `send` says arrives while the store is busy.
  template <class Send>
  void together(Send send) {
    std::promise<void> go;
    auto free = go.get_future();
    caf::anon_send(keeper, with_store{[&](store&) -> result<void> {
                     free.wait();
                     return {};
                   }});
    send();
    go.set_value();
    there("select 1");
  }
  bool stored(const std::string& alert) { return (*place.open()->find_alert(alert_id(alert))).has_value(); }

  sqlite_place place;
  test::event_log log;
  std::shared_ptr<ports> world = test::make_world(log);
  std::shared_ptr<actor_probe> probe = world->health->probe("store", "store", "root");
  fence owner;
  std::promise<std::string> fatal;
  leased_connection* leases = nullptr; // for the store's thread
  SQLite::Database* disk = nullptr;
  caf::actor_system_config config;
  caf::actor_system system{config};
  store_actor keeper;
};

// Verdicts in the order they came: "1 ok", "2 no".
inline std::vector<std::string> verdicts(caf::scoped_actor& self, std::size_t count) {
  std::vector<std::string> came;
  while (came.size() < count)
    self->receive(
        [&](const batch_committed& one) { came.push_back(std::to_string(one.sequence) + (one.ok ? " ok" : " no")); },
        caf::after(test::patience) >> [&] { came.emplace_back("nothing came"); });
  return came;
}

// What is said of so many rows: "dl_1", or "not dl_1".
inline std::set<std::string> ends(caf::scoped_actor& self, std::size_t many) {
  std::set<std::string> heard;
  while (heard.size() < many)
    self->receive(
        [&](const settlements_stored& one) {
          for (const delivery_id& row : one.rows) heard.insert(row.str());
          for (const delivery_id& row : one.refused) heard.insert("not " + row.str());
        },
        caf::after(test::patience) >> [&] { FAIL("no answer"); });
  return heard;
}

} // namespace ringdown::store_test
