// Connections that are lost, and servers that do not answer.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/postgres_place.hpp"
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

TEST_CASE("postgres: a commit that waits for a standby is given up, and counts once the standby is there") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  const auto before = place.open();
  auto opened = open_postgres({place.url, open_mode::writer, 64, std::chrono::milliseconds(500)}, place.box);
  REQUIRE(opened.ok());
  store& waits = *opened->held;
  const auto set = [&](const std::string& how) {
    const session operator_ = begin_session(place.url, open_mode::writer);
    run_text(operator_.get(), "alter system " + how);
    run_text(operator_.get(), "select pg_reload_conf()");
  };
  const auto waits_for_standbys = [&] {
    return one_text(begin_session(place.url, open_mode::writer).get(), "show synchronous_standby_names") == "nobody";
  };
  set("set synchronous_standby_names = 'nobody'");
  while (!waits_for_standbys()) continue;
  const auto given_up = waits.put_setting("k", "v");
  REQUIRE_FALSE(given_up.ok());
  CHECK(given_up.error().kind == failure_kind::unavailable);
  CHECK(given_up.error().detail.find("standby") != std::string::npos);
  CHECK(place.open(open_mode::reader)->config_heads().ok());
  set("reset synchronous_standby_names");
  while (waits_for_standbys()) continue;
  CHECK(waits.put_setting("l", "w").ok());
  CHECK(**before->setting("k") == "v");
}

} // namespace ringdown::persistence
