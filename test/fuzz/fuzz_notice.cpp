#include "protocol/wire/notice_json.hpp"

#include "test/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto read = wire::read_notice(fuzz::text_of(data, size));
  if (!read) return 0;
  const std::string written = wire::write_notice(*read);
  const auto again = wire::read_notice(written);
  fuzz::must(again.ok() && wire::write_notice(*again) == written);
  return 0;
}
