#include "protocol/types/http.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include <arpa/inet.h>

namespace ringdown {

namespace {

constexpr std::size_t longest_url = 8192;
constexpr std::size_t longest_host = 253; // RFC 1035, 2.3.4
constexpr std::size_t longest_label = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) { return lower(c); });
  return lowered;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

failure bad_url(std::string why) { return {failure_kind::invalid, "url: " + std::move(why)}; }

bool is_dotted_quad(const std::string& host) {
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

// A host whose last label looks like a number is an IPv4 address to many parsers (WHATWG URL, "ends in a number"),
// so anything of that look but the plain dotted form is refused: 0x7f.1, 017700000001, 2130706433.
bool looks_like_ipv4(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  return all_digits(last) || last.starts_with("0x");
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_digit(c) || is_alpha(c) || c == '-' || c == '_'; });
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > longest_host) return false;
  for (;;) {
    const std::size_t dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

result<int> parse_port(std::string_view text) {
  if (!all_digits(text) || text.size() > 5) return bad_url("the port must be a number from 1 to 65535");
  int port = 0;
  for (const char c : text) port = port * 10 + (c - '0');
  if (port < 1 || port > 65535) return bad_url("the port must be a number from 1 to 65535");
  return port;
}

result<std::string> parse_host(std::string_view text) {
  std::string host = lower(text);
  if (host.ends_with('.')) host.pop_back();
  if (!is_host_name(host))
    return bad_url("the host is not a name or an address (write international names in their xn-- form)");
  if (looks_like_ipv4(host) && !is_dotted_quad(host))
    return bad_url("the host is an IPv4 address in an unusual spelling");
  return host;
}

struct authority {
  std::string host;
  std::string_view port; // empty: none written
};

result<authority> split_authority(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return bad_url("user names and passwords do not belong into a url");
  authority parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad_url("the bracket of the IPv6 address is not closed");
    parts.host = lower(text.substr(1, end - 1));
    in6_addr parsed{};
    if (inet_pton(AF_INET6, parts.host.c_str(), &parsed) != 1)
      return bad_url("the host in brackets is not an IPv6 address");
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    auto host = parse_host(text.substr(0, colon));
    if (!host) return host.error();
    parts.host = std::move(host).value();
    rest = text.substr(colon);
  }
  if (!rest.empty()) {
    if (!rest.starts_with(':') || rest.size() == 1) return bad_url("after the host only a colon and a port may follow");
    parts.port = rest.substr(1);
  }
  return parts;
}

// The three forms of RFC 9110, 5.6.7; senders use the first, recipients accept all.
std::optional<std::time_t> parse_http_date(const std::string& text) {
  constexpr std::array formats{"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
  for (const char* format : formats) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return timegm(&parts);
  }
  return std::nullopt;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

} // namespace

std::string_view name(http_method method) {
  switch (method) {
    case http_method::get: return "GET";
    case http_method::post: return "POST";
    case http_method::put: return "PUT";
    case http_method::patch: return "PATCH";
    case http_method::del: return "DELETE";
  }
  return "GET";
}

std::string_view name(transport_error error) {
  switch (error) {
    case transport_error::none: return "none";
    case transport_error::dns: return "dns";
    case transport_error::refused_address: return "refused_address";
    case transport_error::connect_refused: return "connect_refused";
    case transport_error::connect_timeout: return "connect_timeout";
    case transport_error::unreachable: return "unreachable";
    case transport_error::tls_untrusted: return "tls_untrusted";
    case transport_error::tls_name: return "tls_name";
    case transport_error::tls_expired: return "tls_expired";
    case transport_error::tls_pin: return "tls_pin";
    case transport_error::tls_other: return "tls_other";
    case transport_error::reset: return "reset";
    case transport_error::timeout: return "timeout";
    case transport_error::malformed: return "malformed";
    case transport_error::too_large: return "too_large";
    case transport_error::too_late: return "too_late";
    case transport_error::cancelled: return "cancelled";
    case transport_error::overloaded: return "overloaded";
  }
  return "none";
}

std::optional<std::string_view> header(const http_headers& headers, std::string_view wanted) {
  const auto found = std::ranges::find_if(headers, [&](const auto& h) { return equal_ignoring_case(h.first, wanted); });
  if (found == headers.end()) return std::nullopt;
  return std::string_view{found->second};
}

std::optional<duration> retry_after(const http_headers& headers, wall_time now) {
  constexpr duration shortest = std::chrono::seconds(1);
  constexpr duration longest = std::chrono::hours(1);
  const auto value = header(headers, "Retry-After");
  if (!value) return std::nullopt;
  const std::string text(trim(*value));
  if (all_digits(text)) {
    std::int64_t seconds = 0;
    for (const char c : text) seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), 1'000'000);
    return std::clamp<duration>(std::chrono::seconds(seconds), shortest, longest);
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  const wall_time until{std::chrono::seconds(*date)};
  return std::clamp<duration>(until - now, shortest, longest);
}

result<url_parts> parse_url(std::string_view url) {
  if (url.size() > longest_url) return bad_url("longer than 8192 characters");
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c == '\x7f' || static_cast<unsigned char>(c) > 0x7f; }))
    return bad_url("spaces, control and non-ASCII characters must be percent-encoded");
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return bad_url("must begin with https:// or http://");
  url_parts parts;
  parts.scheme = lower(url.substr(0, colon));
  if (parts.scheme != "http" && parts.scheme != "https") return bad_url("must begin with https:// or http://");
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  auto where = split_authority(rest.substr(0, end));
  if (!where) return where.error();
  parts.host = std::move(where->host);
  parts.port = parts.scheme == "https" ? 443 : 80;
  if (!where->port.empty()) {
    const auto port = parse_port(where->port);
    if (!port) return port.error();
    parts.port = *port;
  }
  parts.target = std::string(rest.substr(end));
  if (!parts.target.starts_with('/')) parts.target.insert(parts.target.begin(), '/');
  return parts;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += hex[byte >> 4U];
    encoded += hex[byte & 15U];
  }
  return encoded;
}

} // namespace ringdown
