// Poolers: one that keeps a client's session apart works, one that gives connections away is refused.
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

#include <cstdlib>

namespace ringdown::persistence {

namespace {

// None where PgBouncer is not installed; CI has it.
postgres_server* server_with_pooler() {
  if (postgres_server::has_pooler() || std::getenv("CI") != nullptr) return postgres_server::running();
  WARN("skipped: no PgBouncer is installed (deploy/packages.txt)");
  return nullptr;
}

} // namespace

TEST_CASE(
    "postgres: a PgBouncer that gives connections away between transactions is refused, with words for the "
    "operator") {
  postgres_server* const server = server_with_pooler();
  if (server == nullptr) return;
  const postgres_place place(*server);
  postgres_options options;
  options.url = server->pool("transaction");
  for (const open_mode mode : {open_mode::writer, open_mode::reader}) {
    options.mode = mode;
    const auto refused = open_postgres(options, place.box);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == failure_kind::refused);
    CHECK(refused.error().detail.find("pool_mode = session") != std::string::npos);
  }
}

TEST_CASE("postgres: a PgBouncer that keeps sessions apart is let be") {
  postgres_server* const server = server_with_pooler();
  if (server == nullptr) return;
  const postgres_place place(*server);
  postgres_options options;
  options.url = server->pool("session");
  const auto made = open_postgres(options, place.box);
  INFO((made.ok() ? std::string() : made.error().detail));
  REQUIRE(made.ok());
  CHECK(made->held->take_shard(0, incarnation_id("nd_1"), wall_time{std::chrono::hours(1)}).ok());
  options.mode = open_mode::reader;
  CHECK(open_postgres(options, place.box).ok());
}

} // namespace ringdown::persistence
