#include "bin/ringdownd/node_state.hpp"

#include "bin/ringdownd/state_files.hpp"
#include "persistence/postgres/lease_register.hpp"
#include "persistence/postgres/news.hpp"
#include "persistence/postgres_store.hpp"

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ringdown {

namespace {

using persistence::open_mode;

constexpr std::size_t reader_connections = 2;

struct opened_store {
  persistence::secret_box box;
  std::shared_ptr<persistence::store> writer;
  std::vector<std::unique_ptr<persistence::store>> readers;
  std::vector<std::string> warnings;
};

// A reader each for `reader_connections` threads.
template <class Open>
result<void> add_readers(opened_store& to, const Open& open) {
  for (std::size_t i = 0; i < reader_connections; ++i) {
    auto reader = open();
    if (!reader) return reader.error();
    to.readers.push_back(std::move(*reader));
  }
  return {};
}

result<opened_store> open_file(const node_config& config) {
  const std::string database = config.state_dir + "/ringdown.db";
  std::error_code unknown; // then the store says what is wrong
  auto box = secrets_key(config.key_file, std::filesystem::exists(database, unknown));
  if (!box) return box.error();
  auto writer = persistence::open_sqlite({database, open_mode::writer}, *box);
  if (!writer) return writer.error();
  opened_store made{*box, std::move(*writer), {}, {}};
  const auto open = [&] { return persistence::open_sqlite({database, open_mode::reader}, *box); };
  if (auto added = add_readers(made, open); !added) return added.error();
  return made;
}

result<opened_store> open_database(const node_config& config) {
  const std::string& url = config.store_url.reveal();
  const auto is_new = persistence::is_new_postgres(url);
  if (!is_new) return is_new.error();
  auto box = secrets_key(config.key_file, !*is_new);
  if (!box) return box.error();
  auto writer = persistence::open_postgres({url, open_mode::writer, config.store_shards}, *box);
  if (!writer) return writer.error();
  opened_store made{*box, std::move(writer->held), {}, std::move(writer->warnings)};
  // A name that is wrong by a letter may be one of an empty database: then nothing is watched, and all is well.
  if (*is_new)
    made.warnings.push_back("it was empty: made anew, with " + std::to_string(config.store_shards) + " shards");
  const auto open = [&]() -> result<std::unique_ptr<persistence::store>> {
    auto reader = persistence::open_postgres({url, open_mode::reader, config.store_shards}, *box);
    if (!reader) return reader.error();
    return std::move(reader->held);
  };
  if (auto added = add_readers(made, open); !added) return added.error();
  return made;
}

result<void> join_others(node_state& to, const std::string& url) {
  auto news = persistence::wait_for_postgres_news(url);
  if (!news) return news.error();
  to.news = std::move(*news);
  to.shards = persistence::open_postgres_register(url);
  return {};
}

} // namespace

result<persistence::directory_lock> take_state_dir(const node_config& config) {
  if (auto made = prepare_state_dir(config.state_dir); !made) return made.error();
  return persistence::directory_lock::take(config.state_dir);
}

result<own_files> open_own_files(const node_config& config) {
  auto token = api_token(config.token_file);
  if (!token) return token.error();
  auto flight = flight_recorder::open(config.state_dir + "/flight");
  if (!flight) return flight.error();
  return own_files{std::move(*token), std::move(*flight)};
}

result<node_state> open_state(const node_config& config) {
  auto store = config.is_one_of_several() ? open_database(config) : open_file(config);
  if (!store) return store.error();
  node_state state{store->box, std::move(store->writer), std::move(store->readers), {}, {}, std::move(store->warnings)};
  if (config.is_one_of_several())
    if (auto joined = join_others(state, config.store_url.reveal()); !joined) return joined.error();
  return state;
}

} // namespace ringdown
