#include "actors/net/response_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace ringdown::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t longest_header = 64 * 1024;
constexpr std::size_t usual_headers = 16;
constexpr std::size_t padding_limit = 256UL * 1024;
constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace

// Beast judges the bytes and hands on what it found; kept is what somebody may ask for, and it is copied once.
struct response_reader::parser final : http::basic_parser<false> {
  explicit parser(std::size_t limit) : most_reserved(limit) {
    header_limit(longest_header);
    body_limit(limit);
  }

  std::size_t most_reserved;
  http_response got;

protected:
  using error_code = boost::system::error_code;
  using text = boost::beast::string_view;

  // Of requests.
  void on_request_impl(http::verb /*method*/, text /*name*/, text /*target*/, int /*version*/,
                       error_code& /*error*/) override {}
  void on_response_impl(int code, text /*reason*/, int /*version*/, error_code& /*error*/) override {
    got.status = code;
    got.headers.reserve(usual_headers);
  }
  // Also of what follows a body in pieces.
  void on_field_impl(http::field /*known*/, text name, text value, error_code& /*error*/) override {
    got.headers.emplace_back(name, value);
  }
  void on_header_impl(error_code& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& /*error*/) override {
    if (length) got.body.reserve(std::min<std::uint64_t>(*length, most_reserved));
  }
  std::size_t on_body_impl(text piece, error_code& /*error*/) override {
    got.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, text /*extensions*/, error_code& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remaining*/, text piece, error_code& error) override {
    return on_body_impl(piece, error);
  }
  void on_finish_impl(error_code& /*error*/) override {}
};

response_reader::response_reader(std::size_t body_limit) : body_limit_(body_limit) { restart(); }

response_reader::~response_reader() = default;

void response_reader::restart() { parser_ = std::make_unique<parser>(body_limit_); }

response_reader::state response_reader::feed(std::string_view bytes) {
  total_ += bytes.size();
  if (total_ > 2 * body_limit_ + longest_header + padding_limit) {
    detail_ = "the response does not come to an end";
    return state::too_large;
  }
  // Nearly always the parser takes all there is, straight from where it was read into.
  if (pending_.empty()) {
    const state now = advance(bytes);
    pending_ = bytes;
    return now;
  }
  pending_.append(bytes);
  std::string_view rest = pending_;
  const state now = advance(rest);
  pending_.erase(0, pending_.size() - rest.size());
  return now;
}

response_reader::state response_reader::advance(std::string_view& bytes) {
  while (!bytes.empty()) {
    // No chunked body ends with less. Beast 1.74 asserts that a last chunk comes with no fewer bytes, and an empty body
    // in pieces would end the process.
    if (parser_->chunked() && parser_->is_header_done() && bytes.size() < last_chunk.size()) return state::wants_more;
    boost::system::error_code error;
    // Beast 1.74, when eager, goes on after a header whose length is refused if the body has begun, and forgets the
    // refusal.
    parser_->eager(parser_->is_header_done());
    const std::size_t used = parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more) return state::wants_more;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      detail_ = error.message();
      return state::too_large;
    }
    if (error) {
      detail_ = error.message();
      return state::malformed;
    }
    if (!parser_->is_done()) {
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
  const int status = parser_->got.status;
  if (status >= 200) return state::done;
  // 101 would end HTTP; nobody asked for it.
  if (status >= 100 && status != 101) return state::wants_more;
  detail_ = status == 101 ? "the peer switched protocols" : "a status that is none";
  return state::malformed;
}

response_reader::state response_reader::end_of_stream() {
  if (!parser_->got_some()) return state::cut_off;
  boost::system::error_code error;
  parser_->put_eof(error);
  if (error || !parser_->is_done()) return state::cut_off;
  const state whole = judge();
  return whole == state::wants_more ? state::cut_off : whole;
}

http_response response_reader::take() { return std::move(parser_->got); }

bool response_reader::may_keep_connection() const { return pending_.empty() && parser_->keep_alive(); }

} // namespace ringdown::net
