// Poolers: one that keeps a client's session apart works, one that gives connections away is refused.
#include "test/persistence/fault_proxy.hpp"
#include "test/persistence/lending_pooler.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence {

TEST_CASE(
    "postgres: a pooler that gives connections away between transactions is refused, with words for the operator") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  static_cast<void>(place.open()); // directly: it is new no more
  const lending_pooler pooler(server->socket_path());
  for (const open_mode mode : {open_mode::writer, open_mode::reader}) {
    postgres_options options;
    options.url = pooler.by_way(place.url);
    options.mode = mode;
    const auto refused = open_postgres(options, place.box);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == failure_kind::refused);
    CHECK(refused.error().detail.find("pool_mode = session") != std::string::npos);
  }
}

TEST_CASE("postgres: what only stands between and keeps sessions apart is let be") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  const fault_proxy between(server->socket_path());
  postgres_options options;
  options.url = between.by_way(place.url);
  CHECK(open_postgres(options, place.box).ok());
}

} // namespace ringdown::persistence
