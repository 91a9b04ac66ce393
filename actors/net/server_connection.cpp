#include "actors/net/http_text.hpp"
#include "actors/net/server_core.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace ringdown::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t read_size = 8UL * 1024;
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t linger_bytes = 256UL * 1024;
constexpr std::size_t most_lingering = 64;

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{}; // the process stays in the C locale, so day and month names are HTTP's
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

int status_for(const error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

std::string_view what_is_wrong(int status) {
  switch (status) {
    case 413: return "the body is larger than this server takes";
    case 431: return "the header is larger than this server takes";
    case 503: return "too many connections at once; try again";
    case 504: return "no answer could be made in time; what was asked may still happen";
    default: return "this is not an HTTP request that can be read";
  }
}

// Said in the form of every other error (application/problem+json), though no handler ever saw the request.
server_response problem(int status) {
  return {status,
          {{"Content-Type", "application/problem+json"}},
          fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})", reason_phrase(status),
                      status, what_is_wrong(status))};
}

std::string refusal(int status) {
  const server_response said = problem(status);
  return write_response(status, said.headers, said.body, "GET", http_date(), after_response::close);
}

bool is_protocol_error(const error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

server_request describe(http::request<http::string_body> message, target_parts target, std::string peer) {
  server_request request;
  request.method = std::string(message.method_string());
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(message.body());
  request.peer = std::move(peer);
  return request;
}

} // namespace

struct server_connection::read_request {
  http::request_parser<http::string_body> parser;
};

server_connection::server_connection(std::shared_ptr<server_core> core, asio::ip::tcp::socket socket)
    : core_(std::move(core)),
      stream_(std::move(socket)),
      signal_(core_->io) {
  error_code error;
  const auto remote = stream_.socket().remote_endpoint(error);
  if (!error) peer_ = remote.address().to_string();
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
}

void server_connection::drain() {
  if (idle_) drop();
}

void server_connection::drop() {
  stream_.close();
  signal_.cancel();
}

asio::awaitable<bool> server_connection::await_first_byte(duration within) {
  if (buffer_.size() > 0) co_return true;
  idle_ = true;
  if (core_->draining) co_return false;
  stream_.expires_after(within);
  error_code error;
  const std::size_t got =
      co_await stream_.async_read_some(buffer_.prepare(read_size), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return false;
  buffer_.commit(got);
  idle_ = false;
  co_return true;
}

// False when the connection is done for, told so where it makes sense.
asio::awaitable<bool> server_connection::receive(read_request& into) {
  into.parser.header_limit(static_cast<std::uint32_t>(core_->options.max_header));
  into.parser.body_limit(core_->options.max_body);
  stream_.expires_after(core_->options.read_timeout);
  error_code error;
  co_await http::async_read_header(stream_, buffer_, into.parser, asio::redirect_error(asio::use_awaitable, error));
  if (!error && !into.parser.is_done()) {
    if (into.parser.get()[http::field::expect] == "100-continue") {
      const bool told = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!told) co_return false;
      stream_.expires_after(core_->options.read_timeout);
    }
    error = co_await receive_body(into);
  }
  if (!error) co_return true;
  if (is_protocol_error(error)) co_await answer_and_close(status_for(error));
  co_return false;
}

// What http::async_read does, but that the parser gets the end of a chunked body in one piece: Beast 1.74 asserts that,
// and would end the process for an empty body that comes byte by byte.
asio::awaitable<error_code> server_connection::receive_body(read_request& into) {
  auto& parser = into.parser;
  parser.eager(true);
  const std::size_t least = parser.chunked() ? last_chunk.size() : 1;
  error_code error;
  for (;;) {
    if (buffer_.size() >= least) {
      buffer_.consume(parser.put(buffer_.data(), error));
      if (parser.is_done() || (error && error != http::error::need_more)) co_return error;
    }
    // What the parser leaves is the head of a chunk, or trailers.
    if (buffer_.size() > core_->options.max_header) co_return http::error::header_limit;
    const std::size_t got =
        co_await stream_.async_read_some(buffer_.prepare(read_size), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) co_return http::error::partial_message;
    if (error) co_return error;
    buffer_.commit(got);
  }
}

asio::awaitable<void> server_connection::serve() {
  bool first = true;
  for (;;) {
    const bool begun = co_await await_first_byte(first ? core_->options.read_timeout : core_->options.idle_timeout);
    if (!begun) co_return;
    first = false;
    read_request incoming;
    const bool received = co_await receive(incoming);
    if (!received) co_return;
    const bool keep_alive = incoming.parser.keep_alive();
    auto message = incoming.parser.release();
    const auto target = message.target();
    auto parts = parse_target({target.data(), target.size()});
    if (!parts) {
      co_await answer_and_close(400);
      co_return;
    }
    server_request request = describe(std::move(message), std::move(*parts), peer_);
    const std::string method = request.method;
    const server_response response = co_await handle(std::move(request));
    const auto then = keep_alive && !core_->draining ? after_response::keep_open : after_response::close;
    const bool written =
        co_await write(write_response(response.status, response.headers, response.body, method, http_date(), then));
    if (!written) co_return;
    if (then == after_response::close) {
      co_await linger();
      co_return;
    }
  }
}

asio::awaitable<server_response> server_connection::handle(server_request request) {
  stream_.expires_never();
  signal_.expires_after(core_->options.handler_timeout);
  // A slot of its own, so that a late answer is not taken for the next request's.
  auto slot = std::make_shared<std::optional<server_response>>();
  core_->handler(std::move(request), [core = std::weak_ptr(core_), weak = weak_from_this(),
                                      weak_slot = std::weak_ptr(slot)](server_response response) {
    const auto alive = core.lock();
    if (!alive) return;
    asio::post(alive->io, [weak, weak_slot, response = std::move(response)]() mutable {
      const auto self = weak.lock();
      const auto into = weak_slot.lock();
      if (!self || !into || *into) return;
      *into = std::move(response);
      self->signal_.cancel();
    });
  });
  error_code ignored;
  if (!*slot) co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (*slot) co_return std::move(**slot);
  co_return problem(504);
}

asio::awaitable<bool> server_connection::write(std::string text) {
  stream_.expires_after(core_->options.read_timeout);
  error_code error;
  co_await asio::async_write(stream_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<void> server_connection::answer_and_close(int status) {
  const bool written = co_await write(refusal(status));
  if (written) co_await linger();
}

// Closing with unread bytes makes the kernel send a reset, which can overtake the answer: read a little more, briefly.
asio::awaitable<void> server_connection::linger() {
  if (core_->lingering >= most_lingering) co_return;
  ++core_->lingering;
  error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(linger_time);
  for (std::size_t total = 0; !error && total < linger_bytes;) {
    buffer_.clear();
    total +=
        co_await stream_.async_read_some(buffer_.prepare(read_size), asio::redirect_error(asio::use_awaitable, error));
  }
  --core_->lingering;
}

asio::awaitable<void> server_connection::turn_away() { co_await answer_and_close(503); }

} // namespace ringdown::net
