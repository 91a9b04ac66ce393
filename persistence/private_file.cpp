#include "persistence/private_file.hpp"

#include "persistence/posix_failure.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ringdown::persistence {

namespace {

constexpr mode_t only_owner = S_IRUSR | S_IWUSR;

failure errno_failure(const std::string& what) {
  return {errno == EEXIST ? failure_kind::conflict : kind_of_errno(errno), what + ": " + std::strerror(errno)};
}

result<void> write_synced(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, only_owner);
  if (file < 0) return errno_failure("cannot create " + path);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  result<void> done = written ? result<void>() : result<void>(errno_failure("cannot write " + path));
  ::close(file);
  return done;
}

} // namespace

void sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

result<void> write_private_file(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  ::unlink(part.c_str()); // of a start that was killed here
  auto done = write_synced(part, text);
  // link() refuses a file that exists, which rename() would overwrite.
  if (done && ::link(part.c_str(), path.c_str()) != 0) done = errno_failure("cannot create " + path);
  ::unlink(part.c_str());
  if (done) sync_folder_of(path);
  return done;
}

} // namespace ringdown::persistence
