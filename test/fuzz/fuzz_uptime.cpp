#include "protocol/wire/pbx/xapi.hpp"

#include "test/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto read = wire::pbx::read_uptime(fuzz::answer(200, fuzz::text_of(data, size)), wall_time());
  if (!read.ok()) return 0;
  fuzz::must(read.value->up >= duration{});
  fuzz::must(read.value->up < std::chrono::hours(24 * 366 * 100));
  return 0;
}
