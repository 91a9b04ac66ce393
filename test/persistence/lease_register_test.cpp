// The register of shards, one set of rules at two registers: in memory, by which everything else is tested, and in PostgreSQL.
#include "persistence/postgres/lease_register.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/postgres_store.hpp"
#include "test/support/catch.hpp"
#include "test/support/lease_register.hpp"
#include "test/support/postgres_server.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace ringdown;
using namespace ringdown::persistence;
using namespace std::chrono_literals;

constexpr shard_id shards = 3;

// A register whose time the test moves, and the processes that ask it.
struct judged_register {
  virtual ~judged_register() = default;
  virtual lease_answer ask(const std::string& who, lease_question what) = 0;
  virtual void close(const std::string& who) = 0; // its session
  virtual void restart() = 0;
  virtual void pass(std::chrono::nanoseconds time) = 0;
};

struct in_memory final : judged_register {
  lease_answer ask(const std::string& who, lease_question what) override {
    if (!sessions.contains(who)) sessions[who] = held.open(incarnation_id(who));
    return held.answer(what, now);
  }
  void close(const std::string& who) override { held.close(sessions.extract(who).mapped()); }
  void restart() override {
    held.restart();
    sessions.clear();
  }
  void pass(std::chrono::nanoseconds time) override { now += time; }

  test::lease_register held{shards};
  std::map<std::string, std::uint64_t> sessions;
  std::chrono::nanoseconds now{};
};

test::postgres_server& server() {
  static test::postgres_server one;
  return one;
}

std::unique_ptr<postgres_session> look_at(const std::string& database) {
  auto opened = postgres_session::open(server().url(database));
  REQUIRE(opened);
  return std::move(*opened);
}

// A database of its own in the server.
std::string fresh_database() {
  static int made = 0;
  std::string name = "register" + std::to_string(++made);
  REQUIRE(look_at("postgres")->ask("create database " + name));
  const std::filesystem::path key = std::filesystem::temp_directory_path() / ("ringdown-key-" + name);
  const auto box = secret_box::create_file(key);
  REQUIRE(box.ok());
  std::filesystem::remove(key);
  REQUIRE(open_postgres({server().url(name), open_mode::writer, shards}, *box).ok());
  return name;
}

struct in_postgres final : judged_register {
  lease_answer ask(const std::string& who, lease_question what) override {
    auto& of = sessions[who];
    if (!of) of = open_postgres_register(server().url(database));
    // The session may have ended with the server.
    auto said = of->ask(what);
    if (!said) said = of->ask(what);
    REQUIRE(said);
    return *said;
  }
  // Until the server has noticed.
  void close(const std::string& who) override {
    const auto count =
        "select count(*) from pg_locks where locktype = 'advisory' and classid = 'node'::regclass::oid and database = "
        "(select oid from pg_database where datname = current_database())";
    const auto looking = look_at(database);
    const auto held = [&] { return std::stoi(looking->ask(count)->at(0).at(0).value_or("")); };
    const int before = held();
    sessions.erase(who);
    for (int i = 0; i < 2000 && held() == before; ++i) static_cast<void>(looking->ask("select pg_sleep(0.005)"));
    REQUIRE(held() == before - 1);
  }
  void restart() override { server().restart(); }
  void pass(std::chrono::nanoseconds time) override {
    const std::string by = " - interval '" + std::to_string(time / 1us) + " microseconds'";
    const auto in = look_at(database);
    REQUIRE(in->ask("update shard set lease_until = lease_until" + by));
    REQUIRE(in->ask("update node set lease_until = lease_until" + by + ", gone_since = gone_since" + by));
  }

  std::string database = fresh_database();
  std::map<std::string, std::unique_ptr<lease_register>> sessions;
};

lease_question question(const std::string& who, lease_ask what, std::vector<shard_id> acquire = {},
                        std::vector<held_lease> release = {}) {
  static std::uint64_t asked = 0;
  lease_question made;
  made.number = ++asked;
  made.asker = {incarnation_id(who), "node of " + who, 2, false, false, "Berlin", "1.2.3"};
  made.what = what;
  made.acquire = std::move(acquire);
  made.release = std::move(release);
  return made;
}

std::vector<std::string> owners(const lease_answer& said) {
  std::vector<std::string> all;
  all.reserve(said.shards.size());
  for (const shard_row& one : said.shards)
    all.push_back(one.owner.str() + (one.taken ? "" : "-") + std::to_string(one.epoch));
  return all;
}

using words = std::vector<std::string>;

template <class Test>
void at_both(const Test& test) {
  SECTION("in memory") {
    in_memory at;
    test(at);
  }
  SECTION("in PostgreSQL") {
    in_postgres at;
    test(at);
  }
}

} // namespace

TEST_CASE("a register gives what is free under the next epoch, and repeats who has what") {
  at_both([](judged_register& at) {
    const auto asked = question("a", lease_ask::renew, {0, 2});
    const auto said = at.ask("a", asked);
    CHECK(said.number == asked.number);
    CHECK(owners(said) == words{"a1", "-0", "a1"});
    CHECK(said.held == std::vector<held_lease>{{0, 1}, {2, 1}});
    REQUIRE(said.nodes.size() == 1);
    CHECK(said.nodes[0] == node_row{incarnation_id("a"), "node of a", 2, false, false, "Berlin", "1.2.3"});
    CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0, 1}))) == words{"a1", "b1", "a1"});
    CHECK(at.ask("a", question("a", lease_ask::look)).nodes.size() == 2);
  });
}

TEST_CASE("a lease that has expired is free, and is revived at its epoch where nobody took it") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0, 1})));
    at.pass(14s);
    CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0}))) == words{"a1", "a1", "-0"});
    at.pass(1100ms);
    CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0}))) == words{"b2", "a-1", "-0"});
    const auto revived = at.ask("a", question("a", lease_ask::renew));
    CHECK(owners(revived) == words{"b2", "a1", "-0"});
    CHECK(revived.held == std::vector<held_lease>{{1, 1}});
  });
}

TEST_CASE("a look lengthens nothing") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0})));
    at.pass(10s);
    static_cast<void>(at.ask("a", question("a", lease_ask::look)));
    at.pass(6s);
    CHECK(owners(at.ask("b", question("b", lease_ask::look))) == words{"a-1", "-0", "-0"});
    CHECK(at.ask("b", question("b", lease_ask::look)).nodes.empty());
  });
}

TEST_CASE("what is released is free at once, but not by who held it under another epoch") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0, 1})));
    const auto said = at.ask("a", question("a", lease_ask::look, {}, {{0, 1}, {1, 7}}));
    CHECK(owners(said) == words{"-1", "a1", "-0"});
    CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0, 1}))) == words{"b2", "a1", "-0"});
  });
}

TEST_CASE(
    "a process whose session is closed is dead after two seconds, as others see it, and lives when it asks again") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0})));
    static_cast<void>(at.ask("b", question("b", lease_ask::renew)));
    CHECK_FALSE(at.ask("b", question("b", lease_ask::look)).free_in);
    at.close("a");
    const auto seen = at.ask("b", question("b", lease_ask::look, {0})); // closed
    CHECK(owners(seen)[0] == "a1");
    REQUIRE(seen.free_in);
    CHECK(*seen.free_in > 1900ms);
    at.pass(1s);
    const auto again = at.ask("b", question("b", lease_ask::look, {0}));
    CHECK(owners(again)[0] == "a1");
    REQUIRE(again.free_in);
    CHECK(*again.free_in <= 1s);
    SECTION("it comes back") {
      static_cast<void>(at.ask("a", question("a", lease_ask::renew)));
      at.pass(1900ms);
      CHECK(owners(at.ask("b", question("b", lease_ask::look, {0})))[0] == "a1");
    }
    SECTION("it does not") {
      at.pass(1100ms);
      const auto said = at.ask("b", question("b", lease_ask::renew, {0}));
      CHECK(owners(said)[0] == "b2");
      CHECK(said.nodes.size() == 1);
      CHECK_FALSE(said.free_in);
      CHECK(at.ask("a", question("a", lease_ask::renew)).held.empty());
    }
  });
}

TEST_CASE("who is wanted to drain hears of it, whatever it says of itself, until it is wanted to stay") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew)));
    for (const bool drain : {true, false}) {
      auto asked = question("b", lease_ask::renew);
      asked.wishes = {{"node of a", drain}, {"nobody", drain}};
      static_cast<void>(at.ask("b", asked));
      const auto said = at.ask("a", question("a", lease_ask::renew));
      REQUIRE(said.nodes.size() == 2);
      CHECK(said.nodes[0].to_drain == drain);
      CHECK_FALSE(said.nodes[1].to_drain);
    }
  });
}

TEST_CASE("a server that starts again ends all sessions, and nobody is dead for it") {
  at_both([](judged_register& at) {
    static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0})));
    static_cast<void>(at.ask("b", question("b", lease_ask::renew)));
    at.restart();
    static_cast<void>(at.ask("b", question("b", lease_ask::renew)));
    at.pass(5s);
    CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0})))[0] == "a1");
    CHECK(at.ask("a", question("a", lease_ask::renew)).held == std::vector<held_lease>{{0, 1}});
  });
}

TEST_CASE("of many who ask PostgreSQL for the same shards at once each shard has one, and no epoch is left out") {
  const std::string database = fresh_database();
  constexpr int many = 6;
  constexpr int rounds = 40;
  std::vector<std::vector<held_lease>> got(many);
  std::vector<std::thread> askers;
  askers.reserve(many);
  for (int i = 0; i < many; ++i)
    askers.emplace_back([&, i] {
      const std::string who = "n" + std::to_string(i);
      const auto at = open_postgres_register(server().url(database));
      for (int round = 0; round < rounds; ++round) {
        lease_question asked;
        asked.asker.id = incarnation_id(who);
        asked.what = lease_ask::renew;
        asked.acquire = {0, 1, 2};
        const auto said = at->ask(asked);
        if (!said) continue;
        got[static_cast<std::size_t>(i)].insert(got[static_cast<std::size_t>(i)].end(), said->held.begin(),
                                                said->held.end());
        lease_question back;
        back.asker.id = incarnation_id(who);
        back.release = said->held;
        static_cast<void>(at->ask(back));
      }
    });
  for (auto& one : askers) one.join();
  std::vector<held_lease> all;
  for (const auto& one : got) all.insert(all.end(), one.begin(), one.end());
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end()); // no epoch was two processes'
  const auto rows = look_at(database)->ask("select id, epoch from shard order by id");
  REQUIRE(rows);
  std::uint64_t epochs = 0;
  for (const auto& one : *rows) epochs += std::stoull(one.at(1).value_or("0"));
  CHECK(all.size() == epochs);
  CHECK(epochs >= 60);
}

TEST_CASE("who writes under a shard in PostgreSQL keeps others from taking it, and not its owner from renewing") {
  in_postgres at;
  static_cast<void>(at.ask("a", question("a", lease_ask::renew, {0})));
  const auto writer = look_at(at.database);
  REQUIRE(writer->ask("begin"));
  REQUIRE(writer->ask("select from shard where id = 0 for key share"));
  CHECK(owners(at.ask("a", question("a", lease_ask::renew)))[0] == "a1");
  // A process of the past whose transaction goes on.
  at.pass(0s);
  REQUIRE(look_at(at.database)->ask("update shard set lease_until = now() - interval '1 s' where id = 0"));
  CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0})))[0] == "a-1");
  REQUIRE(writer->ask("commit"));
  CHECK(owners(at.ask("b", question("b", lease_ask::renew, {0})))[0] == "b2");
}

TEST_CASE("a session with PostgreSQL tells when the other side is gone, and can be given up while somebody waits") {
  const std::string database = fresh_database();
  const auto session = look_at(database);
  CHECK_FALSE(session->is_cut());
  std::thread waits([&] {
    const auto said = session->ask("select pg_sleep(600)");
    CHECK_FALSE(said.ok());
    CHECK(said.error().kind == failure_kind::unavailable);
  });
  const auto other = look_at(database);
  const auto asleep = [&] {
    return other->ask("select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")
               ->size() > 0;
  };
  for (int i = 0; i < 20'000 && !asleep(); ++i) continue;
  session->give_up();
  waits.join();
  CHECK(session->is_cut());
  const auto refused = postgres_session::open("host=127.0.0.1 port=1 user=ringdown password=hunter2");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == failure_kind::unavailable);
  CHECK(refused.error().detail.find("hunter2") == std::string::npos);
}

TEST_CASE("PostgreSQL's register says what time it is there") {
  if (test::postgres_server::running() == nullptr) return;
  in_postgres at;
  const auto before = std::chrono::system_clock::now();
  const auto said = at.ask("a", question("a", lease_ask::renew));
  REQUIRE(said.time);
  CHECK(*said.time >= std::chrono::floor<duration>(before));
  CHECK(*said.time <= std::chrono::system_clock::now());
}
