// What is asked of the simulator over HTTP and what it answers, as values. No socket is known here.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ringdown::sim {

struct question {
  std::string method; // "GET"
  std::string target; // path and query
  http_headers headers;
  std::string body;
  std::string from; // "127.0.0.1:41234"
};

// How the connection goes on.
enum class ending : std::uint8_t {
  keep,     // answer, then the next request
  hang,     // no answer until the peer leaves
  reset,    // RST instead of an answer
  drop,     // closed without an answer
  truncate, // the full Content-Length, half the body, then closed
  stop      // answer, then end the program
};

struct answer {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  http_headers headers;
  std::shared_ptr<const std::string> body; // shared: written asynchronously and cached
  duration delay{};                        // before the first byte
  ending then = ending::keep;
};

[[nodiscard]] inline std::shared_ptr<const std::string> share(std::string body) {
  return std::make_shared<const std::string>(std::move(body));
}

} // namespace ringdown::sim
