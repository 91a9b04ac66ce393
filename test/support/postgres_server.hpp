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
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string socket_path() const;

private:
  void start();
  void stop(int how);
  // Runs a program as its user; its exit code.
  [[nodiscard]] int run(const std::vector<std::string>& words) const;
  [[nodiscard]] pid_t begin(const std::vector<std::string>& words, int error_output) const;

  durability kept_;
  std::filesystem::path programs_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t server_ = -1;
  pid_t follower_ = -1;
  int log_ = -1; // what it says, until it is ready
};

} // namespace ringdown::test
