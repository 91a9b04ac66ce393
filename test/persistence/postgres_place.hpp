// An empty schema on this program's PostgreSQL server, and the key its secrets are sealed with.
#pragma once

#include "persistence/postgres_store.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/postgres_server.hpp"

#include <memory>
#include <string>

namespace ringdown::persistence {

using test::postgres_server;

struct postgres_place {
  explicit postgres_place(const postgres_server& on);
  [[nodiscard]] std::unique_ptr<store> open(open_mode mode = open_mode::writer) const;

  std::string url; // by the server's socket
  temp_dir dir;
  secret_box box = make_key();

private:
  [[nodiscard]] secret_box make_key() const;
};

} // namespace ringdown::persistence
