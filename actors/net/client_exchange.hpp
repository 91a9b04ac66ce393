// A request under way, or a run of them: a coroutine on its I/O thread that resolves, guards, connects, shakes hands, writes
// and reads, and ends exactly once with an outcome of each request it made, whatever happens.
#pragma once

#include "actors/net/client_core.hpp"
#include "actors/net/client_lane.hpp"
#include "actors/net/response_reader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ringdown::net {

class exchange : public std::enable_shared_from_this<exchange> {
public:
  using clock = std::chrono::steady_clock;
  using finished = std::function<void(const std::shared_ptr<exchange>&, std::vector<http_outcome>)>;

  // `started` is when the caller asked: the first request's timeout counts from there.
  exchange(std::shared_ptr<client_core> core, std::shared_ptr<client_lane> lane, std::vector<http_request> requests,
           clock::time_point started);

  // `done` is called once, on the I/O thread, when the coroutine ends.
  void start(const finished& done);

  // Ends it as cancelled, soon.
  void cancel();

  // The longest it may wait for its start, and how it ends if that passes.
  [[nodiscard]] clock::time_point start_by() const;
  [[nodiscard]] std::vector<http_outcome> not_started(transport_error error) const;
  [[nodiscard]] const std::shared_ptr<client_lane>& lane() const { return lane_; }

  boost::asio::steady_timer waiting; // armed by the owner while the exchange is in its lane's queue
  run_completion done;
  std::uint64_t ticket = 0;

private:
  enum class verdict { finished, stale };
  enum class after_answer { keep, close };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> make_request();
  [[nodiscard]] const http_request& request() const { return requests_[position_]; }
  [[nodiscard]] bool goes_on() const;
  bool take_link(const endpoint_key& before);
  void watch_deadline();
  bool prepare();
  boost::asio::awaitable<void> open();
  boost::asio::awaitable<std::optional<addresses>> find_addresses(std::string host);
  boost::asio::awaitable<bool> connect(addresses candidates, std::uint16_t port);
  boost::asio::awaitable<bool> secure();
  boost::asio::awaitable<verdict> converse();
  boost::asio::awaitable<void> read_answer(response_reader& reader, maybe_trouble write_trouble);
  void accept(response_reader& reader, after_answer then);
  void give_back(const endpoint_key& key);
  void hold();
  void let_go();

  void arm(clock::time_point until);
  void wake();
  boost::asio::awaitable<void> nap();
  [[nodiscard]] bool stopped() const { return cancelled_ || timed_out_; }
  void fail(transport_error error, std::string detail);
  void fail_stopped(transport_error when_timed_out);
  void check(const maybe_trouble& trouble, transport_error when_timed_out);

  const std::shared_ptr<client_core> core_;
  const std::shared_ptr<client_lane> lane_;
  const std::vector<http_request> requests_;
  std::size_t position_ = 0;
  clock::time_point started_;
  url_parts url_;
  endpoint_key key_;
  std::string text_; // the request as it goes to the wire

  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer signal_;
  clock::time_point armed_until_;
  clock::time_point watched_until_ = clock::time_point::max(); // when the timer rings, which may be earlier
  bool timed_out_ = false;
  bool cancelled_ = false;
  bool holding_ = false; // a connection, or the place of one
  bool reused_ = false;  // on a connection that was kept, which the peer may have given up meanwhile
  std::optional<result<addresses>> resolved_;
  std::shared_ptr<connection> link_;
  http_outcome outcome_;
  std::vector<http_outcome> outcomes_; // of the requests before it
};

} // namespace ringdown::net
