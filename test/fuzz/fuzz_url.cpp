#include "protocol/types/http.hpp"

#include "test/fuzz/fuzz.hpp"

// Read as a URL and as the value of Retry-After.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  if (const auto parts = parse_url(text)) {
    fuzz::must(parts->scheme == "http" || parts->scheme == "https");
    fuzz::must(!parts->host.empty() && parts->port > 0 && parts->port <= 65535 && parts->target.starts_with('/'));
  }
  if (const auto wait = retry_after({{"Retry-After", text}}, wall_time(std::chrono::seconds(1'790'924'400))))
    fuzz::must(*wait >= std::chrono::seconds(1) && *wait <= std::chrono::hours(1));
  return 0;
}
