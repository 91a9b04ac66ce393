#include "bin/ringdown-sim/certificates.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

namespace ringdown::sim {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* it) const {
    Free(it);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;

constexpr long day = 24L * 3600;
constexpr std::size_t most_addresses = 256;

struct authority {
  key_ptr key;
  certificate_ptr certificate;
};

struct leaf_plan {
  std::string subject;
  std::string names; // subjectAltName in OpenSSL's notation
  long from = -day;  // seconds from now
  long until = 365 * day;
};

bool add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return made != nullptr && X509_add_ext(to, made.get(), -1) == 1;
}

certificate_ptr blank(EVP_PKEY* key, const leaf_plan& plan) {
  certificate_ptr made(X509_new());
  std::array<unsigned char, 8> serial{};
  if (made == nullptr || RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return nullptr;
  serial[0] &= 0x7f;
  const std::unique_ptr<BIGNUM, freed_by<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  X509_set_version(made.get(), 2);
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get()));
  X509_gmtime_adj(X509_getm_notBefore(made.get()), plan.from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), plan.until);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(plan.subject.c_str()), -1, -1, 0);
  return made;
}

authority make_authority(const std::string& subject) {
  authority out{key_ptr(EVP_EC_gen("P-256")), nullptr};
  if (out.key == nullptr) return out;
  auto made = blank(out.key.get(), {subject, "", -day, 3650 * day});
  if (made == nullptr) return out;
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  const bool built = add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                     add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                     add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") &&
                     X509_sign(made.get(), out.key.get(), EVP_sha256()) > 0;
  if (built) out.certificate = std::move(made);
  return out;
}

std::string pem(X509* certificate) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (PEM_write_bio_X509(out.get(), certificate) != 1) return {};
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem(EVP_PKEY* key) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// Signed by `ca`, or by its own key when there is none. Empty texts when OpenSSL refuses.
identity make_leaf(const authority* ca, EVP_PKEY* key, const leaf_plan& plan) {
  auto made = blank(key, plan);
  if (made == nullptr) return {};
  auto* const issuer = ca == nullptr ? made.get() : ca->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  const bool built = add_extension(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                     add_extension(made.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
                     add_extension(made.get(), issuer, NID_ext_key_usage, "serverAuth") &&
                     add_extension(made.get(), issuer, NID_subject_alt_name, plan.names) &&
                     X509_sign(made.get(), ca == nullptr ? key : ca->key.get(), EVP_sha256()) > 0;
  if (!built) return {};
  return {pem(made.get()), pem(key)};
}

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return fmt::format("certificates: {}", text.data());
}

} // namespace

result<identities> make_identities(const std::string& domain, const std::vector<std::string>& addresses) {
  const auto ca = make_authority("ringdown-sim test CA");
  const auto stranger = make_authority("Somebody else's CA");
  const key_ptr key(EVP_EC_gen("P-256"));
  const key_ptr other(EVP_EC_gen("P-256"));
  if (ca.certificate == nullptr || stranger.certificate == nullptr || key == nullptr || other == nullptr) {
    return failure{failure_kind::internal, last_error()};
  }

  leaf_plan usual{fmt::format("*.{}", domain), fmt::format("DNS:*.{},DNS:{}", domain, domain)};
  for (std::size_t i = 0; i < std::min(addresses.size(), most_addresses); ++i) {
    usual.names += fmt::format(",IP:{}", addresses[i]);
  }
  auto expired = usual;
  expired.from = -400 * day;
  expired.until = -2 * day;
  const leaf_plan wrong{"www.elsewhere.example", "DNS:www.elsewhere.example"};

  identities out;
  out.ca = pem(ca.certificate.get());
  const auto put = [&](certificate kind, identity made) { out.of[static_cast<std::size_t>(kind)] = std::move(made); };
  put(certificate::good, make_leaf(&ca, key.get(), usual));
  put(certificate::expired, make_leaf(&ca, key.get(), expired));
  put(certificate::wrong_name, make_leaf(&ca, key.get(), wrong));
  put(certificate::other_key, make_leaf(&ca, other.get(), usual));
  put(certificate::self_signed, make_leaf(nullptr, other.get(), usual));
  put(certificate::untrusted, make_leaf(&stranger, other.get(), usual));
  for (const auto& one : out.of) {
    if (one.certificate.empty() || one.key.empty()) return failure{failure_kind::internal, last_error()};
  }
  return out;
}

} // namespace ringdown::sim
