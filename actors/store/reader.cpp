#include "actors/store/reader.hpp"

#include <chrono>
#include <utility>

namespace ringdown {

namespace {

constexpr auto look_again = std::chrono::milliseconds(10);

} // namespace

store_reader::store_reader(std::vector<std::unique_ptr<persistence::store>> connections, std::size_t most_waiting)
    : most_waiting_(most_waiting),
      connections_(std::move(connections)) {
  for (const auto& connection : connections_) threads_.emplace_back([this, from = connection.get()] { serve(*from); });
}

store_reader::~store_reader() {
  std::deque<question> dropped; // ended outside of the lock
  {
    std::unique_lock hold(guard_);
    closing_ = true;
    dropped.swap(waiting_);
    changed_.notify_all();
    // Again and again: an interrupt ends the statement of the moment, and an answer may take several.
    while (!changed_.wait_for(hold, look_again, [this] { return answering_ == 0; }))
      for (const auto& connection : connections_) connection->interrupt();
  }
  for (std::thread& one : threads_) one.join();
}

bool store_reader::submit(question ask) {
  {
    const std::lock_guard hold(guard_);
    if (closing_ || waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(ask));
  }
  changed_.notify_one();
  return true;
}

void store_reader::serve(persistence::store& from) {
  std::unique_lock hold(guard_);
  while (true) {
    changed_.wait(hold, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const question next = std::move(waiting_.front());
    waiting_.pop_front();
    ++answering_;
    hold.unlock();
    next(from);
    hold.lock();
    --answering_;
    if (closing_) changed_.notify_all();
  }
}

} // namespace ringdown
