// A request that the simulator itself makes, and what came of it, as values.
#pragma once

#include "protocol/types/http.hpp"

#include <cstdint>
#include <string>

namespace ringdown::sim {

struct errand {
  std::uint64_t id = 0;
  std::string url;        // as it is signed and as the Host header says
  std::string connect_to; // "ADDRESS:PORT" to speak plain HTTP with, as a proxy in front would; empty: the URL's
  http_headers headers;
  std::string body; // a form, sent with POST
};

struct hearing {
  int status = 0; // 0: no answer
  std::string body;
  std::string problem; // why there is none
};

} // namespace ringdown::sim
