// A mail as RFC 5322 text: header fields in ASCII, a plain-text body in quoted-printable, lines ended by CRLF. Pure.
#pragma once

#include "protocol/types/time.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::wire::email {

// In the order in which they are written. Values are UTF-8 words; what is not ASCII becomes RFC 2047 encoded words, so
// structured fields (addresses, ids) must be ASCII already. Control characters, line ends among them, become blanks.
using mail_headers = std::vector<std::pair<std::string_view, std::string>>;

// The whole text. MIME-Version, Content-Type and Content-Transfer-Encoding are added.
[[nodiscard]] std::string write_mail(const mail_headers& headers, std::string_view body);

// "Name: value" with its CRLF, folded at blanks so that lines stay below 78 bytes where a blank allows it.
[[nodiscard]] std::string header_line(std::string_view name, std::string_view value);

// Lines of at most 76 bytes, line feeds as CRLF (RFC 2045, 6.7).
[[nodiscard]] std::string quoted_printable(std::string_view text);

// "Fri, 02 Oct 2026 07:00:00 +0000"
[[nodiscard]] std::string mail_date(wall_time at);

// What may stand in front of the @ of a message id: other bytes become '-'; never empty.
[[nodiscard]] std::string id_part(std::string_view text);

} // namespace ringdown::wire::email
