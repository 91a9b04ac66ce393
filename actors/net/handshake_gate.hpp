// Turns for TLS handshakes. Ten thousand at once would keep a processor busy for half a minute and time each other out.
// A turn ends with the handshake, but after 100 ms at the latest: a peer that accepts and then says nothing costs no
// processor time and must not hold up the others. One I/O thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ringdown::net {

class handshake_gate;

// Holding one is having asked; letting go of it gives the turn (or the place in the queue) back.
class handshake_turn : public std::enable_shared_from_this<handshake_turn> {
public:
  handshake_turn(boost::asio::io_context& io, std::shared_ptr<handshake_gate> gate)
      : timer_(io),
        gate_(std::move(gate)) {}
  ~handshake_turn() { give_back(); }
  handshake_turn(const handshake_turn&) = delete;
  handshake_turn& operator=(const handshake_turn&) = delete;

  [[nodiscard]] bool granted() const { return granted_; }
  void give_back();

private:
  friend class handshake_gate;
  void grant();

  boost::asio::steady_timer timer_;
  std::shared_ptr<handshake_gate> gate_;
  std::function<void()> tell_;
  bool granted_ = false;
  bool returned_ = false;
};

class handshake_gate : public std::enable_shared_from_this<handshake_gate> {
public:
  static constexpr auto longest_turn = std::chrono::milliseconds(100);

  explicit handshake_gate(std::size_t at_once) : free_(at_once == 0 ? 1 : at_once) {}

  // `granted` is called once when it is our turn: at once, inside this call, if there is room.
  [[nodiscard]] std::shared_ptr<handshake_turn> ask(boost::asio::io_context& io, std::function<void()> granted) {
    auto turn = std::make_shared<handshake_turn>(io, shared_from_this());
    turn->tell_ = std::move(granted);
    waiting_.push_back(turn);
    serve();
    return turn;
  }

private:
  friend class handshake_turn;

  void serve() {
    while (free_ > 0 && !waiting_.empty()) {
      const auto next = waiting_.front().lock();
      waiting_.pop_front();
      if (!next || next->returned_) continue;
      --free_;
      next->grant();
    }
  }

  std::size_t free_;
  std::deque<std::weak_ptr<handshake_turn>> waiting_; // bounded by the exchanges under way
};

inline void handshake_turn::grant() {
  granted_ = true;
  timer_.expires_after(handshake_gate::longest_turn);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->give_back();
  });
  tell_();
}

inline void handshake_turn::give_back() {
  if (std::exchange(returned_, true)) return;
  timer_.cancel();
  if (!granted_) return;
  ++gate_->free_;
  gate_->serve();
}

} // namespace ringdown::net
