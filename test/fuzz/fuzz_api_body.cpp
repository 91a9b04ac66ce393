#include "actors/api/request_fields.hpp"
#include "protocol/wire/text.hpp"

#include "test/fuzz/fuzz.hpp"

// Read as the JSON body of a command, and as a query.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  api::server_request request;
  request.body = request.query = fuzz::text_of(data, size);
  fuzz::must(api::parameter(request, "limit").size() <= size);
  const auto fields = api::read_body(request);
  if (!fields) return 0;
  fuzz::must(size == 0 || request.body.find('{') != std::string::npos);
  for (const auto& [key, value] : *fields)
    fuzz::must(key.size() + value.size() <= 2 * size && wire::is_utf8(key) && wire::is_utf8(value));
  const std::string by = api::by_whom(*fields);
  fuzz::must(!by.empty() && by.size() <= 100 && wire::is_utf8(by));
  return 0;
}
