// One request under way: a coroutine on its I/O thread that resolves, guards, connects, shakes hands, writes and reads,
// and ends exactly once with an outcome, whatever happens.
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

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ringdown::net {

class exchange : public std::enable_shared_from_this<exchange> {
public:
  using clock = std::chrono::steady_clock;
  using finished = std::function<void(const std::shared_ptr<exchange>&, http_outcome)>;

  // `started` is when the caller asked: the timeout counts from there.
  exchange(std::shared_ptr<client_core> core, std::shared_ptr<client_lane> lane, http_request request,
           clock::time_point started);

  // `done` is called once, on the I/O thread, when the coroutine ends.
  void start(const finished& done);

  // Ends it as cancelled, soon.
  void cancel();

  // The longest it may wait for its start, and how it ends if that passes.
  [[nodiscard]] clock::time_point start_by() const;
  [[nodiscard]] http_outcome not_started(transport_error error) const;
  [[nodiscard]] const std::shared_ptr<client_lane>& lane() const { return lane_; }

  boost::asio::steady_timer waiting; // armed by the owner while the exchange is in its lane's queue
  http_completion done;
  std::uint64_t ticket = 0;

private:
  enum class verdict { finished, stale };
  enum class after_answer { keep, close };

  boost::asio::awaitable<void> run();
  bool prepare();
  boost::asio::awaitable<void> open();
  boost::asio::awaitable<std::optional<addresses>> find_addresses(std::string host);
  boost::asio::awaitable<bool> connect(addresses candidates, std::uint16_t port);
  boost::asio::awaitable<bool> secure();
  boost::asio::awaitable<verdict> converse();
  boost::asio::awaitable<void> read_answer(response_reader& reader, maybe_trouble write_trouble);
  void accept(response_reader& reader, after_answer then);

  void arm(clock::time_point until);
  void wake();
  boost::asio::awaitable<void> nap();
  [[nodiscard]] bool stopped() const { return cancelled_ || timed_out_; }
  void fail(transport_error error, std::string detail);
  void fail_stopped(transport_error when_timed_out);
  void check(const maybe_trouble& trouble, transport_error when_timed_out);

  const std::shared_ptr<client_core> core_;
  const std::shared_ptr<client_lane> lane_;
  const http_request request_;
  const clock::time_point started_;
  url_parts url_;
  endpoint_key key_;
  std::string text_; // the request as it goes to the wire

  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer signal_;
  clock::time_point armed_until_;
  bool timed_out_ = false;
  bool cancelled_ = false;
  bool reused_ = false; // on a connection that was kept, which the peer may have given up meanwhile
  std::optional<result<addresses>> resolved_;
  std::shared_ptr<connection> link_;
  http_outcome outcome_;
};

} // namespace ringdown::net
