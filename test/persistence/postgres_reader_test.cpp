// A connection that only reads.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/postgres_server.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence {

TEST_CASE("postgres: who only reads asks again when its connection was lost, and whoever writes is told") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  const auto writer = place.open();
  const auto reader = place.open(open_mode::reader);
  REQUIRE(reader->config_heads().ok());
  REQUIRE(writer->config_heads().ok());
  run_text(begin_session(place.url, open_mode::writer).get(),
           "select pg_terminate_backend(pid, 10000) from pg_stat_activity where pid <> pg_backend_pid() and "
           "application_name = 'ringdown'");
  CHECK(reader->config_heads().ok());
  const auto told = writer->config_heads();
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().kind == failure_kind::unavailable);
  CHECK(told.error().detail.find_first_of("\t\n") == std::string::npos);
  CHECK(writer->config_heads().ok());
}

} // namespace ringdown::persistence
