#include "actors/net/client_exchange.hpp"

#include "actors/net/boot_clock.hpp"
#include "actors/net/http_text.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringdown::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 16UL * 1024; // a TLS record

wall_time wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

} // namespace

exchange::exchange(std::shared_ptr<client_core> core, std::shared_ptr<client_lane> lane,
                   std::vector<http_request> requests, clock::time_point started)
    : waiting(core->io),
      core_(std::move(core)),
      lane_(std::move(lane)),
      requests_(std::move(requests)),
      started_(started),
      deadline_(core_->io),
      signal_(core_->io) {
  signal_.expires_at(clock::time_point::max());
}

void exchange::start(const finished& done_with) {
  // Nothing below throws but for want of memory, which ends the process: a lost completion would be worse.
  asio::co_spawn(core_->io, run(), [self = shared_from_this(), done_with](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    self->deadline_.cancel();
    self->link_.reset();
    self->let_go();
    done_with(self, std::move(self->outcomes_));
  });
}

void exchange::cancel() {
  cancelled_ = true;
  wake();
}

exchange::clock::time_point exchange::start_by() const {
  const auto end = started_ + request().timeout;
  if (!request().send_by) return end;
  return std::min(end, clock::now() + (*request().send_by - boot_now()));
}

std::vector<http_outcome> exchange::not_started(transport_error error) const {
  std::vector<http_outcome> only(1);
  http_outcome& outcome = only.front();
  const bool late = error == transport_error::overloaded && request().send_by && boot_now() > *request().send_by;
  outcome.error = late ? transport_error::too_late : error;
  outcome.detail = late ? "the time to send by passed in the queue" : "it had not been its turn";
  outcome.elapsed = std::chrono::duration_cast<duration>(clock::now() - started_);
  return only;
}

void exchange::arm(clock::time_point until) {
  armed_until_ = std::min(until, started_ + request().timeout);
  timed_out_ = false;
  if (armed_until_ < watched_until_) watch_deadline();
}

// Deadlines mostly move away before they come: the timer is set anew only when it rings, or is wanted earlier.
void exchange::watch_deadline() {
  watched_until_ = armed_until_;
  deadline_.expires_at(watched_until_);
  deadline_.async_wait([weak = weak_from_this(), until = watched_until_](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || until != self->watched_until_) return;
    if (clock::now() < self->armed_until_) return self->watch_deadline();
    self->watched_until_ = clock::time_point::max();
    self->timed_out_ = true;
    self->wake();
  });
}

void exchange::wake() {
  if (link_ && stopped()) link_->abort();
  signal_.cancel();
}

// Returns at each wake(); whoever naps looks around and naps again.
asio::awaitable<void> exchange::nap() {
  boost::system::error_code ignored;
  co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void exchange::fail(transport_error error, std::string detail) {
  outcome_.error = error;
  outcome_.detail = std::move(detail);
}

void exchange::fail_stopped(transport_error when_timed_out) {
  if (cancelled_)
    fail(transport_error::cancelled, "cancelled");
  else
    fail(when_timed_out, "no answer in time");
}

// Being stopped explains any trouble: abort() causes it.
void exchange::check(const maybe_trouble& trouble, transport_error when_timed_out) {
  if (stopped())
    fail_stopped(when_timed_out);
  else if (trouble)
    fail(trouble->error, trouble->detail);
}

bool exchange::prepare() {
  auto url = parse_url(request().url);
  if (!url) {
    fail(transport_error::malformed, url.error().detail);
    return false;
  }
  url_ = std::move(url).value();
  auto text = write_request(request(), url_, core_->options.user_agent);
  if (!text) {
    fail(transport_error::malformed, text.error().detail);
    return false;
  }
  text_ = std::move(text).value();
  outcome_.host = url_.host;
  key_ = {url_.scheme, url_.host, url_.port, request().connect_to, request().tls, request().egress};
  return true;
}

asio::awaitable<void> exchange::run() {
  for (;;) {
    co_await make_request();
    outcome_.elapsed = std::chrono::duration_cast<duration>(clock::now() - started_);
    const bool next = goes_on();
    outcomes_.push_back(std::exchange(outcome_, http_outcome()));
    if (!next) co_return;
    ++position_;
    started_ = clock::now();
  }
}

bool exchange::goes_on() const {
  return position_ + 1 < requests_.size() && outcome_.response && outcome_.response->status == 200 && !cancelled_ &&
         !lane_->closed();
}

asio::awaitable<void> exchange::make_request() {
  if (cancelled_) {
    fail_stopped(transport_error::timeout);
    co_return;
  }
  const endpoint_key before = key_;
  if (!prepare()) co_return;
  if (take_link(before)) {
    reused_ = true;
    arm(clock::time_point::max());
    const verdict ended = co_await converse();
    if (ended == verdict::finished) co_return;
    link_.reset();
    fail(transport_error::none, "");
  }
  reused_ = false;
  co_await open();
  if (outcome_.error == transport_error::none) co_await converse();
}

// The connection that the request before left in our hands, or one that the lane keeps.
bool exchange::take_link(const endpoint_key& before) {
  if (link_ && !(before == key_)) give_back(before);
  if (link_ && link_->has_unread()) link_.reset();
  if (!link_) link_ = lane_->take(key_);
  if (link_) hold();
  return link_ != nullptr;
}

asio::awaitable<void> exchange::open() {
  outcome_.stage = http_stage::resolve;
  let_go();
  lane_->make_room();
  hold();
  arm(clock::now() + request().connect_timeout);
  std::string host = url_.host;
  auto port = static_cast<std::uint16_t>(url_.port);
  if (!request().connect_to.empty()) {
    const auto instead = parse_host_and_port(request().connect_to);
    if (!instead) {
      fail(transport_error::dns, "connect_to: " + instead.error().detail);
      co_return;
    }
    host = instead->host;
    port = instead->port.value_or(port);
  }
  const auto found = co_await find_addresses(host);
  if (!found) co_return;
  for (const ip_address& each : *found) {
    if (core_->guard.permits(each, request().egress)) continue;
    fail(transport_error::refused_address, to_string(each) + " is not an address to connect to ([egress] allow)");
    co_return;
  }
  const bool connected = co_await connect(*found, port);
  if (connected && url_.scheme == "https") co_await secure();
}

asio::awaitable<std::optional<addresses>> exchange::find_addresses(std::string host) {
  if (const auto literal = parse_address(host)) co_return addresses{*literal};
  resolved_.reset();
  core_->names->resolve(host, [core = std::weak_ptr(core_), weak = weak_from_this()](result<addresses> found) {
    const auto alive = core.lock();
    if (!alive) return;
    asio::post(alive->io, [weak, found = std::move(found)]() mutable {
      const auto self = weak.lock();
      if (!self) return;
      self->resolved_ = std::move(found);
      self->wake();
    });
  });
  while (!resolved_ && !stopped()) co_await nap();
  if (stopped()) {
    fail_stopped(transport_error::dns);
    co_return std::nullopt;
  }
  if (!*resolved_) {
    fail(transport_error::dns, fmt::format("{}: {}", host, resolved_->error().detail));
    co_return std::nullopt;
  }
  co_return std::move(*resolved_).value();
}

// In the order given, each with its share of the time that is left, so that one dead address (IPv6 without a route
// back) does not use up the whole of it.
asio::awaitable<bool> exchange::connect(addresses candidates, std::uint16_t port) {
  outcome_.stage = http_stage::connect;
  const auto limit = armed_until_;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto now = clock::now();
    arm(now + (limit - now) / static_cast<int>(candidates.size() - i));
    link_ = std::make_shared<connection>(core_->io);
    const maybe_trouble trouble = co_await link_->connect(candidates[i], port);
    if (!trouble && !stopped()) {
      fail(transport_error::none, "");
      co_return true;
    }
    check(trouble, transport_error::connect_timeout);
    outcome_.detail = fmt::format("{} port {}: {}", to_string(candidates[i]), port, outcome_.detail);
    if (cancelled_ || clock::now() >= limit) co_return false;
  }
  co_return false;
}

asio::awaitable<bool> exchange::secure() {
  outcome_.stage = http_stage::tls;
  arm(clock::time_point::max());
  const auto turn = core_->gate->ask(core_->io, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
  while (!turn->granted() && !stopped()) co_await nap();
  if (stopped()) {
    fail_stopped(transport_error::overloaded);
    co_return false;
  }
  link_->expected.slot = lane_->session_for(key_);
  auto ssl = core_->tls.open(request().tls, url_.host, link_->expected);
  if (!ssl) {
    fail(transport_error::tls_other, ssl.error().detail);
    co_return false;
  }
  const maybe_trouble trouble = co_await link_->handshake(std::move(ssl).value());
  turn->give_back();
  check(trouble, transport_error::timeout);
  // A resumed session was judged when it began, maybe before its certificate ended.
  const auto expires = link_->certificate_expires();
  if (outcome_.error == transport_error::none && link_->resumed() && request().tls.pin.empty() && expires &&
      *expires < wall_now())
    fail(transport_error::tls_expired, "certificate has expired");
  if (outcome_.error != transport_error::none) link_->expected.slot->session.reset();
  co_return outcome_.error == transport_error::none;
}

asio::awaitable<exchange::verdict> exchange::converse() {
  outcome_.stage = http_stage::send;
  arm(clock::time_point::max());
  if (request().send_by && boot_now() > *request().send_by) {
    fail(transport_error::too_late, "the time to send by has passed");
    co_return verdict::finished;
  }
  outcome_.sent = true;
  const maybe_trouble trouble = co_await link_->write(text_);
  if (!trouble) outcome_.stage = http_stage::receive;
  response_reader reader(request().response_limit);
  // Even a peer that stops reading may have answered already.
  co_await read_answer(reader, trouble);
  const bool stale = reused_ && outcome_.error == transport_error::reset && !reader.got_some();
  co_return stale&& request().method == http_method::get ? verdict::stale : verdict::finished;
}

asio::awaitable<void> exchange::read_answer(response_reader& reader, maybe_trouble write_trouble) {
  std::array<char, read_size> buffer;
  for (;;) {
    if (stopped()) {
      fail_stopped(transport_error::timeout);
      co_return;
    }
    const result<std::size_t> got = co_await link_->read(buffer);
    if (stopped()) continue;
    auto state = response_reader::state::cut_off;
    if (got) state = *got > 0 ? reader.feed({buffer.data(), *got}) : reader.end_of_stream();
    switch (state) {
      case response_reader::state::wants_more: continue;
      case response_reader::state::done:
        accept(reader, write_trouble ? after_answer::close : after_answer::keep);
        co_return;
      case response_reader::state::malformed: fail(transport_error::malformed, reader.detail()); co_return;
      case response_reader::state::too_large: fail(transport_error::too_large, reader.detail()); co_return;
      case response_reader::state::cut_off:
        fail(transport_error::reset, !got            ? got.error().detail
                                     : write_trouble ? write_trouble->detail
                                                     : "closed before the whole response was there");
        co_return;
    }
  }
}

void exchange::accept(response_reader& reader, after_answer then) {
  const bool keep = then == after_answer::keep && reader.may_keep_connection();
  outcome_.response = reader.take();
  outcome_.response->certificate_expires = link_->certificate_expires();
  outcome_.stage = http_stage::receive;
  if (!keep) link_.reset();
  if (link_ && !goes_on()) give_back(key_);
}

void exchange::give_back(const endpoint_key& key) {
  let_go();
  lane_->keep(std::move(link_), key);
}

void exchange::hold() {
  if (!std::exchange(holding_, true)) ++lane_->in_use;
}

void exchange::let_go() {
  if (std::exchange(holding_, false)) --lane_->in_use;
}

} // namespace ringdown::net
