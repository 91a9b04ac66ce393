// What the connections of the HTTP server share, and one connection. All of it lives on the server's thread.
#pragma once

#include "actors/net/http_server.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace ringdown::net {

class server_connection;

struct server_core {
  server_core(server_options with, request_handler by) : options(std::move(with)), handler(std::move(by)) {}

  boost::asio::io_context io{1};
  const server_options options;
  const request_handler handler;
  std::list<std::weak_ptr<server_connection>> open; // at most max_connections, and some being told 503
  std::size_t lingering = 0;
  bool draining = false; // no further request on any connection
};

class server_connection : public std::enable_shared_from_this<server_connection> {
public:
  server_connection(std::shared_ptr<server_core> core, boost::asio::ip::tcp::socket socket);

  // Serves requests until the peer, a limit or the server ends it.
  boost::asio::awaitable<void> serve();

  // Answers 503 to whatever is asked, and closes.
  boost::asio::awaitable<void> turn_away();

  // Closes it if no request is under way; `drop` closes it anyway.
  void drain();
  void drop();

private:
  struct read_request;
  boost::asio::awaitable<bool> await_first_byte(duration within);
  boost::asio::awaitable<bool> receive(read_request& into);
  boost::asio::awaitable<boost::system::error_code> receive_body(read_request& into);
  boost::asio::awaitable<server_response> handle(server_request request);
  boost::asio::awaitable<bool> write(std::string text);
  boost::asio::awaitable<void> answer_and_close(int status);
  boost::asio::awaitable<void> linger();

  const std::shared_ptr<server_core> core_;
  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer signal_;
  boost::beast::flat_buffer buffer_;
  std::string peer_;
  bool idle_ = true;
};

} // namespace ringdown::net
