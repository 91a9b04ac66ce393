// Reads a mail as a mailbox would: its header fields, decoded, and its text. Made apart from what writes mails, so that the
// two can disagree. Pure.
#pragma once

#include "protocol/types/http.hpp"

#include <string>
#include <string_view>

namespace ringdown::sim {

struct read_mail {
  http_headers headers; // unfolded and decoded, in their order
  std::string text;     // decoded
};
[[nodiscard]] read_mail understand_mail(std::string_view raw);

// RFC 2047 words in base64 or Q become UTF-8; what is none stays.
[[nodiscard]] std::string decoded_words(std::string_view value);
[[nodiscard]] std::string decoded_quoted_printable(std::string_view body);
// What is not of the alphabet is passed over.
[[nodiscard]] std::string decoded_base64(std::string_view text);

} // namespace ringdown::sim
