#include "test/net/tiny_server.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ringdown::test {

namespace {

int bind_loopback(const std::string& host, int& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  static_cast<void>(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address));
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return descriptor;
}

} // namespace

long peer::receive(char* into, std::size_t size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, into, static_cast<int>(size));
  return ::recv(descriptor_, into, size, 0);
}

std::optional<std::string> peer::read_request() {
  std::size_t wanted = std::string::npos;
  for (;;) {
    const std::size_t end = pending_.find("\r\n\r\n");
    if (end != std::string::npos && wanted == std::string::npos) {
      const std::size_t length = pending_.find("Content-Length: ");
      const bool has_body = length != std::string::npos && length < end;
      wanted = end + 4 + (has_body ? static_cast<std::size_t>(std::atol(pending_.c_str() + length + 16)) : 0);
    }
    if (wanted != std::string::npos && pending_.size() >= wanted) break;
    char buffer[16384];
    const long got = receive(buffer, sizeof buffer);
    if (got <= 0) return std::nullopt;
    pending_.append(buffer, static_cast<std::size_t>(got));
  }
  std::string request = pending_.substr(0, wanted);
  pending_.erase(0, wanted);
  const std::lock_guard lock(server_.guard_);
  server_.requests_.push_back(request);
  server_.heard_.notify_all();
  return request;
}

std::optional<std::string> peer::read_line() {
  for (;;) {
    const std::size_t end = pending_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 2);
      return line;
    }
    char buffer[16384];
    const long got = receive(buffer, sizeof buffer);
    if (got <= 0) return std::nullopt;
    pending_.append(buffer, static_cast<std::size_t>(got));
  }
}

bool peer::secure(const identity& as) {
  later_context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(later_context_, as.certificate.get());
  SSL_CTX_use_PrivateKey(later_context_, as.key.get());
  ssl_ = SSL_new(later_context_);
  SSL_set_fd(ssl_, descriptor_);
  return SSL_accept(ssl_) == 1;
}

peer::~peer() {
  if (later_context_ == nullptr) return;
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
  SSL_CTX_free(later_context_);
}

void peer::note(std::string heard) {
  const std::lock_guard lock(server_.guard_);
  server_.requests_.push_back(std::move(heard));
  server_.heard_.notify_all();
}

bool peer::say(std::string_view text) {
  if (ssl_ != nullptr) return SSL_write(ssl_, text.data(), static_cast<int>(text.size())) > 0;
  while (!text.empty()) {
    const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void peer::answer(std::string_view body, std::string_view extra_headers) {
  say(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), extra_headers, body));
}

void peer::answer_everything(std::string_view body) {
  while (read_request()) answer(body);
}

void peer::hang() {
  char byte = 0;
  while (receive(&byte, 1) > 0) {
  }
}

void peer::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

tiny_server::tiny_server(script run, const identity* tls, std::string host)
    : run_(std::move(run)),
      host_(std::move(host)) {
  if (tls != nullptr) {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, tls->certificate.get());
    SSL_CTX_use_PrivateKey(context_, tls->key.get());
    const unsigned char session_context[] = "tiny";
    SSL_CTX_set_session_id_context(context_, session_context, sizeof session_context);
  }
  listener_ = bind_loopback(host_, port_);
  ::listen(listener_, 64);
  acceptor_ = std::thread([this] { accept_all(); });
}

tiny_server::~tiny_server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(guard_);
    for (const int each : open_) ::shutdown(each, SHUT_RDWR);
  }
  for (auto& each : threads_) each.join();
  SSL_CTX_free(context_);
}

std::string tiny_server::url(const std::string& target) const {
  return fmt::format("{}://{}:{}{}", context_ != nullptr ? "https" : "http", host_, port_, target);
}

void tiny_server::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int number = ++accepted_;
    const std::lock_guard lock(guard_);
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
  }
}

void tiny_server::serve(int descriptor, int number) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  SSL* ssl = nullptr;
  if (context_ != nullptr) {
    ssl = SSL_new(context_);
    SSL_set_fd(ssl, descriptor);
  }
  if (ssl == nullptr || SSL_accept(ssl) == 1) {
    peer self(*this, descriptor, ssl, number);
    run_(self);
    if (ssl != nullptr) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  const std::lock_guard lock(guard_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

void tiny_server::wait_for_requests(int count) {
  std::unique_lock lock(guard_);
  heard_.wait(lock, [&] { return requests_.size() >= static_cast<std::size_t>(count); });
}

std::vector<std::string> tiny_server::requests() const {
  const std::lock_guard lock(guard_);
  return requests_;
}

closed_port::closed_port() { descriptor_ = bind_loopback("127.0.0.1", number_); }
closed_port::~closed_port() { ::close(descriptor_); }

} // namespace ringdown::test
