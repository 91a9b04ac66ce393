#include "test/persistence/lending_pooler.hpp"

#include "test/support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <unistd.h>
#include <cstddef>
#include <utility>
#include <vector>

namespace ringdown::persistence {

lending_pooler::lending_pooler(std::string server_socket) : server_socket_(std::move(server_socket)) {
  REQUIRE(::pipe2(wake_.data(), O_CLOEXEC) == 0);
  thread_ = std::thread([this] { run(); });
}

lending_pooler::~lending_pooler() {
  ::close(wake_[1]);
  thread_.join();
  ::close(wake_[0]);
  ::close(here_.socket);
  if (server_ >= 0) ::close(server_);
  for (const client& one : clients_) ::close(one.socket);
}

void lending_pooler::run() {
  while (true) {
    std::vector<pollfd> all{{wake_[0], POLLIN, 0}, {here_.socket, POLLIN, 0}};
    for (const client& one : clients_) all.push_back({one.socket, POLLIN, 0});
    ::poll(all.data(), all.size(), -1);
    if (all[0].revents != 0) return;
    std::size_t at = 2;
    for (auto one = clients_.begin(); one != clients_.end(); ++at) {
      if (all[at].revents == 0 || serve(*one)) {
        ++one;
        continue;
      }
      ::close(one->socket);
      one = clients_.erase(one);
    }
    if (all[1].revents != 0) clients_.push_back({::accept4(here_.socket, nullptr, nullptr, SOCK_CLOEXEC), false, ""});
  }
}

bool lending_pooler::serve(client& one) {
  const std::string more = read_some(one.socket);
  if (more.empty()) return false;
  one.said += more;
  while (true) {
    const std::size_t head = one.greeted ? 1 : 0; // the first message has no type
    if (one.said.size() < head + 4) return true;
    const std::size_t size = head + length_at(one.said, head);
    if (one.said.size() < size) return true;
    const std::string message = one.said.substr(0, size);
    one.said.erase(0, size);
    if (!std::exchange(one.greeted, true)) {
      if (!greet(message) || !write_all(one.socket, greeting_)) return false;
      continue;
    }
    if (message.front() == 'X' || !write_all(server_, message)) return false;
    const bool asks = message.front() == 'Q' || message.front() == 'S';
    if (asks && !write_all(one.socket, answer())) return false;
  }
}

bool lending_pooler::greet(const std::string& start) {
  if (server_ >= 0) return true;
  server_ = connect_to(server_socket_);
  if (server_ < 0 || !write_all(server_, start)) return false;
  greeting_ = answer();
  return !greeting_.empty();
}

std::string lending_pooler::answer() {
  std::string said;
  std::size_t at = 0;
  while (true) {
    while (said.size() >= at + 5 && said.size() >= at + 1 + length_at(said, at + 1)) {
      const bool ready = said[at] == 'Z';
      at += 1 + length_at(said, at + 1);
      if (ready) return said;
    }
    const std::string more = read_some(server_);
    if (more.empty()) return {};
    said += more;
  }
}

} // namespace ringdown::persistence
