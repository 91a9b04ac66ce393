// Many PBXes, or a receiver of webhooks, on one thread: epoll and OpenSSL by hand, prepared answers, so that the load costs
// less than what it measures. Not hardened: its only peers are the daemons under the bench.
#pragma once

#include "test/bench/fleet/bodies.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <openssl/ssl.h>

namespace ringdown::bench {

using steady = std::chrono::steady_clock;

// The lists of a fast cycle, a bit each.
enum class list : std::uint8_t { trunks = 1, sbcs = 2, system_status = 4, services = 8 };
inline constexpr std::uint8_t every_list = 15;

struct pbx {
  pbx_state shown;
  std::uint8_t left = 0;              // which lists did since it was cleared; a scrape is all of them
  bool marked = false;                // it is written down when its trunk lists left
  std::vector<std::int64_t> answered; // that, in microseconds of CLOCK_MONOTONIC, since it changed
};

struct hit {           // a webhook that arrived
  std::int64_t at = 0; // microseconds of CLOCK_MONOTONIC
  std::string id;      // its webhook-id, or nothing
  std::string path;
  std::string body;
};

struct counts {
  std::uint64_t gets = 0; // answered with 200
  std::uint64_t scrapes = 0;
  std::uint64_t tokens = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t resumed = 0;
  std::uint64_t accepted = 0;
  std::uint64_t closed_idle = 0;
  std::uint64_t refused = 0; // requests for what is not here
  std::uint64_t failed = 0;  // connections that ended in their handshake, or in the middle of a request or an answer
};

class server {
public:
  server(SSL_CTX* tls, std::uint32_t trunks) : tls_(tls), bodies_(trunks) {}
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // PBX n listens at 127.1.(n / 256).(n % 256). Throws std::runtime_error when it cannot.
  void listen_pbxes(std::uint32_t count, std::uint16_t port);
  void listen_sink(std::uint16_t port);

  // Serves and calls `on_line` for each line on descriptor `commands`, until that ends.
  template <class OnLine>
  void run(int commands, OnLine on_line);

  // Every connection to a PBX is lost, whatever is under way.
  void drop_all();

  std::vector<pbx> pbxes;
  std::vector<hit> hits;
  counts seen;
  std::size_t live = 0;                      // connections to PBXes whose handshake is done
  std::chrono::milliseconds answer_after{0}; // each flight waits so long before it is read: a round trip
  std::chrono::milliseconds idle_limit{0};   // a connection idle for so long is closed; 0: never

private:
  enum class kind : std::uint8_t { pbx_listener, sink_listener, connection };
  struct link {
    kind what = kind::connection;
    bool is_sink = false;
    bool established = false;
    bool waiting = false; // for its flight to be read
    std::uint32_t number = 0;
    int socket = -1;
    SSL* ssl = nullptr;
    std::string in;
    std::string out;
    std::size_t sent = 0;
    steady::time_point last_used;
  };

  void watch(link& which, std::uint32_t events);
  void serve(link& which);
  void on_listener(link& listener);
  void on_readable(link& which);
  bool shake(link& which);
  bool read_some(link& which);
  bool flush(link& which);
  void answer_all(link& which);
  void answer(link& which, std::string_view head);
  bool write_list(pbx& of, std::string_view target);
  void receive(link& which, std::string_view head, std::string_view body);
  void respond(link& which, std::string_view status, std::string_view type);
  void drop(link& which);
  void tend();
  [[nodiscard]] int next_tick() const;

  SSL_CTX* tls_;
  bodies bodies_;
  std::string body_;
  std::uint64_t turn_ = 0;
  int poll_ = -1;
  std::unordered_map<int, std::unique_ptr<link>> links_;
  std::deque<std::pair<steady::time_point, int>> delayed_;
  steady::time_point next_sweep_{};

  int wait_and_serve(int commands); // 1 when `commands` is readable
};

template <class OnLine>
void server::run(int commands, OnLine on_line) {
  for (;;)
    if (wait_and_serve(commands) == 1 && !on_line()) return;
}

} // namespace ringdown::bench
