// The lower steps of the doctor: a TCP connection and a TLS handshake, made by hand so that each can be blamed alone.
// Blocking; nothing secret is sent.
#pragma once

#include "actors/net/address.hpp"
#include "actors/net/tls.hpp"
#include "protocol/types/http.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::ctl {

class connected_socket {
public:
  explicit connected_socket(int fd) : fd_(fd) {}
  connected_socket(connected_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  connected_socket& operator=(connected_socket&& other) noexcept;
  connected_socket(const connected_socket&) = delete;
  connected_socket& operator=(const connected_socket&) = delete;
  ~connected_socket();
  [[nodiscard]] int fd() const { return fd_; }

private:
  int fd_ = -1;
};

// Failures: timed_out, refused (connection refused), unavailable (no route and the like). Reads and writes on the socket
// end after `within`, too.
[[nodiscard]] result<connected_socket> connect_tcp(const net::ip_address& to, int port,
                                                   std::chrono::milliseconds within);

struct certificate_facts {
  std::string subject;
  std::string issuer;
  std::vector<std::string> names; // DNS names and addresses it is for
  wall_time from;
  wall_time until;
  std::string pin;
};

// The handshake as the daemon would make it: nullopt when it succeeds.
[[nodiscard]] std::optional<net::tls_trouble> try_handshake(const connected_socket& socket, const tls_policy& policy,
                                                            const std::string& host);

// What the far end shows to anybody, judged by nothing. nullopt when it does not speak TLS.
[[nodiscard]] std::optional<certificate_facts> shown_certificate(const connected_socket& socket,
                                                                 const std::string& server_name);

} // namespace ringdown::ctl
