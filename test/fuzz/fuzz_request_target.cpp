#include "actors/net/http_text.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>

// Read as the target of a request to our own server.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  const auto parts = net::parse_target(text);
  if (!parts) return 0;
  fuzz::must(text.starts_with('/') && parts->path.starts_with('/') && parts->path.size() <= text.size());
  fuzz::must(std::ranges::none_of(parts->path, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
  fuzz::must(parts->query.empty() || text.ends_with("?" + parts->query));
  return 0;
}
