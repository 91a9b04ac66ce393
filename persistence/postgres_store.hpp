// The store of several nodes: one PostgreSQL database (15 or later, encoded in UTF-8), reached by URL.
#pragma once

#include "persistence/open_mode.hpp"
#include "persistence/secrets.hpp"
#include "persistence/store.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::persistence {

struct postgres_options {
  std::string url; // postgresql://...; it may hold a password, so no failure repeats it
  open_mode mode = open_mode::writer;
  shard_id shards = 64; // of a database that is new; one that is not keeps those it has
  // How long a server may say nothing before it is given up; more than a statement may take there (10 s).
  std::chrono::milliseconds patience = std::chrono::seconds(13);
};

struct opened_postgres {
  std::unique_ptr<store> held;
  std::vector<std::string> warnings; // for the operator: what the server is not set up for
};

// Connects, migrates (writer only, one node at a time) and checks. unavailable: no server answers now. refused, with words for
// the operator: a newer schema that no longer works with this version, another encoding, a key that does not open the stored
// secrets, or a pooler that gives connections away between transactions. invalid: no such URL.
// The store connects anew by itself, at the first call after its connection was lost; that call, and the one during which it was
// lost, fail with `unavailable`.
[[nodiscard]] result<opened_postgres> open_postgres(const postgres_options& options, secret_box box);

// Is it a URL or a list of keywords that libpq understands? What is wrong with it is not said: it may hold a password. No,
// too, where a piece of one that is not percent-encoded would be taken for a host or a port.
[[nodiscard]] bool is_postgres_url(const std::string& url);

// Whether nothing of ours is there yet. Fails as open_postgres does.
[[nodiscard]] result<bool> is_new_postgres(const std::string& url);

} // namespace ringdown::persistence
