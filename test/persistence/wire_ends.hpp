// What proxies between PostgreSQL's clients and its server are made of. Blocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringdown::persistence {

// A port of 127.0.0.1 that is listened at.
struct listening {
  int socket = -1;
  int port = 0;
};
[[nodiscard]] listening listen_somewhere();
// -1: nobody is there.
[[nodiscard]] int connect_to(const std::string& socket_path);
// False: the other side is gone.
[[nodiscard]] bool write_all(int to, std::string_view bytes);
[[nodiscard]] std::string read_some(int from); // empty: the other side is gone
[[nodiscard]] std::size_t length_at(const std::string& bytes, std::size_t at);
// The URL, which names a socket's directory, by way of this port.
[[nodiscard]] std::string by_way_of(int port, const std::string& url);

} // namespace ringdown::persistence
