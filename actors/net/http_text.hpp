// HTTP/1.1 messages as text: what the client writes, what the server writes, and how a request target is read. No
// socket, no clock.
#pragma once

#include "protocol/types/http.hpp"

#include <string>
#include <string_view>

namespace ringdown::net {

// Header lines and body as they go to the wire. failure invalid: a header that would break the framing, or one that net
// sets itself (Content-Length, Transfer-Encoding, Connection).
[[nodiscard]] result<std::string> write_request(const http_request& request, const url_parts& url,
                                                std::string_view user_agent);

enum class after_response { keep_open, close };

// `method` decides whether the body goes out (HEAD: only its length). A header that would break the framing is left out.
[[nodiscard]] std::string write_response(int status, const http_headers& headers, std::string_view body,
                                         std::string_view method, std::string_view date, after_response then);

// Percent-decodes the path of an origin-form target and splits off the query. failure invalid: not beginning with '/',
// a broken escape, a control character or NUL, however spelled.
struct target_parts {
  std::string path;
  std::string query;
};
[[nodiscard]] result<target_parts> parse_target(std::string_view target);

[[nodiscard]] std::string_view reason_phrase(int status);

} // namespace ringdown::net
