#include "actors/api/link_token.hpp"

#include "test/fuzz/fuzz.hpp"

// Under a signature anybody can make, so that what stands behind it is reached: whatever is read means one claim only.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto zeros = [](std::string_view /*message*/) { return std::array<std::uint8_t, 32>{}; };
  const auto ones = [](std::string_view /*message*/) {
    std::array<std::uint8_t, 32> mac{};
    mac.fill(0x11);
    return mac;
  };
  const std::string text = fuzz::text_of(data, size);
  const auto claim = api::read_link_token(text, zeros);
  fuzz::must(!claim || !api::read_link_token(text, ones));
  if (claim) fuzz::must(api::read_link_token(api::make_link_token(*claim, zeros), zeros) == claim);
  return 0;
}
