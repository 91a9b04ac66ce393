// A lane as its I/O thread sees it: how many exchanges run, who waits, which connections and TLS sessions are kept.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/net/http_port.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ringdown::net {

class exchange;

// Two requests may share a connection or a TLS session only if all of this is equal.
struct endpoint_key {
  std::string scheme;
  std::string host;
  int port = 0;
  std::string connect_to;
  tls_policy tls;
  egress_class egress = egress_class::channel;
  friend bool operator==(const endpoint_key&, const endpoint_key&) = default;
};

class client_lane : public std::enable_shared_from_this<client_lane> {
public:
  client_lane(boost::asio::io_context& io, duration keep_idle) : io_(io), keep_idle_(keep_idle) {}

  lane limits;
  std::size_t active = 0;
  std::size_t in_use = 0; // connections that the active hold: not before they begin, nor after they gave theirs back
  std::deque<std::shared_ptr<exchange>> waiting;
  std::chrono::steady_clock::time_point last_used;

  // The connection used last that is still quiet, or none.
  [[nodiscard]] std::shared_ptr<connection> take(const endpoint_key& key);
  void keep(std::shared_ptr<connection> link, const endpoint_key& key);

  // Closes kept connections until one more fits beside those in use.
  void make_room();

  // Nothing is kept from now on; what runs or waits goes on.
  void close();
  [[nodiscard]] bool closed() const { return closed_; }

  [[nodiscard]] std::shared_ptr<session_slot> session_for(const endpoint_key& key);
  [[nodiscard]] bool unused() const { return active == 0 && waiting.empty() && kept_.empty(); }

private:
  struct kept_connection {
    kept_connection(boost::asio::io_context& io, std::shared_ptr<connection> of, endpoint_key to)
        : link(std::move(of)),
          key(std::move(to)),
          timer(io) {}
    std::shared_ptr<connection> link;
    endpoint_key key;
    boost::asio::steady_timer timer;
  };
  void drop_when_over(const std::shared_ptr<kept_connection>& entry);

  boost::asio::io_context& io_;
  duration keep_idle_;
  bool closed_ = false;
  std::list<std::shared_ptr<kept_connection>> kept_; // oldest first
  std::deque<std::pair<endpoint_key, std::shared_ptr<session_slot>>> sessions_;
};

} // namespace ringdown::net
