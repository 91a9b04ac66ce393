#include "actors/net/http_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ringdown::net {

namespace {

// RFC 9110, 5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

bool is_header_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view each) {
    return std::ranges::equal(each, name, [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  });
}

constexpr std::array<std::string_view, 4> framing{"content-length", "transfer-encoding", "connection", "host"};
constexpr std::array<std::string_view, 4> set_by_server{"content-length", "transfer-encoding", "connection", "date"};

std::string host_header(const url_parts& url) {
  std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const int usual = url.scheme == "https" ? 443 : 80;
  return url.port == usual ? host : fmt::format("{}:{}", host, url.port);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

bool sends_length_always(http_method method) {
  return method == http_method::post || method == http_method::put || method == http_method::patch;
}

} // namespace

result<std::string> write_request(const http_request& request, const url_parts& url, std::string_view user_agent) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", name(request.method), url.target, host_header(url));
  if (!header(request.headers, "User-Agent")) text += fmt::format("User-Agent: {}\r\n", user_agent);
  for (const auto& [field, value] : request.headers) {
    if (!is_token(field) || !is_header_value(value))
      return failure{failure_kind::invalid, "a header has characters that HTTP does not allow"};
    if (is_one_of(framing, field)) return failure{failure_kind::invalid, "header " + field + " is not the caller's"};
    text += fmt::format("{}: {}\r\n", field, value);
  }
  if (!request.body.empty() || sends_length_always(request.method))
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  text += "\r\n";
  text += request.body;
  return text;
}

std::string write_response(int status, const http_headers& headers, std::string_view body, std::string_view method,
                           std::string_view date, after_response then) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", status, reason_phrase(status), date);
  for (const auto& [field, value] : headers) {
    if (is_token(field) && is_header_value(value) && !is_one_of(set_by_server, field))
      text += fmt::format("{}: {}\r\n", field, value);
  }
  if (then == after_response::close) text += "Connection: close\r\n";
  const bool has_body = status != 204 && status != 304; // RFC 9110, 6.4.1
  if (has_body) text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n";
  if (has_body && method != "HEAD") text += body;
  return text;
}

result<target_parts> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return failure{failure_kind::invalid, "the request target must begin with '/'"};
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, mark));
  if (!path) return failure{failure_kind::invalid, "the path has a broken percent escape"};
  if (std::ranges::any_of(*path, is_control)) return failure{failure_kind::invalid, "the path has a control character"};
  return target_parts{std::move(*path), std::string(mark < target.size() ? target.substr(mark + 1) : "")};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

} // namespace ringdown::net
