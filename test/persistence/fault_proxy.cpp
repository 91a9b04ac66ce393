#include "test/persistence/fault_proxy.hpp"

#include "test/persistence/wire_ends.hpp"
#include "test/support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <unistd.h>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::persistence {

fault_proxy::fault_proxy(std::string server_socket) : server_socket_(std::move(server_socket)) {
  const listening here = listen_somewhere();
  listener_ = here.socket;
  port_ = here.port;
  REQUIRE(::pipe2(wake_.data(), O_CLOEXEC) == 0);
  thread_ = std::thread([this] { run(); });
}

fault_proxy::~fault_proxy() {
  ::close(wake_[1]);
  thread_.join();
  ::close(wake_[0]);
  ::close(listener_);
  for (const link& one : links_) {
    ::close(one.client);
    ::close(one.server);
  }
}

void fault_proxy::run() {
  while (true) {
    std::vector<pollfd> all{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const link& one : links_) {
      all.push_back({one.client, POLLIN, 0}); // poll() passes over -1
      all.push_back({one.server, POLLIN, 0});
    }
    ::poll(all.data(), all.size(), -1);
    if (all[0].revents != 0) return;
    std::size_t at = 2;
    for (auto one = links_.begin(); one != links_.end(); at += 2) {
      const bool goes_on =
          (all[at].revents == 0 || pass_to_server(*one)) && (all[at + 1].revents == 0 || pass_to_client(*one));
      if (goes_on) {
        ++one;
        continue;
      }
      if (one->client >= 0) ::close(one->client);
      ::close(one->server);
      one = links_.erase(one);
    }
    if (all[1].revents != 0) accept_one();
  }
}

void fault_proxy::accept_one() {
  link made;
  made.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  made.server = connect_to(server_socket_);
  if (made.server < 0) {
    ::close(made.client);
    return;
  }
  links_.push_back(std::move(made));
}

// Prepared statements by their name, so that a commit is known when it comes.
void fault_proxy::read_message(link& one, char type, const std::string& body) {
  const auto first_end = body.find('\0');
  const auto second = first_end + 1;
  if (type == 'P') one.statements[body.substr(0, first_end)] = body.substr(second, body.find('\0', second) - second);
  if (type == 'B')
    one.commits = one.commits || one.statements[body.substr(second, body.find('\0', second) - second)] == "commit";
}

// How many bytes may be passed on: up to the end of a sync, so that a commit is seen before anything of its pipeline is.
std::size_t fault_proxy::complete_messages(link& one) {
  std::size_t at = 0;
  std::size_t whole = 0;
  while (true) {
    const std::size_t head = one.begun ? 1 : 0;
    if (one.from_client.size() < at + head + 4) return whole;
    const std::size_t length = length_at(one.from_client, at + head);
    if (one.from_client.size() < at + head + length) return whole;
    const char type = one.begun ? one.from_client[at] : '\0';
    if (one.begun) read_message(one, type, one.from_client.substr(at + 5, length - 4));
    one.begun = true;
    at += head + length;
    whole = at;
    if (type == 'S') return whole;
  }
}

bool fault_proxy::pass_to_server(link& one) {
  const std::string more = read_some(one.client);
  if (more.empty()) return false;
  one.from_client += more;
  for (std::size_t whole = complete_messages(one); whole > 0; whole = complete_messages(one)) {
    const bool commits = std::exchange(one.commits, false);
    const cut how = commits ? next_.exchange(cut::none) : cut::none;
    if (how != cut::none) ++cuts_;
    if (how == cut::before) return false;
    if (!write_all(one.server, std::string_view(one.from_client).substr(0, whole))) return false;
    one.from_client.erase(0, whole);
    if (how != cut::after) continue;
    ::close(std::exchange(one.client, -1));
    return true;
  }
  return true;
}

bool fault_proxy::pass_to_client(link& one) {
  const std::string more = read_some(one.server);
  if (more.empty()) return false;
  if (one.client >= 0) return write_all(one.client, more);
  // Ready for the next, and there will be none: the server may end the session.
  return more.find(std::string_view("Z\0\0\0\5I", 6)) == std::string::npos;
}

} // namespace ringdown::persistence
