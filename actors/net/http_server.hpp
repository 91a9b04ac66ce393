// The one HTTP server: API, metrics, health, acknowledge page, callbacks. It parses, bounds and times out; what is
// answered is decided by the handler, which may answer later from any thread.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ringdown::net {

struct server_request {
  std::string method; // "GET", "POST", ...
  std::string path;   // decoded, without the query; always begins with '/'
  std::string query;  // raw, without '?'
  http_headers headers;
  std::string body;
  std::string peer; // address of the client
};

struct server_response {
  int status = 200;
  http_headers headers; // Content-Length, Date and Connection are set by the server
  std::string body;
};

// May be called from any thread, once. If it never is, the client gets 504 after `handler_timeout`.
using respond = std::function<void(server_response)>;
using request_handler = std::function<void(server_request, respond)>;

struct server_options {
  std::string listen = "127.0.0.1:8480"; // "address:port", "[v6]:port"; port 0 picks one
  std::size_t max_connections = 512;     // further ones are answered 503 and closed
  std::size_t max_header = std::size_t{16} * 1024;
  std::size_t max_body = std::size_t{4} * 1024 * 1024;
  duration read_timeout = std::chrono::seconds(15); // for a whole request, slow writers are cut
  duration idle_timeout = std::chrono::seconds(60);
  duration handler_timeout = std::chrono::seconds(20);
};

class http_server {
public:
  virtual ~http_server() = default;
  [[nodiscard]] virtual std::string address() const = 0; // "127.0.0.1:8480", with the port really bound
  virtual void stop_accepting() = 0;                     // open requests are still answered
  virtual void stop() = 0;                               // joins its thread
};

// Starts listening on a thread of its own; unavailable when the address cannot be bound.
[[nodiscard]] result<std::unique_ptr<http_server>> serve_http(server_options options, request_handler handler);

} // namespace ringdown::net
