#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/pbx/xapi_auth.hpp"

#include "test/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const wall_time now(std::chrono::seconds(1'790'924'400));
  for (const int status : {200, 400}) {
    const auto read = wire::pbx::read_token(fuzz::answer(status, fuzz::text_of(data, size)), now);
    if (!read.ok()) continue;
    fuzz::must(status == 200 && wire::is_header_safe(read.value->value.reveal()) && !read.value->value.empty());
    fuzz::must(read.value->expires > now && read.value->expires <= now + std::chrono::hours(24));
  }
  return 0;
}
