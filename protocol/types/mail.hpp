// A mail as values: what a dialect asks for and what came of it. No socket is known here; actors/net carries it out.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/secret_text.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

enum class mail_security : std::uint8_t {
  starttls, // nothing of login or mail is said before TLS, and without TLS nothing at all
  implicit, // TLS from the first byte
  none      // a login then goes to this machine itself only
};
[[nodiscard]] std::string_view name(mail_security of);
[[nodiscard]] std::optional<mail_security> parse_mail_security(std::string_view text);

struct mail_request {
  std::string host;
  int port = 587;
  mail_security security = mail_security::starttls;
  std::string ehlo; // how we name ourselves
  std::string user; // empty: no login
  secret_text password;
  std::string from;    // of the envelope
  std::string to;      // one mailbox: of several, one that is refused would stop the others
  std::string text;    // RFC 5322: ASCII, lines of at most 998 bytes, each ended by CRLF
  std::string ca_file; // PEM; empty: the system's store
  duration connect_timeout = std::chrono::seconds(5);
  duration timeout = std::chrono::seconds(10); // from start to the answer to the final dot
  // CLOCK_BOOTTIME moment after which the mail's first byte may no longer leave (S-D1); failure too_late, nothing sent.
  std::optional<std::chrono::nanoseconds> send_by;
};

// What would let a request say more to a server than it means to (CR, LF, a second mailbox), or what no server takes;
// nullopt when nothing does.
[[nodiscard]] std::optional<std::string> fault_of(const mail_request& request);

// One plain mailbox: "jo@example.com". ASCII, no quotes, no comments; at most 254 bytes.
[[nodiscard]] bool is_mailbox(std::string_view text);

// A domain name or an address in brackets, fit for EHLO.
[[nodiscard]] bool is_mail_name(std::string_view text);

// What came of a mail. Either the server's answer decided (`code`) or there was none (`error`).
struct mail_outcome {
  int code = 0;         // the reply that decided: 250, 451, 550; 0: none did
  std::string enhanced; // "5.1.1" of that reply, where it has one
  bool login_refused = false;
  transport_error error = transport_error::none;
  // The final dot may have reached the server and no answer to it came: only then is the outcome unknown. A server
  // forgets what was cut off before the dot.
  bool maybe_taken = false;
  std::string detail; // for logs; no secrets, no word of the far end's
  duration elapsed{};
};

// The class.subject.detail of a reply line ("550 5.1.1 no such user"); empty when it has none (RFC 2034).
[[nodiscard]] std::string enhanced_code(std::string_view reply);

} // namespace ringdown
