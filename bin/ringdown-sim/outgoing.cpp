#include "bin/ringdown-sim/outgoing.hpp"

#include "bin/ringdown-sim/text.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace ringdown::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto whole_limit = std::chrono::seconds(15); // Twilio's read timeout of a webhook
constexpr std::size_t answer_limit = 1UL << 20;

result<tcp::endpoint> endpoint_of(const std::string& host, long port) {
  error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error || !address.is_loopback()) {
    return failure{failure_kind::refused, fmt::format("{} is no loopback address", host)};
  }
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

result<tcp::endpoint> destination(const errand& what, const url_parts& url) {
  if (what.connect_to.empty()) {
    if (url.scheme == "http") return endpoint_of(url.host, url.port);
    return failure{failure_kind::refused, "https needs the verb callbacks_to"};
  }
  const auto colon = what.connect_to.rfind(':');
  const auto port = parse_number(std::string_view(what.connect_to).substr(colon + 1), 1, 65'535);
  return endpoint_of(what.connect_to.substr(0, colon), port.value_or(0));
}

std::string request_text(const errand& what, const url_parts& url) {
  const auto begin = what.url.find("://") + 3;
  const auto host = what.url.substr(begin, what.url.find_first_of("/?#", begin) - begin);
  auto out = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nConnection: close\r\n"
      "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {}\r\n",
      url.target, host, what.body.size());
  for (const auto& [key, value] : what.headers) out += fmt::format("{}: {}\r\n", key, value);
  return out + "\r\n" + what.body;
}

hearing none(std::string problem) { return {0, {}, std::move(problem)}; }

} // namespace

asio::awaitable<hearing> carry_out(errand what) {
  const auto url = parse_url(what.url);
  if (!url) co_return none(url.error().detail);
  const auto to = destination(what, *url);
  if (!to) co_return none(to.error().detail);

  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(whole_limit);
  error_code error;
  co_await stream.async_connect(*to, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return none(error.message());
  const auto text = request_text(what, *url);
  co_await asio::async_write(stream, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return none(error.message());
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_limit);
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return none(error.message());
  co_return hearing{static_cast<int>(parser.get().result_int()), parser.get().body(), {}};
}

} // namespace ringdown::sim
