#include "test/persistence/wire_ends.hpp"

#include "test/support/catch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <unistd.h>
#include <array>
#include <cstdint>
#include <cstring>

namespace ringdown::persistence {

listening listen_somewhere() {
  listening made;
  made.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(made.socket, reinterpret_cast<const sockaddr*>(&here), sizeof(here)) == 0);
  REQUIRE(::listen(made.socket, 16) == 0);
  socklen_t size = sizeof(here);
  REQUIRE(::getsockname(made.socket, reinterpret_cast<sockaddr*>(&here), &size) == 0);
  made.port = ntohs(here.sin_port);
  return made;
}

int connect_to(const std::string& socket_path) {
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  socket_path.copy(there.sun_path, sizeof(there.sun_path) - 1);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) == 0) return made;
  ::close(made);
  return -1;
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string read_some(int from) {
  std::array<char, 65536> some{};
  const auto size = ::recv(from, some.data(), some.size(), 0);
  return size > 0 ? std::string(some.data(), static_cast<std::size_t>(size)) : std::string();
}

std::size_t length_at(const std::string& bytes, std::size_t at) {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + at, sizeof(length));
  return ntohl(length);
}

// Of a port that is named twice libpq takes the second.
std::string by_way_of(int port, const std::string& url) {
  const auto host = url.find("host=");
  const auto end = url.find('&', host);
  return url.substr(0, host) + "host=127.0.0.1&port=" + std::to_string(port) + "&sslmode=disable&gssencmode=disable" +
         (end == std::string::npos ? "" : url.substr(end));
}

} // namespace ringdown::persistence
