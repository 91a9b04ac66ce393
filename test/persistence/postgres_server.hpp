// A PostgreSQL server of a test program's own: as an unprivileged user, in a temporary directory, on a socket there. It is
// started when it is first asked for, ends with the program, however that ends, and syncs nothing to the disk.
#pragma once

#include "persistence/postgres_store.hpp"
#include "test/persistence/builders.hpp"

#include <sys/types.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

namespace ringdown::persistence {

class postgres_server {
public:
  // None where no PostgreSQL is installed: the test says that it is skipped, and in CI it fails.
  [[nodiscard]] static postgres_server* running();

  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;
  ~postgres_server();

  // Of a schema of its own, that is empty.
  [[nodiscard]] std::string fresh_url();
  [[nodiscard]] std::string socket_path() const;

private:
  explicit postgres_server(const std::string& programs);
  void listen_to(int output);

  std::string root_;
  pid_t server_ = -1;
  std::promise<bool> ready_;
  std::string said_; // by the server; of the listener's thread until it has ended
  std::thread listener_;
  int schemas_ = 0;
};

// An empty schema on that server, and the key its secrets are sealed with.
struct postgres_place {
  explicit postgres_place(postgres_server& on) : url(on.fresh_url()) {}
  [[nodiscard]] std::unique_ptr<store> open(open_mode mode = open_mode::writer) const;

  std::string url;
  temp_dir dir;
  secret_box box = make_key();

private:
  [[nodiscard]] secret_box make_key() const;
};

} // namespace ringdown::persistence
