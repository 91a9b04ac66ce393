#include "test/bench/fleet/server.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace ringdown::bench {

namespace {

constexpr std::size_t read_size = 16384;
constexpr int most_events = 256;
constexpr std::uint32_t pbx_network = 0x7F010000; // 127.1.0.0/16

std::int64_t micros_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady::now().time_since_epoch()).count();
}

void need(bool done, const char* what) {
  if (!done) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

int listener_at(std::uint32_t address, std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  need(made >= 0, "socket");
  const int on = 1;
  ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(address);
  need(::bind(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
  need(::listen(made, 4096) == 0, "listen");
  return made;
}

// The PBX that was connected to, by our own address.
std::uint32_t number_of(int socket) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  need(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
  return ntohl(at.sin_addr.s_addr) - pbx_network;
}

// The value of a header whose name is given in lower case with its colon.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view row = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (row.size() < name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(), row.begin(), [](char want, char got) {
      return want == (got >= 'A' && got <= 'Z' ? got + 32 : got);
    });
    if (!same) continue;
    const std::size_t from = row.find_first_not_of(' ', name.size());
    return from == std::string_view::npos ? std::string_view() : row.substr(from);
  }
  return {};
}

std::size_t length_of(std::string_view head) {
  const std::string_view text = header(head, "content-length:");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

} // namespace

server::~server() {
  for (auto& [socket, each] : links_) {
    if (each->ssl != nullptr) SSL_free(each->ssl);
    ::close(socket);
  }
  if (poll_ >= 0) ::close(poll_);
}

void server::watch(link& which, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = which.socket;
  need(::epoll_ctl(poll_, EPOLL_CTL_ADD, which.socket, &event) == 0, "epoll_ctl");
}

// One listener for all of them, because descriptors are scarce: whom a connection means is its address on our side.
void server::listen_pbxes(std::uint32_t count, std::uint16_t port) {
  if (poll_ < 0) poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  pbxes.resize(count);
  for (std::uint32_t n = 0; n < count; ++n) pbxes[n].shown.number = n;
  auto made = std::make_unique<link>();
  made->what = kind::pbx_listener;
  made->socket = listener_at(INADDR_ANY, port);
  watch(*made, EPOLLIN);
  links_[made->socket] = std::move(made);
}

void server::listen_sink(std::uint16_t port) {
  if (poll_ < 0) poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  auto made = std::make_unique<link>();
  made->what = kind::sink_listener;
  made->socket = listener_at(INADDR_LOOPBACK, port);
  watch(*made, EPOLLIN);
  links_[made->socket] = std::move(made);
}

int server::next_tick() const {
  auto next = idle_limit.count() > 0 ? next_sweep_ : steady::time_point::max();
  if (!delayed_.empty()) next = std::min(next, delayed_.front().first);
  if (next == steady::time_point::max()) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - steady::now()).count();
  return static_cast<int>(std::clamp<long>(wait, 0, 1000));
}

int server::wait_and_serve(int commands) {
  static bool watched = false;
  if (!std::exchange(watched, true)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = commands;
    need(::epoll_ctl(poll_, EPOLL_CTL_ADD, commands, &event) == 0, "epoll_ctl");
  }
  std::array<epoll_event, most_events> events{};
  const int count = ::epoll_wait(poll_, events.data(), most_events, next_tick());
  int asked = 0;
  for (int i = 0; i < count; ++i) {
    const int socket = events[static_cast<std::size_t>(i)].data.fd;
    if (socket == commands) {
      asked = 1;
      continue;
    }
    const auto found = links_.find(socket);
    if (found != links_.end()) serve(*found->second);
  }
  tend();
  return asked;
}

void server::serve(link& which) {
  if (which.what != kind::connection) return on_listener(which);
  if (answer_after.count() == 0 || which.is_sink) return on_readable(which);
  if (!std::exchange(which.waiting, true)) delayed_.emplace_back(steady::now() + answer_after, which.socket);
}

void server::tend() {
  const auto now = steady::now();
  while (!delayed_.empty() && delayed_.front().first <= now) {
    const auto found = links_.find(delayed_.front().second);
    delayed_.pop_front();
    if (found == links_.end()) continue;
    found->second->waiting = false;
    on_readable(*found->second);
  }
  if (idle_limit.count() == 0 || now < next_sweep_) return;
  next_sweep_ = now + std::chrono::milliseconds(200);
  std::vector<int> idle;
  for (auto& [socket, each] : links_)
    if (each->what == kind::connection && !each->waiting && now - each->last_used > idle_limit) idle.push_back(socket);
  for (const int socket : idle) {
    link& which = *links_.at(socket);
    if (which.ssl != nullptr) SSL_shutdown(which.ssl);
    ++seen.closed_idle;
    drop(which);
  }
}

void server::on_listener(link& listener) {
  for (;;) {
    const int socket = ::accept4(listener.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++seen.accepted;
    auto made = std::make_unique<link>();
    made->socket = socket;
    made->is_sink = listener.what == kind::sink_listener;
    if (!made->is_sink) made->number = number_of(socket);
    made->last_used = steady::now();
    if (!made->is_sink) {
      made->ssl = SSL_new(tls_);
      SSL_set_fd(made->ssl, socket);
      SSL_set_accept_state(made->ssl);
    }
    // Edge-triggered: read until it would block.
    watch(*made, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP);
    links_[socket] = std::move(made);
  }
}

void server::drop(link& which) {
  const int socket = which.socket;
  if (which.established) --live;
  if (which.ssl != nullptr) SSL_free(which.ssl);
  ERR_clear_error();
  ::close(socket);
  links_.erase(socket);
}

void server::drop_all() {
  std::vector<int> lost;
  for (const auto& [socket, each] : links_)
    if (each->what == kind::connection && !each->is_sink) lost.push_back(socket);
  for (const int socket : lost) drop(*links_.at(socket));
}

bool server::shake(link& which) {
  const int done = SSL_do_handshake(which.ssl);
  if (done == 1) {
    which.established = true;
    ++live;
    ++seen.handshakes;
    if (SSL_session_reused(which.ssl) == 1) ++seen.resumed;
    return true;
  }
  const int why = SSL_get_error(which.ssl, done);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
  ++seen.failed;
  drop(which);
  return false;
}

// False when the connection is gone.
bool server::read_some(link& which) {
  std::array<char, read_size> buffer{};
  for (;;) {
    long got = 0;
    bool dry = false;
    if (which.ssl != nullptr) {
      got = SSL_read(which.ssl, buffer.data(), static_cast<int>(buffer.size()));
      const int why = got > 0 ? SSL_ERROR_NONE : SSL_get_error(which.ssl, static_cast<int>(got));
      dry = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    } else {
      got = ::recv(which.socket, buffer.data(), buffer.size(), 0);
      dry = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    if (dry) return true;
    if (got <= 0) {
      if (!which.in.empty() || !which.out.empty()) ++seen.failed;
      drop(which);
      return false;
    }
    which.in.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void server::on_readable(link& which) {
  const int socket = which.socket;
  ERR_clear_error();
  which.last_used = steady::now();
  if (which.ssl != nullptr && !which.established && !shake(which)) return;
  if (!links_.contains(socket) || !flush(which) || !read_some(which)) return;
  answer_all(which);
  flush(which);
}

bool server::flush(link& which) {
  while (which.sent < which.out.size()) {
    const char* from = which.out.data() + which.sent;
    const std::size_t left = which.out.size() - which.sent;
    const long put = which.ssl != nullptr ? SSL_write(which.ssl, from, static_cast<int>(left))
                                          : ::send(which.socket, from, left, MSG_NOSIGNAL);
    if (put <= 0) return true; // told again when it is writable, or readable at its end
    which.sent += static_cast<std::size_t>(put);
  }
  which.out.clear();
  which.sent = 0;
  return true;
}

void server::answer_all(link& which) {
  for (;;) {
    const std::size_t end = which.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view head(which.in.data(), end + 2);
    const std::size_t whole = end + 4 + length_of(head);
    if (which.in.size() < whole) return;
    if (which.is_sink)
      receive(which, head, std::string_view(which.in).substr(end + 4, whole - end - 4));
    else
      answer(which, head);
    which.in.erase(0, whole);
  }
}

void server::receive(link& which, std::string_view head, std::string_view body) {
  const std::string_view target = head.substr(head.find(' ') + 1);
  hits.push_back({micros_now(), std::string(header(head, "webhook-id:")),
                  std::string(target.substr(0, target.find(' '))), std::string(body)});
  which.out += "HTTP/1.1 204 No Content\r\n\r\n";
}

void server::respond(link& which, std::string_view status, std::string_view type) {
  fmt::format_to(std::back_inserter(which.out), "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n", status,
                 type, body_.size());
  which.out += body_;
}

void server::answer(link& which, std::string_view head) {
  pbx& of = pbxes[which.number];
  ++turn_;
  body_.clear();
  const std::string_view target = head.substr(head.find(' ') + 1);
  if (target.starts_with("/metrics")) {
    ++seen.scrapes;
    of.left = every_list;
    bodies_.metrics(body_, of.shown, turn_);
    return respond(which, "200 OK", "text/plain; version=0.0.4");
  }
  if (target.starts_with("/connect/token")) {
    ++seen.tokens;
    bodies::token(body_, of.shown);
    return respond(which, "200 OK", "application/json");
  }
  if (!write_list(of, target)) {
    ++seen.refused;
    return respond(which, "404 Not Found", "application/json");
  }
  ++seen.gets;
  respond(which, "200 OK", "application/json; odata.metadata=minimal");
}

// False when there is no such list.
bool server::write_list(pbx& of, std::string_view target) {
  const auto note = [&of](list which) { of.left |= static_cast<std::uint8_t>(which); };
  if (target.starts_with("/xapi/v1/Trunks")) {
    bodies_.trunks(body_, of.shown, turn_);
    note(list::trunks);
    if (of.marked) of.answered.push_back(micros_now());
  } else if (target.starts_with("/xapi/v1/Sbcs")) {
    bodies::sbcs(body_, of.shown, turn_);
    note(list::sbcs);
  } else if (target.starts_with("/xapi/v1/SystemStatus")) {
    bodies::system_status(body_, of.shown, turn_);
    note(list::system_status);
  } else if (target.starts_with("/xapi/v1/Services")) {
    bodies::services(body_, of.shown, turn_);
    note(list::services);
  } else {
    return false;
  }
  return true;
}

} // namespace ringdown::bench
