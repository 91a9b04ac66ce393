#include "test/simulation/workshop.hpp"

#include "persistence/sql/store_impl.hpp"
#include "persistence/sqlite/connection.hpp"
#include "persistence/sqlite_store.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace ringdown::simulation {

namespace {

template <class T>
T sure(result<T> said) {
  if (!said) throw std::runtime_error(said.error().detail);
  return std::move(*said);
}

} // namespace

workshop::workshop() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ringdown-simulation-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
  folder_ = pattern;
  box_ = sure(persistence::secret_box::create_file(folder_ + "/key"));
  {
    const auto empty = sure(persistence::open_sqlite({folder_ + "/made"}, *box_));
    // Drawn by chance otherwise, and part of every delivery's key.
    if (auto put = empty->put_setting("lineage", "simulated"); !put) throw std::runtime_error(put.error().detail);
  }
}

workshop::~workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<workshop::place> workshop::make() {
  const std::string file = folder_ + "/world" + std::to_string(++made_);
  std::filesystem::copy_file(folder_ + "/made", file);
  return std::make_unique<place>(file, *box_);
}

workshop::place::~place() {
  std::error_code ignored;
  for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(file_ + rest, ignored);
}

std::unique_ptr<persistence::store> workshop::place::open() const {
  auto db = std::make_unique<persistence::sqlite_connection>(file_, SQLite::OPEN_READWRITE);
  db->db().exec("pragma synchronous = off");
  return std::make_unique<persistence::sql_store>(std::move(db), box_);
}

} // namespace ringdown::simulation
