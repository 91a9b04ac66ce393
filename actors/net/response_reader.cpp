#include "actors/net/response_reader.hpp"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace ringdown::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t header_limit = 64 * 1024;
constexpr std::size_t padding_limit = 256UL * 1024;
constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace

struct response_reader::parser {
  http::response_parser<http::string_body> beast;
};

response_reader::response_reader(std::size_t body_limit) : body_limit_(body_limit) { restart(); }

response_reader::~response_reader() = default;

void response_reader::restart() {
  parser_ = std::make_unique<parser>();
  parser_->beast.header_limit(header_limit);
  parser_->beast.body_limit(body_limit_);
}

response_reader::state response_reader::feed(std::string_view bytes) {
  total_ += bytes.size();
  pending_.append(bytes);
  if (total_ > 2 * body_limit_ + header_limit + padding_limit) {
    detail_ = "the response does not come to an end";
    return state::too_large;
  }
  return advance();
}

response_reader::state response_reader::advance() {
  while (!pending_.empty()) {
    // No chunked body ends with less. Beast 1.74 asserts that a last chunk comes with no fewer bytes, and an empty body
    // in pieces would end the process.
    if (parser_->beast.chunked() && parser_->beast.is_header_done() && pending_.size() < last_chunk.size())
      return state::wants_more;
    boost::system::error_code error;
    // Beast 1.74, when eager, goes on after a header whose length is refused if the body has begun, and reserves that
    // length: one answer of a hostile peer would end the process.
    parser_->beast.eager(parser_->beast.is_header_done());
    const std::size_t used = parser_->beast.put(boost::asio::buffer(pending_), error);
    pending_.erase(0, used);
    if (error == http::error::need_more) return state::wants_more;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      detail_ = error.message();
      return state::too_large;
    }
    if (error) {
      detail_ = error.message();
      return state::malformed;
    }
    if (!parser_->beast.is_done()) {
      if (used == 0) return state::wants_more;
      continue;
    }
    // Interim responses (100, 103) announce the real one.
    const state whole = judge();
    if (whole != state::wants_more) return whole;
    restart();
  }
  return state::wants_more;
}

response_reader::state response_reader::judge() {
  const unsigned status = parser_->beast.get().result_int();
  if (status >= 200) return state::done;
  // 101 would end HTTP; nobody asked for it.
  if (status >= 100 && status != 101) return state::wants_more;
  detail_ = status == 101 ? "the peer switched protocols" : "a status that is none";
  return state::malformed;
}

response_reader::state response_reader::end_of_stream() {
  if (!parser_->beast.got_some()) return state::cut_off;
  boost::system::error_code error;
  parser_->beast.put_eof(error);
  if (error || !parser_->beast.is_done()) return state::cut_off;
  const state whole = judge();
  return whole == state::wants_more ? state::cut_off : whole;
}

http_response response_reader::take() {
  auto message = parser_->beast.release();
  http_response response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) response.headers.emplace_back(field.name_string(), field.value());
  response.body = std::move(message.body());
  return response;
}

bool response_reader::may_keep_connection() const { return pending_.empty() && parser_->beast.keep_alive(); }

} // namespace ringdown::net
