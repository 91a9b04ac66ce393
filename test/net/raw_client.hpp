// A client that says exactly what it is told, for testing the server: blocking, on 127.0.0.1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringdown::test {

class raw_client {
public:
  explicit raw_client(const std::string& address); // "127.0.0.1:port"
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  void say(std::string_view text);
  std::string read_response(); // header and body by Content-Length
  std::string read_to_end();   // until the server closes

  [[nodiscard]] static bool can_connect(const std::string& address);

private:
  bool read_more();
  int descriptor_ = -1;
  std::string pending_;
};

} // namespace ringdown::test
