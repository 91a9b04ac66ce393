// What the store's tests are made of: a place on disk, values with sensible defaults, and a desk to work at.
#pragma once

#include "persistence/sqlite_store.hpp"
#include "persistence/store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::persistence {

inline constexpr wall_time noon = wall_time{std::chrono::microseconds{1'795'000'000'000'000}};

// A directory of its own under /tmp, removed with all that is in it.
class temp_dir {
public:
  temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir();
  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] const std::string& root() const { return root_; }

private:
  std::string root_;
};

// A database file and the key it is sealed with.
struct sqlite_place {
  temp_dir dir;
  secret_box box = make_key();
  [[nodiscard]] std::string file() const { return dir.path("ringdown.db"); }
  [[nodiscard]] std::unique_ptr<store> open(open_mode mode = open_mode::writer) const;

private:
  [[nodiscard]] secret_box make_key() const;
};

// Opens one more connection to the same, at first empty, store.
using store_opener = std::function<std::unique_ptr<store>()>;

[[nodiscard]] alert make_alert(const std::string& id, const tenant_id& tenant = tenant_id("acme"));
[[nodiscard]] alert_view view_of(const alert& what);
// An acknowledgement that is asked for at noon.
[[nodiscard]] command make_command(const std::string& id, const tenant_id& tenant = tenant_id("acme"));
// A pending interrupt of the alert's fire, on channel "push", due at noon.
[[nodiscard]] delivery make_row(const std::string& id, const alert& about);

// One owner of the shard at work for tenant "acme".
struct desk {
  explicit desk(const store_opener& open);

  [[nodiscard]] write_batch batch() const;
  void commit(const write_batch& what);
  void commit_rows(std::vector<delivery> rows);
  void commit_alert(const alert& what);
  [[nodiscard]] claimed_rows claim(std::size_t limit = 10, wall_time now = noon, const std::string& channel = "push");
  [[nodiscard]] std::vector<std::string> claimed_ids(std::size_t limit = 10, wall_time now = noon,
                                                     const std::string& channel = "push");
  [[nodiscard]] settlement outcome(const std::string& id, delivery_state state) const;
  result<void> settle(const settlement& what);
  [[nodiscard]] delivery row(const std::string& id);
  [[nodiscard]] std::string fate(const std::string& id); // "suppressed acknowledged"

  std::unique_ptr<store> held;
  fence owner;
  tenant_id tenant{"acme"};
};

} // namespace ringdown::persistence
