#include "actors/net/response_reader.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>

// The first byte says in pieces of how many bytes the rest arrives, as from a socket.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  if (size == 0) return 0;
  constexpr std::size_t limit = 1000;
  using state = net::response_reader::state;
  const std::string text = fuzz::text_of(data + 1, size - 1);
  const std::size_t piece = std::size_t{1} + data[0];
  net::response_reader reader(limit);
  state at = state::wants_more;
  for (std::size_t from = 0; from < text.size() && at == state::wants_more; from += piece)
    at = reader.feed(std::string_view(text).substr(from, piece));
  if (at == state::wants_more) at = reader.end_of_stream();
  fuzz::must(at != state::wants_more);
  if (at != state::done) return 0;
  const bool kept = reader.may_keep_connection();
  const http_response response = reader.take();
  fuzz::must(response.status >= 200 && response.status <= 999 && response.body.size() <= limit);
  fuzz::must(!kept || text.find("HTTP/1.") != std::string::npos);
  return 0;
}
