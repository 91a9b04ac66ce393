// Certificates made on the spot (P-256), so that no key is kept in the repository and nothing expires by itself.
#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace ringdown::test {

struct free_crypto {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, free_crypto>;
using certificate_ptr = std::unique_ptr<X509, free_crypto>;

struct identity {
  key_ptr key;
  certificate_ptr certificate;
};

struct validity {
  long from_seconds = -3600; // from now
  long to_seconds = 86400;
};

[[nodiscard]] identity make_authority();
// `alternative` is a SubjectAltName as OpenSSL writes it: "DNS:pbx.test,IP:127.0.0.1".
[[nodiscard]] identity make_certificate(const identity& authority, const std::string& alternative, validity valid = {});
[[nodiscard]] std::string to_pem(X509* certificate);
[[nodiscard]] std::string to_pem(EVP_PKEY* key);

} // namespace ringdown::test
