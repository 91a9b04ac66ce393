// Word of what other nodes wrote.
#include "persistence/postgres/news.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <chrono>
#include <future>
#include <string>

namespace ringdown::persistence {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto for_ever = 60s;

config_change configured() {
  config_change made;
  made.tenant = tenant_id("acme");
  made.at = noon;
  return made;
}

} // namespace

TEST_CASE("postgres: whoever waits for news hears of commands, answers and configurations at once") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  const postgres_place other(*server);
  desk work([&] { return place.open(); });
  const auto elsewhere = other.open();
  const auto waiter = wait_for_postgres_news(place.url);
  REQUIRE(waiter.ok());
  const auto hears = [&] {
    const auto begun = steady_clock::now();
    (*waiter)->wait(for_ever);
    return steady_clock::now() - begun < for_ever / 2;
  };
  (*waiter)->wait(0s); // it listens from now on
  REQUIRE(work.held->insert_command(make_command("c1")).ok());
  CHECK(hears());
  REQUIRE(work.held->replace_config(configured()).ok());
  CHECK(hears());
  auto batch = work.batch();
  batch.commands = {{"c1", command_answer::done, "", {}}};
  work.commit(batch);
  CHECK(hears());

  // What is no news, and another installation's: only the end is heard.
  work.commit(work.batch());
  REQUIRE(elsewhere->insert_command(make_command("c1")).ok());
  const auto begun = steady_clock::now();
  (*waiter)->wait(200ms);
  CHECK(steady_clock::now() - begun >= 200ms);
  auto ended = std::async(std::launch::async, hears);
  (*waiter)->end();
  CHECK(ended.get());
  CHECK(hears());
}

TEST_CASE("postgres: who waits for news without a database only waits") {
  const auto waiter = wait_for_postgres_news("postgresql://ringdown@127.0.0.1:1/none");
  REQUIRE(waiter.ok());
  const auto begun = steady_clock::now();
  (*waiter)->wait(100ms);
  CHECK(steady_clock::now() - begun >= 100ms);
}

} // namespace ringdown::persistence
