// Questions to the store from outside the actors (API, metrics, console): a few threads, each with a read-only connection
// of its own, so that a long question delays no write. Bounded: what does not fit is refused at once.
#pragma once

#include "persistence/store.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ringdown {

class store_reader {
public:
  using question = std::function<void(persistence::store&)>;

  // One thread per connection.
  explicit store_reader(std::vector<std::unique_ptr<persistence::store>> connections, std::size_t most_waiting = 256);
  virtual ~store_reader(); // drops what waits, cuts short what is being answered, joins
  store_reader(const store_reader&) = delete;
  store_reader& operator=(const store_reader&) = delete;

  // Any thread. False: too many wait, `ask` is not called. Virtual: a simulated world has no threads and answers at once.
  [[nodiscard]] virtual bool submit(question ask);

private:
  void serve(persistence::store& from);

  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<question> waiting_;
  std::size_t most_waiting_;
  std::size_t answering_ = 0;
  bool closing_ = false;
  std::vector<std::unique_ptr<persistence::store>> connections_;
  std::vector<std::thread> threads_;
};

} // namespace ringdown
