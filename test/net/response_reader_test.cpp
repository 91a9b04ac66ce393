#include "actors/net/response_reader.hpp"

#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::net;

namespace {

constexpr std::size_t body_limit = 1000;

// How reading ends when the text comes in pieces of so many bytes.
response_reader::state read(response_reader& reader, const std::string& text, std::size_t piece) {
  auto at = response_reader::state::wants_more;
  for (std::size_t from = 0; from < text.size() && at == response_reader::state::wants_more; from += piece)
    at = reader.feed(std::string_view(text).substr(from, piece));
  return at == response_reader::state::wants_more ? reader.end_of_stream() : at;
}

} // namespace

TEST_CASE("an answer is the same in whatever pieces it comes", "[net]") {
  const auto [text, body] = GENERATE(table<std::string, std::string>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n", "hello"},
      {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end"},
  }));
  INFO(text);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    response_reader reader(body_limit);
    REQUIRE(read(reader, text, piece) == response_reader::state::done);
    CHECK(reader.take().body == body);
  }
}

TEST_CASE("status and headers are those of the answer itself, as they were written", "[net]") {
  const std::string text =
      "HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n"
      "HTTP/1.1 503 Later\r\nRetry-After:  7 \r\nx-ODD: a\r\nX-Odd: b\r\nEmpty:\r\n"
      "Transfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\nX-Last: c\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    response_reader reader(body_limit);
    REQUIRE(read(reader, text, piece) == response_reader::state::done);
    CHECK(reader.may_keep_connection());
    const http_response got = reader.take();
    CHECK(got.status == 503);
    CHECK(got.headers == http_headers{{"Retry-After", "7"},
                                      {"x-ODD", "a"},
                                      {"X-Odd", "b"},
                                      {"Empty", ""},
                                      {"Transfer-Encoding", "chunked"},
                                      {"X-Last", "c"}});
    CHECK(got.body == "!");
  }
}

TEST_CASE("a connection is not kept when something follows the answer, in whatever pieces it comes", "[net]") {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t first = 1; first <= text.size(); ++first) {
    response_reader reader(body_limit);
    REQUIRE(reader.feed(text.substr(0, first)) ==
            (first < text.size() ? response_reader::state::wants_more : response_reader::state::done));
    if (first == text.size()) {
      CHECK(reader.may_keep_connection());
      continue;
    }
    REQUIRE(reader.feed(text.substr(first) + "HTTP/1.1 200 OK\r\n") == response_reader::state::done);
    CHECK_FALSE(reader.may_keep_connection());
    CHECK(reader.take().body == "hello");
  }
}

TEST_CASE("a body beyond its limit is refused in whatever pieces it comes", "[net]") {
  const std::string text = GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx");
  INFO(text);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    response_reader reader(body_limit);
    CHECK(read(reader, text, piece) == response_reader::state::too_large);
  }
}
