// Base64 and HMAC over libcrypto, on bytes held in strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::wire {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

// RFC 4648 section 4. Padding may be left out but not be wrong; no other character is passed over.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

// RFC 4648 section 5, the alphabet of JWTs; without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

// 20 bytes; only where a provider signs so.
[[nodiscard]] std::string hmac_sha1(std::string_view key, std::string_view message);
// 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);

} // namespace ringdown::wire
