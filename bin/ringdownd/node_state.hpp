// What a node keeps, opened: its directory, its key, and the store, which is a file of its own or a database it shares with
// other nodes.
#pragma once

#include "actors/flight_recorder.hpp"
#include "actors/log.hpp"
#include "persistence/lease_register.hpp"
#include "persistence/news.hpp"
#include "persistence/secrets.hpp"
#include "persistence/sqlite_store.hpp"
#include "persistence/store.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ringdown {

// What the others need stands before them.
struct node_state {
  persistence::secret_box box;
  std::shared_ptr<persistence::store> writer;
  std::vector<std::unique_ptr<persistence::store>> readers;
  // Of a node that is one of several; none: it runs alone.
  std::shared_ptr<persistence::lease_register> shards;
  std::unique_ptr<persistence::news_waiter> news;
  std::vector<std::string> warnings{}; // what an operator should know of the database
};

// Files of the node's own, which are read once.
struct own_files {
  std::string token;
  std::unique_ptr<flight_recorder> flight;
};

// Makes the directory if need be. Unavailable: another process uses it.
[[nodiscard]] result<persistence::directory_lock> take_state_dir(const node_config& config);
[[nodiscard]] result<own_files> open_own_files(const node_config& config);
// The directory is ours. The failure's kind tells the exit code, as in node::start; of one of several, unavailable: the database is
// away, or does not let us in.
[[nodiscard]] result<node_state> open_state(const node_config& config);

} // namespace ringdown
