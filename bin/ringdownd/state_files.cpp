#include "bin/ringdownd/state_files.hpp"

#include "persistence/posix_failure.hpp"
#include "protocol/types/ids.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace ringdown {

namespace {

constexpr mode_t only_owner = S_IRUSR | S_IWUSR;

failure errno_failure(const std::string& what) {
  return {persistence::kind_of_errno(errno), what + ": " + std::strerror(errno)};
}

result<void> write_private(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, only_owner);
  if (file < 0) return errno_failure("cannot create " + path);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const failure why = written ? failure{} : errno_failure("cannot write " + path);
  ::close(file);
  return written ? result<void>() : result<void>(why);
}

} // namespace

result<void> prepare_state_dir(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::create_directories(path, failed)) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, failed);
  }
  if (failed)
    return failure{persistence::kind_of_errno(failed.value()),
                   "cannot create state_dir " + path + ": " + failed.message()};
  if (::access(path.c_str(), W_OK | X_OK) != 0) return errno_failure("cannot write to state_dir " + path);
  return {};
}

result<std::string> api_token(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0) {
    // Two ids: 256 bits.
    const std::string fresh = encode_id("rdt_", persistence::random_bits()) + encode_id("", persistence::random_bits());
    auto written = write_private(path, fresh + "\n");
    if (!written) return written.error();
    return fresh;
  }
  if ((seen.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return failure{failure_kind::refused, path + " can be read by others; chmod 600 it"};
  std::ifstream in(path);
  if (!in) return errno_failure("cannot read " + path);
  std::string token;
  std::getline(in, token);
  if (token.size() < 16) return failure{failure_kind::refused, path + " holds no token of at least 16 characters"};
  return token;
}

result<persistence::secret_box> secrets_key(const std::string& path, const std::string& database) {
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return persistence::secret_box::from_file(path);
  if (failed)
    return failure{persistence::kind_of_errno(failed.value()), "secrets key " + path + ": " + failed.message()};
  if (std::filesystem::exists(database))
    return failure{
        failure_kind::refused,
        "the secrets key " + path + " is missing but the database exists; put the key back (it is not in backups)"};
  return persistence::secret_box::create_file(path);
}

} // namespace ringdown
