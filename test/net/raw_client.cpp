#include "test/net/raw_client.hpp"

#include <cstdint>
#include <cstdlib>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ringdown::test {

namespace {

int connect_to(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

} // namespace

raw_client::raw_client(const std::string& address) : descriptor_(connect_to(address)) {}

raw_client::~raw_client() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void raw_client::say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool raw_client::read_more() {
  char buffer[8192];
  const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  pending_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string raw_client::read_response() {
  std::size_t end = pending_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!read_more()) return {};
    end = pending_.find("\r\n\r\n");
  }
  const std::size_t length = pending_.find("Content-Length: ");
  const auto body = length < end ? static_cast<std::size_t>(std::atol(pending_.c_str() + length + 16)) : 0;
  while (pending_.size() < end + 4 + body) {
    if (!read_more()) break;
  }
  std::string response = pending_.substr(0, end + 4 + body);
  pending_.erase(0, end + 4 + body);
  return response;
}

std::string raw_client::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(pending_, {});
}

bool raw_client::can_connect(const std::string& address) {
  const int descriptor = connect_to(address);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

} // namespace ringdown::test
