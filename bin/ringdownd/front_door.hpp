// The node's HTTP server, which answers before the node can: alive, not ready, and why.
#pragma once

#include "actors/net/http_server.hpp"
#include "protocol/types/result.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace ringdown {

class front_door {
public:
  // Listens at once. `why` is said to everybody until they are let in. Unavailable: somebody else has the address.
  static result<std::unique_ptr<front_door>> open(const std::string& listen, std::string why);
  front_door(const front_door&) = delete;
  front_door& operator=(const front_door&) = delete;

  // From now on `to` answers. Once.
  void let_in(net::request_handler to);
  // What is said until then. Any thread.
  void not_yet(std::string why);
  [[nodiscard]] std::string address() const { return server_->address(); }
  // Nobody is asked any more when it returns.
  void close() { server_->stop(); }

private:
  explicit front_door(std::string why) : why_(std::move(why)) {}
  void answer(net::server_request request, net::respond with);

  std::mutex guard_; // of why_
  std::string why_;
  net::request_handler inside_; // set before is_open_
  std::atomic<bool> is_open_{false};
  std::unique_ptr<net::http_server> server_; // last: its thread uses the others
};

} // namespace ringdown
