// Secrets at rest: XChaCha20-Poly1305 (libsodium) under a key that lives outside the database. A sealed value is bound to
// its tenant and name, so that it cannot be moved to another row.
#pragma once

#include "protocol/types/result.hpp"
#include "protocol/types/secret_text.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::persistence {

class secret_box {
public:
  // 32 bytes as base64 in a file of mode 0600 or stricter; refused when others can read it.
  static result<secret_box> from_file(const std::string& path);
  // Makes a new key file, 0600, whole or not at all; conflict when it exists.
  static result<secret_box> create_file(const std::string& path);

  [[nodiscard]] std::string seal(std::string_view context,
                                 const secret_text& plain) const; // nonce + ciphertext, raw bytes
  [[nodiscard]] result<secret_text> open(std::string_view context,
                                         std::string_view sealed) const; // unreadable: wrong key or tampered

  // HMAC-SHA256 under a key derived for `purpose` ("acknowledge-link"): for signed links.
  [[nodiscard]] std::array<std::uint8_t, 32> sign(std::string_view purpose, std::string_view message) const;

private:
  explicit secret_box(std::array<std::uint8_t, 32> key) : key_(key) {}
  std::array<std::uint8_t, 32> key_{};
};

// 16 bytes from the operating system, for ids and incarnations.
[[nodiscard]] std::array<std::uint8_t, 16> random_bits();

} // namespace ringdown::persistence
