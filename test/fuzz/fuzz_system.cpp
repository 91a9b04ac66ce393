#include "protocol/wire/pbx/xapi.hpp"
#include "protocol/wire/text.hpp"

#include "test/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto read = wire::pbx::read_system(fuzz::answer(200, fuzz::text_of(data, size)), wall_time());
  if (!read.ok()) return 0;
  fuzz::must(read.value->calls_active.value_or(0) >= 0);
  fuzz::must(read.value->max_calls.value_or(1) >= 1);
  fuzz::must(wire::is_utf8(read.value->version));
  return 0;
}
