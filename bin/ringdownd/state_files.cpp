#include "bin/ringdownd/state_files.hpp"

#include "persistence/posix_failure.hpp"
#include "persistence/private_file.hpp"
#include "protocol/types/ids.hpp"

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

failure errno_failure(const std::string& what) {
  return {persistence::kind_of_errno(errno), what + ": " + std::strerror(errno)};
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
    auto written = persistence::write_private_file(path, fresh + "\n");
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

result<persistence::secret_box> secrets_key(const std::string& path, bool is_database_there) {
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return persistence::secret_box::from_file(path);
  if (failed)
    return failure{persistence::kind_of_errno(failed.value()), "secrets key " + path + ": " + failed.message()};
  if (is_database_there)
    return failure{failure_kind::refused, "the secrets key " + path +
                                              " is missing but the database exists; put the key back (it is not in "
                                              "backups), or copy it from another node"};
  return persistence::secret_box::create_file(path);
}

} // namespace ringdown
