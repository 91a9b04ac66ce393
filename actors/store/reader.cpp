#include "actors/store/reader.hpp"

#include <utility>

namespace ringdown {

store_reader::store_reader(std::vector<std::unique_ptr<persistence::store>> connections, std::size_t most_waiting)
    : most_waiting_(most_waiting),
      connections_(std::move(connections)) {
  for (const auto& connection : connections_) threads_.emplace_back([this, from = connection.get()] { serve(*from); });
}

store_reader::~store_reader() {
  {
    const std::lock_guard hold(guard_);
    closing_ = true;
  }
  changed_.notify_all();
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
    hold.unlock();
    next(from);
    hold.lock();
  }
}

} // namespace ringdown
