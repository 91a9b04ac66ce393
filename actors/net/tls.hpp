// The client side of TLS over OpenSSL: one SSL_CTX per trust store, what a policy asks of each connection, and what a
// failed handshake means. TLS 1.2 or later. Not thread-safe: each I/O thread has its own `tls_contexts`.
#pragma once

#include "protocol/types/http.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>

namespace ringdown::net {

struct free_ssl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using ssl_ptr = std::unique_ptr<SSL, free_ssl>;
using ssl_context_ptr = std::unique_ptr<SSL_CTX, free_ssl>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, free_ssl>;

// Where a connection leaves its session for the next one to the same endpoint under the same policy. A resumed session
// repeats no certificate check, so it is bound to the trust store (`context`) it was checked against.
struct session_slot {
  ssl_session_ptr session;
  const SSL_CTX* context = nullptr;
};

// What one connection needs while it lives; OpenSSL keeps a pointer to it, so it must not move and must outlive the SSL.
struct tls_expectation {
  std::string pin;                    // as in tls_policy
  std::shared_ptr<session_slot> slot; // shared by the connections of a lane to one endpoint
};

struct tls_trouble {
  transport_error error = transport_error::tls_other;
  std::string detail;
};

class tls_contexts {
public:
  // A new SSL set up for `policy` on host `host` (the policy's server_name goes before it), resuming when the slot has
  // a session. A changed ca_file is read again. failure invalid: ca_file cannot be read or the pin is not one.
  [[nodiscard]] result<ssl_ptr> open(const tls_policy& policy, const std::string& host, tls_expectation& expected);

private:
  struct store {
    ssl_context_ptr context;
    std::filesystem::file_time_type changed;
  };
  [[nodiscard]] result<SSL_CTX*> context_for(const tls_policy& policy);

  std::map<std::string, store> stores_; // by ca_file; "" is the system's
  ssl_context_ptr pinned_;
};

// Tells apart why a handshake failed; drains OpenSSL's error queue.
[[nodiscard]] tls_trouble handshake_trouble(const SSL* ssl);

// After a handshake: the leaf's notAfter.
[[nodiscard]] std::optional<wall_time> certificate_expiry(const SSL* ssl);

// "sha256//" + base64 of the SHA-256 of the certificate's SubjectPublicKeyInfo.
[[nodiscard]] std::string public_key_pin(X509* certificate);
[[nodiscard]] bool is_pin(const std::string& text);

} // namespace ringdown::net
