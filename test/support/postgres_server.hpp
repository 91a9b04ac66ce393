// A PostgreSQL server of a test's own: in a temporary folder, as a user without rights, gone with the test. Reached at
// 127.0.0.1, and by a socket in that folder. Debian's programs in /usr/lib/postgresql, the newest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ringdown::test {

// none: syncs nothing, survives restart() all the same. disk: as a server that is meant.
enum class durability : std::uint8_t { none, disk };

class postgres_server {
public:
  // Of this program, begun when it is first asked for. None where no PostgreSQL is installed: says so, and where CI is set throws.
  [[nodiscard]] static postgres_server* running();

  // Throws std::runtime_error when it cannot be had.
  explicit postgres_server(durability kept = durability::none,
                           const std::filesystem::path& inside = std::filesystem::temp_directory_path());
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  [[nodiscard]] std::string url(const std::string& database = "postgres") const;
  // Ends it as a power cut would, and starts it again from its log.
  void restart();
  // It takes TLS from now on; PEM.
  void use_certificate(const std::string& certificate, const std::string& key);
  // Somebody begins to receive all that it writes, as a standby does, and says what has reached its disk.
  void be_followed();
  // URL of a new database by way of a PgBouncer with this pool_mode. Needs Debian's package pgbouncer. Once for each mode.
  [[nodiscard]] std::string pool(const std::string& mode);
  [[nodiscard]] static bool has_pooler();
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string socket_path() const;

private:
  void start();
  // Begins a program that says these words when it is ready; what it says is read from `log` as long as it lives.
  [[nodiscard]] pid_t begin_and_wait(const std::vector<std::string>& words, const std::string& ready, int& log) const;
  void stop(int how);
  // Runs a program as its user; its exit code.
  [[nodiscard]] int run(const std::vector<std::string>& words) const;
  [[nodiscard]] pid_t begin(const std::vector<std::string>& words, int error_output) const;

  durability kept_;
  std::filesystem::path programs_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t server_ = -1;
  struct companion {
    pid_t process = -1;
    int log = -1;
  };
  std::vector<companion> beside_; // who follow it, or stand before it
  int log_ = -1;                  // what it says, until it is ready
};

} // namespace ringdown::test
