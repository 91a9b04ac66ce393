#include "protocol/wire/pbx/xapi.hpp"
#include "protocol/wire/text.hpp"

#include "test/fuzz/fuzz.hpp"

#include <set>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto read = wire::pbx::read_trunks(fuzz::answer(200, fuzz::text_of(data, size)), wall_time());
  if (!read.ok()) return 0;
  std::set<std::string> keys;
  for (const auto& item : *read.value) {
    fuzz::must(!item.key.empty() && keys.insert(item.key).second);
    fuzz::must(!item.label.empty() && item.label.size() <= 800 && wire::is_utf8(item.label));
    fuzz::must(item.detail.size() <= 800 && wire::is_utf8(item.detail) && wire::is_utf8(item.host));
  }
  return 0;
}
