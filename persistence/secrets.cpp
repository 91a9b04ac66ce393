#include "persistence/secrets.hpp"

#include "persistence/private_file.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace ringdown::persistence {

namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// libsodium must be set up before its first use; more than once is harmless.
bool ready() { return sodium_init() >= 0; }

std::string to_base64(const std::array<std::uint8_t, 32>& key) {
  std::string text(sodium_base64_encoded_len(key.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), key.data(), key.size(), sodium_base64_VARIANT_ORIGINAL);
  text.resize(std::strlen(text.c_str()));
  return text;
}

} // namespace

result<secret_box> secret_box::from_file(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0)
    return failure{failure_kind::not_found, "secrets key " + path + ": " + std::strerror(errno)};
  if ((seen.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return failure{failure_kind::refused, "secrets key " + path + " can be read by others; chmod 600 it"};
  std::ifstream in(path);
  if (!in) return failure{failure_kind::refused, "secrets key " + path + " cannot be read: " + std::strerror(errno)};
  std::string text;
  std::getline(in, text);
  std::array<std::uint8_t, 32> key{};
  std::size_t length = 0;
  const bool read = ready() && sodium_base642bin(key.data(), key.size(), text.data(), text.size(), " \r", &length,
                                                 nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
  if (!read || length != key.size())
    return failure{failure_kind::refused, "secrets key " + path + " does not hold 32 bytes as base64"};
  return secret_box(key);
}

result<secret_box> secret_box::create_file(const std::string& path) {
  if (!ready()) return failure{failure_kind::internal, "libsodium cannot be set up"};
  std::array<std::uint8_t, 32> key{};
  randombytes_buf(key.data(), key.size());
  if (auto written = write_private_file(path, to_base64(key) + "\n"); !written)
    return failure{written.error().kind, "secrets key: " + written.error().detail};
  return secret_box(key);
}

std::string secret_box::seal(std::string_view context, const secret_text& plain) const {
  const std::string& text = plain.reveal();
  std::string sealed(nonce_bytes + text.size() + tag_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(out, nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_bytes, nullptr, bytes(text), text.size(), bytes(context),
                                             context.size(), nullptr, out, key_.data());
  return sealed;
}

result<secret_text> secret_box::open(std::string_view context, std::string_view sealed) const {
  const failure broken{failure_kind::unreadable,
                       "a stored secret cannot be opened: the key is another one, or the row was changed"};
  if (sealed.size() < nonce_bytes + tag_bytes) return broken;
  std::string text(sealed.size() - nonce_bytes - tag_bytes, '\0');
  const auto* in = bytes(sealed);
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(text.data()), nullptr,
                                                                nullptr, in + nonce_bytes, sealed.size() - nonce_bytes,
                                                                bytes(context), context.size(), in, key_.data());
  if (opened != 0) return broken;
  return secret_text(std::move(text));
}

std::array<std::uint8_t, 32> secret_box::sign(std::string_view purpose, std::string_view message) const {
  // A key of its own per purpose, so that no signature can serve for another.
  std::array<std::uint8_t, 32> derived{};
  crypto_auth_hmacsha256(derived.data(), bytes(purpose), purpose.size(), key_.data());
  std::array<std::uint8_t, 32> mac{};
  crypto_auth_hmacsha256(mac.data(), bytes(message), message.size(), derived.data());
  return mac;
}

std::array<std::uint8_t, 16> random_bits() {
  std::array<std::uint8_t, 16> bits{};
  if (ready()) randombytes_buf(bits.data(), bits.size());
  return bits;
}

} // namespace ringdown::persistence
