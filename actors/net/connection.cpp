#include "actors/net/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringdown::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tcp::endpoint endpoint_of(const ip_address& address, std::uint16_t port) {
  if (!address.is_v4) return {asio::ip::address_v6{address.bytes}, port};
  asio::ip::address_v4::bytes_type bytes{};
  std::copy_n(address.bytes.begin() + 12, bytes.size(), bytes.begin());
  return {asio::ip::address_v4{bytes}, port};
}

io_trouble connect_trouble(const error_code& error) {
  switch (error.value()) {
    case ECONNREFUSED: return {transport_error::connect_refused, error.message()};
    case ETIMEDOUT: return {transport_error::connect_timeout, error.message()};
    case ECONNRESET: return {transport_error::reset, error.message()};
    default: return {transport_error::unreachable, error.message()};
  }
}

io_trouble errno_trouble(int code) {
  return {transport_error::reset, error_code(code, boost::system::system_category()).message()};
}

bool would_block(int code) { return code == EAGAIN || code == EWOULDBLOCK; }

} // namespace

connection::~connection() {
  // One attempt at close_notify; without it OpenSSL would also declare the session unfit for resumption.
  if (ssl_ && established_ && !aborted_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void connection::abort() {
  aborted_ = true;
  stop_watching();
}

void connection::stop_watching() {
  error_code ignored;
  socket_.cancel(ignored);
}

asio::awaitable<maybe_trouble> connection::wait(direction until) {
  if (aborted_) co_return io_trouble{transport_error::cancelled, "aborted"};
  error_code error;
  const auto kind = until == direction::read ? tcp::socket::wait_read : tcp::socket::wait_write;
  co_await socket_.async_wait(kind, asio::redirect_error(asio::use_awaitable, error));
  if (error || aborted_) co_return io_trouble{transport_error::cancelled, "aborted"};
  co_return std::nullopt;
}

asio::awaitable<maybe_trouble> connection::connect(ip_address to, std::uint16_t port) {
  if (aborted_) co_return io_trouble{transport_error::cancelled, "aborted"};
  const tcp::endpoint target = endpoint_of(to, port);
  error_code error;
  socket_.close(error);
  socket_.open(target.protocol(), error);
  if (error) co_return connect_trouble(error);
  co_await socket_.async_connect(target, asio::redirect_error(asio::use_awaitable, error));
  if (aborted_) co_return io_trouble{transport_error::cancelled, "aborted"};
  if (error) co_return connect_trouble(error);
  socket_.set_option(tcp::no_delay(true), error);
  if (!error) socket_.native_non_blocking(true, error);
  if (error) co_return connect_trouble(error);
  co_return std::nullopt;
}

template <class Operation>
asio::awaitable<connection::ssl_step> connection::drive(Operation operation) {
  for (;;) {
    ERR_clear_error();
    ssl_step step;
    step.bytes = operation();
    if (step.bytes > 0) co_return step;
    switch (SSL_get_error(ssl_.get(), step.bytes)) {
      case SSL_ERROR_WANT_READ: step.trouble = co_await wait(direction::read); break;
      case SSL_ERROR_WANT_WRITE: step.trouble = co_await wait(direction::write); break;
      case SSL_ERROR_ZERO_RETURN: step.bytes = 0; co_return step;
      case SSL_ERROR_SYSCALL:
        established_ = false;
        step.trouble = errno != 0 ? errno_trouble(errno) : io_trouble{transport_error::reset, "closed by the peer"};
        break;
      default:
        established_ = false;
        step.trouble = io_trouble{transport_error::reset, "broken TLS stream"};
        break;
    }
    if (step.trouble) co_return step;
  }
}

asio::awaitable<maybe_trouble> connection::handshake(ssl_ptr ssl) {
  ssl_ = std::move(ssl);
  SSL_set_fd(ssl_.get(), static_cast<int>(socket_.native_handle()));
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) break;
    maybe_trouble trouble;
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: trouble = co_await wait(direction::read); break;
      case SSL_ERROR_WANT_WRITE: trouble = co_await wait(direction::write); break;
      default: {
        const tls_trouble why = handshake_trouble(ssl_.get());
        trouble = io_trouble{why.error, why.detail};
        break;
      }
    }
    if (trouble) co_return trouble;
  }
  established_ = true;
  co_return std::nullopt;
}

asio::awaitable<maybe_trouble> connection::write(std::string_view bytes) {
  asked_ = true;
  while (!bytes.empty()) {
    if (ssl_) {
      const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U));
      ssl_step step = co_await drive([&] { return SSL_write(ssl_.get(), bytes.data(), size); });
      if (step.trouble) co_return step.trouble;
      if (step.bytes == 0) co_return io_trouble{transport_error::reset, "closed by the peer"};
      bytes.remove_prefix(static_cast<std::size_t>(step.bytes));
      continue;
    }
    const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (would_block(errno)) {
      maybe_trouble trouble = co_await wait(direction::write);
      if (trouble) co_return trouble;
    } else if (errno != EINTR) {
      co_return errno_trouble(errno);
    }
  }
  co_return std::nullopt;
}

asio::awaitable<result<std::size_t>> connection::read(std::span<char> into) {
  const int size = static_cast<int>(into.size());
  if (std::exchange(asked_, false) && !has_unread()) {
    const maybe_trouble trouble = co_await wait(direction::read);
    if (trouble) co_return failure{failure_kind::unavailable, trouble->detail};
  }
  if (ssl_) {
    ssl_step step = co_await drive([&] { return SSL_read(ssl_.get(), into.data(), size); });
    if (step.trouble) co_return failure{failure_kind::unavailable, step.trouble->detail};
    co_return static_cast<std::size_t>(step.bytes);
  }
  for (;;) {
    const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
    if (got >= 0) co_return static_cast<std::size_t>(got);
    if (would_block(errno)) {
      maybe_trouble trouble = co_await wait(direction::read);
      if (trouble) co_return failure{failure_kind::unavailable, trouble->detail};
    } else if (errno != EINTR) {
      co_return failure{failure_kind::unavailable, errno_trouble(errno).detail};
    }
  }
}

void connection::watch(std::function<void()> on_noise) {
  socket_.async_wait(tcp::socket::wait_read, [tell = std::move(on_noise)](const error_code&) { tell(); });
}

bool connection::is_quiet() {
  if (has_unread()) return false;
  char byte = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && would_block(errno) && !aborted_;
}

std::optional<wall_time> connection::certificate_expires() const {
  return ssl_ ? certificate_expiry(ssl_.get()) : std::nullopt;
}

} // namespace ringdown::net
