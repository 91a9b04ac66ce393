#include "test/persistence/postgres_place.hpp"

#include "persistence/postgres/pq.hpp"
#include "test/support/catch.hpp"

#include <atomic>
#include <filesystem>
#include <utility>

namespace ringdown::persistence {

namespace {

std::string fresh_url(const postgres_server& on) {
  static std::atomic<int> schemas = 0;
  const std::string folder = std::filesystem::path(on.socket_path()).parent_path().string();
  const std::string url = "postgresql://ringdown@/postgres?port=" + std::to_string(on.port()) + "&host=" + folder;
  const std::string schema = "s" + std::to_string(++schemas);
  run_text(begin_session(url, open_mode::writer).get(), "create schema " + schema);
  return url + "&options=-csearch_path%3D" + schema;
}

} // namespace

postgres_place::postgres_place(const postgres_server& on) : url(fresh_url(on)) {}

secret_box postgres_place::make_key() const {
  auto made = secret_box::create_file(dir.path("key"));
  REQUIRE(made.ok());
  return *made;
}

std::unique_ptr<store> postgres_place::open(open_mode mode) const {
  auto opened = open_postgres({url, mode}, box);
  INFO((opened.ok() ? std::string() : opened.error().detail));
  REQUIRE(opened.ok());
  return std::move(opened->held);
}

} // namespace ringdown::persistence
