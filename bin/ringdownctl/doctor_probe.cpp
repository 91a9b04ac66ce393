#include "bin/ringdownctl/doctor_probe.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

namespace ringdown::ctl {

namespace {

struct free_x509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

result<connected_socket> failed(int error) {
  const std::string words = std::strerror(error);
  if (error == ECONNREFUSED) return failure{failure_kind::refused, words};
  if (error == ETIMEDOUT) return failure{failure_kind::timed_out, words};
  return failure{failure_kind::unavailable, words};
}

socklen_t fill(sockaddr_storage& into, const net::ip_address& to, int port) {
  const auto wire_port = htons(static_cast<std::uint16_t>(port));
  if (to.is_v4) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&into);
    v4->sin_family = AF_INET;
    v4->sin_port = wire_port;
    std::memcpy(&v4->sin_addr, to.bytes.data() + 12, 4);
    return sizeof(sockaddr_in);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&into);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = wire_port;
  std::memcpy(&v6->sin6_addr, to.bytes.data(), 16);
  return sizeof(sockaddr_in6);
}

void make_blocking(int fd, std::chrono::milliseconds within) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  const timeval limit{static_cast<time_t>(within.count() / 1000),
                      static_cast<suseconds_t>(within.count() % 1000 * 1000)};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, free_x509> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> found;
  const std::unique_ptr<GENERAL_NAMES, free_x509> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(names.get(), i);
    if (one->type == GEN_DNS) {
      found.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
    } else if (one->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = {};
      const int family = ASN1_STRING_length(one->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      if (::inet_ntop(family, ASN1_STRING_get0_data(one->d.iPAddress), text, sizeof text) != nullptr)
        found.emplace_back(text);
    }
  }
  return found;
}

wall_time time_of(const ASN1_TIME* at) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(at, &parts) != 1) return {};
  return wall_time{std::chrono::seconds(timegm(&parts))};
}

} // namespace

connected_socket& connected_socket::operator=(connected_socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

connected_socket::~connected_socket() {
  if (fd_ >= 0) ::close(fd_);
}

result<connected_socket> connect_tcp(const net::ip_address& to, int port, std::chrono::milliseconds within) {
  sockaddr_storage address{};
  const socklen_t size = fill(address, to, port);
  connected_socket socket(::socket(to.is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd() < 0) return failed(errno);
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    if (errno != EINPROGRESS) return failed(errno);
    pollfd waiting{socket.fd(), POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(within.count())) == 0) return failed(ETIMEDOUT);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return failed(error);
  }
  make_blocking(socket.fd(), within);
  return socket;
}

std::optional<net::tls_trouble> try_handshake(const connected_socket& socket, const tls_policy& policy,
                                              const std::string& host) {
  net::tls_contexts contexts;
  net::tls_expectation expected;
  const auto ssl = contexts.open(policy, host, expected);
  if (!ssl) return net::tls_trouble{transport_error::tls_other, ssl.error().detail};
  SSL_set_fd(ssl->get(), socket.fd());
  if (SSL_connect(ssl->get()) == 1) return std::nullopt;
  return net::handshake_trouble(ssl->get());
}

std::optional<certificate_facts> shown_certificate(const connected_socket& socket, const std::string& server_name) {
  const net::ssl_context_ptr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const net::ssl_ptr ssl(SSL_new(context.get()));
  if (!net::parse_address(server_name)) SSL_set_tlsext_host_name(ssl.get(), server_name.c_str());
  SSL_set_fd(ssl.get(), socket.fd());
  if (SSL_connect(ssl.get()) != 1) return std::nullopt;
  const std::unique_ptr<X509, free_x509> certificate(SSL_get1_peer_certificate(ssl.get()));
  if (!certificate) return std::nullopt;
  return certificate_facts{.subject = name_text(X509_get_subject_name(certificate.get())),
                           .issuer = name_text(X509_get_issuer_name(certificate.get())),
                           .names = names_of(certificate.get()),
                           .from = time_of(X509_get0_notBefore(certificate.get())),
                           .until = time_of(X509_get0_notAfter(certificate.get())),
                           .pin = net::public_key_pin(certificate.get())};
}

} // namespace ringdown::ctl
