// How values must be written in a tenant's file. Plain checks of text; the messages are the reader's.
#pragma once

#include <string_view>

namespace ringdown::api {

// E.164: +, then 7 to 15 digits of which the first is not 0.
[[nodiscard]] bool is_phone(std::string_view text);
[[nodiscard]] bool is_email(std::string_view text);
// As a trunk names its registrar: a name or an address, no port.
[[nodiscard]] bool is_host(std::string_view text);
// A number that a PSA gave: digits alone, so that it can be sent as one.
[[nodiscard]] bool is_company(std::string_view text);
[[nodiscard]] bool is_secret_name(std::string_view text);
// The base64 of 32 bytes: 43 characters and one "=".
[[nodiscard]] bool is_pin(std::string_view text);

} // namespace ringdown::api
