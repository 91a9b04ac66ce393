// HTTP as values: what a dialect asks for and what came back. No socket is known here; actors/net carries it out.
#pragma once

#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown {

enum class http_method { get, post, put, patch, del };

[[nodiscard]] std::string_view name(http_method method);

using http_headers = std::vector<std::pair<std::string, std::string>>;

// How the far end's certificate is judged. Verification cannot be switched off: a private CA or a pin replaces it.
struct tls_policy {
  std::string ca_file; // PEM; empty: the system's store
  std::string
      pin; // "sha256//" + base64 of the SHA-256 of the certificate's SubjectPublicKeyInfo (curl's form); replaces chain and name
  std::string server_name; // name asked for and verified; empty: the URL's host
  friend bool operator==(const tls_policy&, const tls_policy&) = default;
};

// Which addresses may be connected to (S-03, channels reference 7.3).
enum class egress_class {
  pbx,    // private addresses are fine, loopback only when listed in [egress] allow
  channel // global unicast only, anything else only when listed
};

struct http_request {
  http_method method = http_method::get;
  std::string url;        // absolute, http or https, no user info
  std::string connect_to; // "address" or "address:port" to connect to instead of the URL's host; empty: resolve it
  http_headers headers;   // Host, Content-Length, Connection and User-Agent are set by net
  std::string body;
  tls_policy tls;
  egress_class egress = egress_class::channel;
  std::size_t response_limit = 1 << 20; // bytes of body; more is failure too_large
  duration connect_timeout = std::chrono::seconds(5);
  duration timeout = std::chrono::seconds(10); // from start to last byte
  // CLOCK_BOOTTIME moment after which the first byte may no longer leave (S-D1); failure too_late, nothing sent.
  std::optional<std::chrono::nanoseconds> send_by;
};

// Where an exchange ended when it did not end in a response: policies differ (S-A4, S-D6).
enum class http_stage { resolve, connect, tls, send, receive };

enum class transport_error {
  none,
  dns,             // name not found, or no resolver answered
  refused_address, // the egress guard said no
  connect_refused,
  connect_timeout,
  unreachable,   // no route, network down
  tls_untrusted, // chain not trusted
  tls_name,      // certificate is for another name
  tls_expired,   // expired or not yet valid
  tls_pin,       // key differs from the pin
  tls_other,
  reset,     // closed or reset by the peer before a whole response
  timeout,   // connected, no whole answer in time
  malformed, // not HTTP
  too_large,
  too_late, // send_by passed; nothing was sent
  cancelled,
  overloaded // our own limit: no slot; nothing was sent
};

[[nodiscard]] std::string_view name(transport_error error);

struct http_response {
  int status = 0;
  http_headers headers;
  std::string body;
  // The certificate seen on this connection (empty on plain http).
  std::optional<wall_time> certificate_expires;
};

// What came of a request. `sent` tells whether any byte of the request can have reached the peer: only then is an outcome unknown.
struct http_outcome {
  std::optional<http_response> response;
  transport_error error = transport_error::none;
  http_stage stage = http_stage::resolve;
  bool sent = false;
  std::string detail; // for logs; no secrets
  std::string host{}; // of the URL that was asked for; empty: it had none
  duration elapsed{};
  [[nodiscard]] bool ok() const { return response.has_value(); }
};

// First header of that name, ASCII case-insensitive.
[[nodiscard]] std::optional<std::string_view> header(const http_headers& headers, std::string_view wanted);

// Delta seconds or HTTP-date, clamped to [1 s, 1 h]; garbage is nullopt. `now` serves the date form.
[[nodiscard]] std::optional<duration> retry_after(const http_headers& headers, wall_time now);

// The parts of an absolute URL. Ports are filled in by scheme.
struct url_parts {
  std::string scheme;
  std::string host; // lower case; brackets of IPv6 removed
  int port = 0;
  std::string target; // path and query, at least "/"
};
// Refuses other schemes, user info, fragments kept out, odd IPv4 spellings (octal, hex, integer), control characters.
[[nodiscard]] result<url_parts> parse_url(std::string_view url);
[[nodiscard]] std::string percent_encode(std::string_view text); // all but unreserved characters

} // namespace ringdown
