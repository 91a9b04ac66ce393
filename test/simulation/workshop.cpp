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

std::unique_ptr<persistence::sqlite_connection> connect(const std::string& file) {
  auto made = std::make_unique<persistence::sqlite_connection>(file, SQLite::OPEN_READWRITE);
  made->db().exec("pragma synchronous = off");
  return made;
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

workshop::place::place(std::string file, const persistence::secret_box& box) : file_(std::move(file)), box_(box) {}

workshop::place::~place() {
  owners_.reset();
  std::error_code ignored;
  for (const char* rest : {"", "-wal", "-shm"}) std::filesystem::remove(file_ + rest, ignored);
}

std::unique_ptr<persistence::store> workshop::place::open() const {
  return std::make_unique<persistence::sql_store>(connect(file_), box_);
}

void workshop::place::put_owner(const fence& owner) const {
  if (!owners_) owners_ = connect(file_);
  owners_->run(
      "insert into shard(id, owner, epoch) values(0, ?1, ?2) on conflict(id) do update set owner = ?1, epoch = ?2",
      owner.owner, owner.epoch);
}

} // namespace ringdown::simulation
