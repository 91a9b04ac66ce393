// What stands between us and the server, and what it keeps of what we wrote.
#include "persistence/postgres/pq.hpp"
#include "test/persistence/postgres_place.hpp"
#include "test/support/catch.hpp"
#include "test/support/tls_fixture.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace ringdown::persistence {

namespace {

std::string asked(const std::string& url, const std::string& sql) {
  return one_text(begin_session(url, open_mode::writer).get(), sql);
}

std::vector<std::string> warnings(const postgres_place& at) {
  const auto opened = open_postgres({at.url}, at.box);
  INFO((opened.ok() ? std::string() : opened.error().detail));
  REQUIRE(opened.ok());
  return opened->warnings;
}

} // namespace

TEST_CASE("postgres: a server is known by its certificate, where the URL asks for that") {
  if (postgres_server::running() == nullptr) return;
  postgres_server server;
  const auto authority = test::make_authority();
  const auto own = test::make_certificate(authority, "IP:127.0.0.1");
  server.use_certificate(test::to_pem(own.certificate.get()), test::to_pem(own.key.get()));
  const temp_dir dir;
  std::ofstream(dir.path("ca.pem")) << test::to_pem(authority.certificate.get());
  std::ofstream(dir.path("other.pem")) << test::to_pem(test::make_authority().certificate.get());
  const auto by = [&](const std::string& ca) {
    return server.url() + "?sslmode=verify-full&sslrootcert=" + dir.path(ca);
  };
  CHECK(asked(by("ca.pem"), "select ssl from pg_stat_ssl where pid = pg_backend_pid()") == "t");
  const postgres_place place(server); // for its key
  const auto opened = open_postgres({by("ca.pem")}, place.box);
  INFO((opened.ok() ? std::string() : opened.error().detail));
  CHECK(opened.ok());
  const auto refused = open_postgres({by("other.pem")}, place.box);
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(refused.error().detail, Catch::Matchers::Contains("SSL"));
}

TEST_CASE("postgres: whoever follows a server without being waited for is warned of") {
  if (postgres_server::running() == nullptr) return;
  postgres_server server(test::durability::disk);
  const postgres_place place(server);
  CHECK(warnings(place).empty());
  server.be_followed();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (asked(place.url, "select count(*) from pg_stat_replication where state = 'streaming'") != "1") {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
  const auto said = warnings(place);
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("synchronous_standby_names") != std::string::npos);
  static_cast<void>(asked(place.url, "alter system set synchronous_standby_names = '*'"));
  static_cast<void>(asked(place.url, "select pg_reload_conf()"));
  while (asked(place.url, "show synchronous_standby_names") != "*") REQUIRE(std::chrono::steady_clock::now() < until);
  CHECK(warnings(place).empty());
  static_cast<void>(asked(place.url, "alter role ringdown set synchronous_commit = local"));
  const auto local = warnings(place);
  REQUIRE(local.size() == 1);
  CHECK_THAT(local[0], Catch::Matchers::Contains("synchronous_commit is local"));
}

// A newer version says with its schema from which version on others may still work with it.
TEST_CASE("postgres: a schema of a newer version is worked with where that says so, else refused with words") {
  postgres_server* const server = postgres_server::running();
  if (server == nullptr) return;
  const postgres_place place(*server);
  static_cast<void>(place.open());
  static_cast<void>(asked(place.url, "update schema_step set version = 99, min_compatible = 1"));
  CHECK(open_postgres({place.url}, place.box).ok());
  static_cast<void>(asked(place.url, "update schema_step set min_compatible = 98"));
  for (const open_mode mode : {open_mode::writer, open_mode::reader}) {
    const auto refused = open_postgres({place.url, mode}, place.box);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == failure_kind::refused);
    CHECK_THAT(refused.error().detail, Catch::Matchers::Contains("98"));
  }
}

} // namespace ringdown::persistence
