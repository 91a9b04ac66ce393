#include "actors/net/tls.hpp"

#include <array>
#include <ctime>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace ringdown::net {

namespace {

constexpr std::string_view pin_prefix = "sha256//";
constexpr std::size_t sha256_base64 = 44;

tls_expectation* expectation_of(const SSL* ssl) { return static_cast<tls_expectation*>(SSL_get_app_data(ssl)); }

// Replaces the whole chain check: the key is known, so neither issuer nor name nor dates add anything.
int check_pin(X509_STORE_CTX* chain, void*) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  const tls_expectation* expected = expectation_of(ssl);
  if (leaf != nullptr && expected != nullptr && public_key_pin(leaf) == expected->pin) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

// Returning 1 takes the session over.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  tls_expectation* expected = expectation_of(ssl);
  if (expected == nullptr || !expected->slot) return 0;
  expected->slot->session.reset(session);
  expected->slot->context = SSL_get_SSL_CTX(ssl);
  return 1;
}

ssl_context_ptr new_context() {
  ssl_context_ptr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), &keep_session);
  // Ten thousand kept connections are idle nearly always.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A record in one read of the socket, not its head and then the rest.
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

bool is_literal(const std::string& host) {
  std::array<unsigned char, 16> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

// The name asked for (SNI) and the one the certificate must be for.
bool expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* check = SSL_get0_param(ssl);
  if (is_literal(name)) return X509_VERIFY_PARAM_set1_ip_asc(check, name.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 &&
         X509_VERIFY_PARAM_set1_host(check, name.c_str(), name.size()) == 1;
}

void resume(SSL* ssl, session_slot* slot) {
  if (slot == nullptr || !slot->session) return;
  if (slot->context != SSL_get_SSL_CTX(ssl) || SSL_SESSION_is_resumable(slot->session.get()) != 1) {
    slot->session.reset();
    return;
  }
  SSL_set_session(ssl, slot->session.get());
}

transport_error error_for(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return transport_error::tls_expired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return transport_error::tls_name;
    case X509_V_ERR_APPLICATION_VERIFICATION: return transport_error::tls_pin;
    default: return transport_error::tls_untrusted;
  }
}

} // namespace

result<SSL_CTX*> tls_contexts::context_for(const tls_policy& policy) {
  if (!policy.pin.empty()) {
    if (!pinned_) {
      pinned_ = new_context();
      if (pinned_) SSL_CTX_set_cert_verify_callback(pinned_.get(), &check_pin, nullptr);
    }
    if (!pinned_) return failure{failure_kind::internal, "tls: no context"};
    return pinned_.get();
  }
  std::error_code error;
  std::filesystem::file_time_type changed{};
  if (!policy.ca_file.empty()) {
    changed = std::filesystem::last_write_time(policy.ca_file, error);
    if (error) return failure{failure_kind::invalid, "ca_file " + policy.ca_file + ": " + error.message()};
  }
  if (const auto known = stores_.find(policy.ca_file); known != stores_.end() && known->second.changed == changed)
    return known->second.context.get();
  ssl_context_ptr context = new_context();
  if (!context) return failure{failure_kind::internal, "tls: no context"};
  const bool loaded = policy.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                             : SSL_CTX_load_verify_file(context.get(), policy.ca_file.c_str()) == 1;
  ERR_clear_error();
  if (!loaded) return failure{failure_kind::invalid, "ca_file " + policy.ca_file + ": no PEM certificate in it"};
  store& kept = stores_[policy.ca_file];
  kept = {std::move(context), changed};
  return kept.context.get();
}

result<ssl_ptr> tls_contexts::open(const tls_policy& policy, const std::string& host, tls_expectation& expected) {
  if (!policy.pin.empty() && !is_pin(policy.pin))
    return failure{failure_kind::invalid, "the pin is not of the form sha256//<base64 of 32 bytes>"};
  const auto context = context_for(policy);
  if (!context) return context.error();
  ssl_ptr ssl(SSL_new(*context));
  if (!ssl) return failure{failure_kind::internal, "tls: no connection object"};
  expected.pin = policy.pin;
  SSL_set_app_data(ssl.get(), &expected);
  if (!expect_name(ssl.get(), policy.server_name.empty() ? host : policy.server_name))
    return failure{failure_kind::invalid, "the server name cannot be used for TLS"};
  resume(ssl.get(), expected.slot.get());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

tls_trouble handshake_trouble(const SSL* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (verdict == X509_V_ERR_APPLICATION_VERIFICATION)
    return {transport_error::tls_pin, "the certificate's key differs from the pin"};
  if (verdict != X509_V_OK) return {error_for(verdict), X509_verify_cert_error_string(verdict)};
  if (code == 0) return {transport_error::tls_other, "the peer ended the connection during the handshake"};
  const char* reason = ERR_reason_error_string(code);
  return {transport_error::tls_other, reason != nullptr ? reason : "handshake failed"};
}

std::optional<wall_time> certificate_expiry(const SSL* ssl) {
  X509* leaf = SSL_get0_peer_certificate(ssl);
  std::tm parts{};
  if (leaf == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &parts) != 1) return std::nullopt;
  return wall_time{std::chrono::seconds(timegm(&parts))};
}

std::string public_key_pin(X509* certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  if (size <= 0) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(encoded, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(encoded);
  std::array<unsigned char, sha256_base64 + 1> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(pin_prefix) + std::string(text.begin(), text.end() - 1);
}

bool is_pin(const std::string& text) {
  if (!text.starts_with(pin_prefix) || text.size() != pin_prefix.size() + sha256_base64 || !text.ends_with('='))
    return false;
  std::array<unsigned char, sha256_base64> decoded{};
  const auto* encoded = reinterpret_cast<const unsigned char*>(text.data() + pin_prefix.size());
  return EVP_DecodeBlock(decoded.data(), encoded, sha256_base64) == 33;
}

} // namespace ringdown::net
