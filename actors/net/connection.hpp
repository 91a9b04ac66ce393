// One TCP connection, plain or TLS, used by one coroutine at a time on one I/O thread.
//
// OpenSSL works on the descriptor itself: Asio's TLS stream would hold some 50 KB of buffers per idle connection, and ten
// thousand are kept. Asio connects and tells when the descriptor is ready. Deadlines are the owner's: it calls abort().
// SIGPIPE must be blocked on the thread.
#pragma once

#include "actors/net/address.hpp"
#include "actors/net/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ringdown::net {

struct io_trouble {
  transport_error error = transport_error::reset;
  std::string detail;
};
using maybe_trouble = std::optional<io_trouble>;

class connection {
public:
  explicit connection(boost::asio::io_context& io) : socket_(io) {}
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  boost::asio::awaitable<maybe_trouble> connect(ip_address to, std::uint16_t port);

  // Takes the prepared SSL; everything after goes through it.
  boost::asio::awaitable<maybe_trouble> handshake(ssl_ptr ssl);

  boost::asio::awaitable<maybe_trouble> write(std::string_view bytes);

  // Bytes read into `into`; 0 is an orderly end of the stream.
  boost::asio::awaitable<result<std::size_t>> read(std::span<char> into);

  // Calls back once, when the peer closes or says something unasked, or after stop_watching() or abort() or when
  // the connection is gone: hold nothing in it that may be gone by then.
  void watch(std::function<void()> on_noise);
  void stop_watching();

  // Bytes of the peer that were received and not yet read.
  [[nodiscard]] bool has_unread() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

  // Nothing to read and not closed, as far as the kernel knows now.
  [[nodiscard]] bool is_quiet();

  // Ends whatever waits, and everything after, with trouble. Safe at any time on the I/O thread.
  void abort();

  tls_expectation expected; // filled in before handshake()
  [[nodiscard]] std::optional<wall_time> certificate_expires() const;
  [[nodiscard]] bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }

private:
  enum class direction { read, write };
  struct ssl_step {
    int bytes = 0;
    maybe_trouble trouble;
  };
  boost::asio::awaitable<maybe_trouble> wait(direction until);
  template <class Operation>
  boost::asio::awaitable<ssl_step> drive(Operation operation);

  boost::asio::ip::tcp::socket socket_;
  ssl_ptr ssl_;
  bool aborted_ = false;
  bool asked_ = false;       // nothing was read since the last write: an answer is not there yet
  bool established_ = false; // the handshake is done, so a farewell can be said
};

} // namespace ringdown::net
