#include "persistence/posix_failure.hpp"
#include "persistence/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringdown::persistence {

result<directory_lock> directory_lock::take(const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failure{kind_of_errno(errno), "cannot open " + path + ": " + std::strerror(errno)};
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return failure{failure_kind::unavailable, "another ringdown uses " + state_dir + " (its lock is held)"};
  }
  return directory_lock(file);
}

directory_lock::directory_lock(int fd) : fd_(fd) {}
directory_lock::directory_lock(directory_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
directory_lock& directory_lock::operator=(directory_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
directory_lock::~directory_lock() {
  if (fd_ >= 0) ::close(fd_);
}

} // namespace ringdown::persistence
