#include "bin/ringdown-sim/server.hpp"

#include "bin/ringdown-sim/outgoing.hpp"

#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <set>

namespace ringdown::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

constexpr auto idle_limit = 120s; // a keep-alive connection without a request
constexpr auto handshake_limit = 30s;
constexpr auto write_limit = 60s;
constexpr std::size_t one_record = 12UL << 10;
constexpr std::size_t body_limit = 4UL << 20;

enum class protocol : std::uint8_t { http, mail };

struct listener {
  listener(asio::io_context& io, server::asker ask_) : acceptor(io), ask(std::move(ask_)) {}

  tcp::acceptor acceptor;
  tcp::endpoint at;
  server::asker ask;
  protocol speaks = protocol::http;
  std::shared_ptr<asio::ssl::context> tls; // shared with the sessions that began with it
  certificate shows = certificate::good;
  door state = door::closed;
  std::uint64_t generation = 0; // an accept loop of an older one ends
  std::set<tcp::socket*> sessions;
  std::vector<tcp::socket> fillers; // keep a silent listener's queue full
};

// A session is known to its listener as long as this lives.
class membership {
public:
  membership(std::shared_ptr<listener> of, tcp::socket& socket) : of_(std::move(of)), socket_(socket) {
    of_->sessions.insert(&socket_);
  }
  ~membership() { of_->sessions.erase(&socket_); }
  membership(const membership&) = delete;
  membership& operator=(const membership&) = delete;

private:
  std::shared_ptr<listener> of_;
  tcp::socket& socket_;
};

std::string head_of(const answer& given, bool keep) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(given.status)));
  auto out = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: nginx\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n"
      "Content-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n",
      given.status, std::string_view(reason.data(), reason.size()), fmt::gmtime(now), given.content_type,
      given.body ? given.body->size() : 0, keep ? "keep-alive" : "close");
  for (const auto& [key, value] : given.headers) out += fmt::format("{}: {}\r\n", key, value);
  return out += "\r\n";
}

question read_question(const http::request<http::string_body>& request, const std::string& from) {
  question out;
  out.method = std::string(request.method_string());
  out.target = std::string(request.target());
  for (const auto& field : request) out.headers.emplace_back(field.name_string(), field.value());
  out.body = request.body();
  out.from = from;
  return out;
}

void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// Reads until the peer leaves; whatever it sends is ignored.
template <class Stream>
asio::awaitable<void> wait_for_the_end(Stream& stream) {
  beast::get_lowest_layer(stream).expires_never();
  std::array<char, 512> waste{};
  error_code error;
  while (!error) {
    co_await stream.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, error));
  }
}

enum class after { next_request, done };

// Waits as long as told. Done: nothing is to be said, and the connection is at its end.
template <class Stream>
asio::awaitable<after> linger(Stream& stream, const answer& given) {
  auto& socket = beast::get_lowest_layer(stream);
  if (given.delay > duration{}) {
    asio::steady_timer timer(socket.get_executor(), given.delay);
    error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  if (given.then == ending::hang) {
    co_await wait_for_the_end(stream);
    co_return after::done;
  }
  if (given.then == ending::reset) {
    reset(socket.socket());
    co_return after::done;
  }
  co_return given.then == ending::drop ? after::done : after::next_request;
}

template <class Stream>
asio::awaitable<after> give(Stream& stream, const answer& given, bool keep) {
  auto& socket = beast::get_lowest_layer(stream);
  if (co_await linger(stream, given) == after::done) co_return after::done;

  auto head = head_of(given, keep);
  std::string_view body = given.body ? std::string_view(*given.body) : std::string_view{};
  if (given.then == ending::truncate) body = body.substr(0, body.size() / 2);
  // Small bodies leave in one TLS record with the head; large ones, which are shared, are not copied.
  if (body.size() <= one_record) head += std::exchange(body, {});
  error_code error;
  socket.expires_after(write_limit);
  co_await asio::async_write(stream, asio::buffer(head), asio::redirect_error(asio::use_awaitable, error));
  if (!error && !body.empty()) {
    co_await asio::async_write(stream, asio::buffer(body.data(), body.size()),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error || !keep || given.then == ending::truncate ? after::done : after::next_request;
}

template <class Stream>
asio::awaitable<after> utter(Stream& stream, const spoken& said) {
  answer given;
  given.delay = said.delay;
  given.then = said.then;
  if (co_await linger(stream, given) == after::done) co_return after::done;
  error_code error;
  stream.expires_after(write_limit);
  co_await asio::async_write(stream, asio::buffer(said.words), asio::redirect_error(asio::use_awaitable, error));
  co_return error || said.over ? after::done : after::next_request;
}

} // namespace

struct server::inner {
  asio::io_context io{1};
  std::vector<std::shared_ptr<listener>> listeners;
  std::vector<std::shared_ptr<listener>> mail_listeners;
  std::array<std::shared_ptr<asio::ssl::context>, certificate_kinds> contexts;
  asio::steady_timer alarm{io};
  asio::signal_set signals{io, SIGINT, SIGTERM};

  template <class Stream>
  asio::awaitable<void> converse(std::shared_ptr<listener> of, Stream& stream) {
    auto& socket = beast::get_lowest_layer(stream);
    error_code error;
    const auto peer = socket.socket().remote_endpoint(error);
    const auto from = fmt::format("{}:{}", peer.address().to_string(), peer.port());
    beast::flat_buffer buffer;
    while (true) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(body_limit);
      socket.expires_after(idle_limit);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const bool keep = parser.get().keep_alive();
      const auto given = of->ask(read_question(parser.get(), from));
      const auto next = co_await give(stream, given, keep && given.then != ending::stop);
      if (given.then == ending::stop) io.stop();
      if (next == after::done) co_return;
    }
  }

  asio::awaitable<void> secure_session(std::shared_ptr<listener> of, tcp::socket accepted) {
    const auto tls = of->tls;
    asio::ssl::stream<beast::tcp_stream> stream(beast::tcp_stream(std::move(accepted)), *tls);
    auto& socket = beast::get_lowest_layer(stream);
    const membership member(of, socket.socket());
    error_code error;
    socket.expires_after(handshake_limit);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await converse(of, stream);
    if (!socket.socket().is_open()) co_return;
    socket.expires_after(1s);
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
  }

  asio::awaitable<void> plain_session(std::shared_ptr<listener> of, tcp::socket accepted) {
    beast::tcp_stream stream(std::move(accepted));
    const membership member(of, stream.socket());
    co_await converse(of, stream);
  }

  asio::awaitable<void> mail_session(std::shared_ptr<listener> of, tcp::socket accepted) {
    beast::tcp_stream stream(std::move(accepted));
    error_code error;
    const auto peer = stream.socket().remote_endpoint(error);
    smtp_session session(of->ask, fmt::format("{}:{}", peer.address().to_string(), peer.port()));
    std::string heard;
    auto next = co_await utter(stream, session.greet());
    while (next == after::next_request) {
      stream.expires_after(idle_limit);
      const auto length = co_await asio::async_read_until(stream, asio::dynamic_buffer(heard, body_limit), "\r\n",
                                                          asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const auto said = session.hear(std::string_view(heard).substr(0, length - 2));
      heard.erase(0, length);
      next = co_await utter(stream, said);
    }
  }

  asio::awaitable<void> accept(std::shared_ptr<listener> of, std::uint64_t generation) {
    while (true) {
      tcp::socket accepted(io);
      error_code error;
      co_await of->acceptor.async_accept(accepted, asio::redirect_error(asio::use_awaitable, error));
      if (of->generation != generation) co_return;
      if (error) {
        // Out of descriptors: try again when some session has ended.
        asio::steady_timer pause(io, 50ms);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (of->generation != generation) co_return;
        continue;
      }
      error_code ignored;
      accepted.set_option(tcp::no_delay(true), ignored);
      if (of->speaks == protocol::mail) {
        asio::co_spawn(io, mail_session(of, std::move(accepted)), asio::detached);
      } else if (of->tls) {
        asio::co_spawn(io, secure_session(of, std::move(accepted)), asio::detached);
      } else {
        asio::co_spawn(io, plain_session(of, std::move(accepted)), asio::detached);
      }
    }
  }

  result<void> open(const std::shared_ptr<listener>& of) {
    error_code error;
    auto& acceptor = of->acceptor;
    shut(*of);
    acceptor.open(of->at.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(of->at, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return failure{failure_kind::unavailable, fmt::format("listening on {}:{}: {}", of->at.address().to_string(),
                                                            of->at.port(), error.message())};
    }
    of->at = acceptor.local_endpoint();
    of->state = door::open;
    asio::co_spawn(io, accept(of, of->generation), asio::detached);
    return {};
  }

  static void shut(listener& of) {
    ++of.generation;
    error_code ignored;
    of.acceptor.close(ignored);
    of.fillers.clear();
    of.state = door::closed;
  }

  // With a backlog of 0 the kernel queues one connection and then drops every SYN: connecting times out.
  void silence(listener& of) {
    ++of.generation;
    error_code ignored;
    of.acceptor.cancel(ignored);
    ::listen(of.acceptor.native_handle(), 0);
    for (int i = 0; i < 2; ++i) {
      tcp::socket filler(io);
      filler.open(of.at.protocol(), ignored);
      filler.native_non_blocking(true, ignored);
      // Asio's own connect would wait for the end of the attempt.
      const int begun = ::connect(filler.native_handle(), of.at.data(), static_cast<socklen_t>(of.at.size()));
      if (begun != 0 && errno != EINPROGRESS) break;
      of.fillers.push_back(std::move(filler));
    }
    of.state = door::silent;
  }

  static void cut_sessions(listener& of) {
    for (auto* const socket : of.sessions) reset(*socket);
  }
};

server::server() : inner_(std::make_unique<inner>()) {
  inner_->signals.async_wait([this](const error_code& error, int) {
    if (!error) stop();
  });
}

server::~server() {
  for (const auto* list : {&inner_->listeners, &inner_->mail_listeners})
    for (const auto& one : *list) inner::shut(*one);
}

result<void> server::use(const identities& made) {
  for (std::size_t i = 0; i < certificate_kinds; ++i) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code error;
    const auto& one = made.of[i];
    context->use_certificate_chain(asio::buffer(one.certificate), error);
    if (!error) context->use_private_key(asio::buffer(one.key), asio::ssl::context::pem, error);
    if (error) return failure{failure_kind::internal, fmt::format("TLS context: {}", error.message())};
    inner_->contexts[i] = std::move(context);
  }
  return {};
}

result<int> server::listen(const std::string& address, int port, std::optional<certificate> shows, asker ask) {
  error_code error;
  auto made = std::make_shared<listener>(inner_->io, std::move(ask));
  made->at = {asio::ip::make_address(address, error), static_cast<std::uint16_t>(port)};
  if (error) return failure{failure_kind::invalid, fmt::format("\"{}\" is not an address", address)};
  if (shows) {
    made->shows = *shows;
    made->tls = inner_->contexts[static_cast<std::size_t>(*shows)];
  }
  if (auto opened = inner_->open(made); !opened) return opened.error();
  inner_->listeners.push_back(made);
  return static_cast<int>(made->at.port());
}

result<int> server::listen_for_mail(const std::string& address, int port, asker ask) {
  error_code error;
  auto made = std::make_shared<listener>(inner_->io, std::move(ask));
  made->at = {asio::ip::make_address(address, error), static_cast<std::uint16_t>(port)};
  if (error) return failure{failure_kind::invalid, fmt::format("\"{}\" is not an address", address)};
  made->speaks = protocol::mail;
  if (auto opened = inner_->open(made); !opened) return opened.error();
  inner_->mail_listeners.push_back(made);
  return static_cast<int>(made->at.port());
}

result<void> server::set_front(std::size_t listener, door state, certificate shows) {
  const auto& one = inner_->listeners[listener];
  if (one->shows != shows) {
    one->shows = shows;
    one->tls = inner_->contexts[static_cast<std::size_t>(shows)];
    inner::cut_sessions(*one);
  }
  if (one->state == state) return {};
  if (state == door::closed) {
    inner::shut(*one);
    inner::cut_sessions(*one);
    return {};
  }
  if (one->state == door::closed || state == door::open) {
    if (auto opened = inner_->open(one); !opened) return opened;
  }
  if (state == door::silent) inner_->silence(*one);
  return {};
}

void server::send(errand what, std::function<void(const hearing&)> then) {
  asio::co_spawn(inner_->io, carry_out(std::move(what)),
                 [then = std::move(then)](const std::exception_ptr& broken, const hearing& heard) {
                   if (broken) std::rethrow_exception(broken);
                   then(heard);
                 });
}

void server::wake_at(steady_time when, std::function<void()> call) {
  inner_->alarm.expires_at(when);
  inner_->alarm.async_wait([call = std::move(call)](const error_code& error) {
    if (!error) call();
  });
}

void server::sleep() { inner_->alarm.cancel(); }

void server::run() { inner_->io.run(); }

void server::stop() { inner_->io.stop(); }

} // namespace ringdown::sim
