// What every fuzz target has: the input as text, and a check that ends the program as a found crash does.
#pragma once

#include "protocol/types/http.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  // libFuzzer speaks unsigned char; the bytes are the same.
  return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

inline void must(bool holds) {
  if (!holds) std::abort();
}

inline http_outcome answer(int status, std::string body) {
  http_outcome outcome;
  outcome.response.emplace();
  outcome.response->status = status;
  outcome.response->body = std::move(body);
  outcome.sent = true;
  return outcome;
}

} // namespace ringdown::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
