#include "protocol/wire/pbx/xapi.hpp"

#include "test/fuzz/fuzz.hpp"

#include <array>

// Wherever a PBX says its list goes on, the token goes to its own XAPI and nowhere else.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::array pages{std::make_shared<const http_outcome>(fuzz::answer(200, fuzz::text_of(data, size)))};
  wire::pbx::pbx_target target;
  target.url = "https://pbx.example:5001";
  const auto next = wire::pbx::next_page(pages, target, secret_text("token"));
  if (!next) return 0;
  const auto parts = parse_url(next->url);
  fuzz::must(next->method == http_method::get && next->body.empty() && parts.ok());
  fuzz::must(parts->scheme == "https" && parts->host == "pbx.example" && parts->port == 5001);
  fuzz::must(parts->target.starts_with("/xapi/"));
  fuzz::must(parts->target.substr(0, parts->target.find('?')).find("..") == std::string::npos);
  return 0;
}
