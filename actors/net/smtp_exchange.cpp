#include "actors/net/smtp_exchange.hpp"

#include "actors/net/boot_clock.hpp"

#include <fmt/format.h>

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace ringdown::net {

namespace {

constexpr std::size_t most_answered = 64UL << 10; // bytes of replies in all; a server needs about one thousand
constexpr int after_data = 354;                   // "go on": the answer to DATA, before the one to the final dot

struct free_curl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using curl_ptr = std::unique_ptr<CURL, free_curl>;
using list_ptr = std::unique_ptr<curl_slist, free_curl>;

long milliseconds_until(std::chrono::steady_clock::time_point when) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(when - std::chrono::steady_clock::now());
  return std::max<long>(left.count(), 1); // 0 would mean "for ever"
}

bool is_loopback(const ip_address& address) {
  static const ip_address loopback6 = parse_address("::1").value();
  return address.is_v4 ? address.bytes[12] == 127 : address == loopback6;
}

bool is_reply_line(std::string_view line) {
  return line.size() > 3 && std::ranges::all_of(line.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; });
}

// The last part of the path is how we name ourselves.
std::string url_of(const mail_request& request) {
  const bool address6 = request.host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}/{}", request.security == mail_security::implicit ? "smtps" : "smtp",
                     address6 ? "[" + request.host + "]" : request.host, request.port, percent_encode(request.ehlo));
}

// Whatever the name says, this address is the one connected to.
std::string pinned_to(const ip_address& address, int port) {
  return address.is_v4 ? fmt::format("::{}:{}", to_string(address), port)
                       : fmt::format("::[{}]:{}", to_string(address), port);
}

transport_error connect_error(CURL* handle) {
  long number = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
  if (number == ENETUNREACH || number == EHOSTUNREACH || number == ENETDOWN) return transport_error::unreachable;
  if (number == ETIMEDOUT) return transport_error::connect_timeout;
  return transport_error::connect_refused;
}

// X509_V_ERR_*: 9 not yet valid, 10 expired. A name that does not fit is no fault of the chain: its verdict is then 0 or
// "unspecified", as libcurl set it before.
transport_error certificate_error(CURL* handle) {
  long verdict = 0;
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
  if (verdict == 0 || verdict == 1) return transport_error::tls_name;
  return verdict == 9 || verdict == 10 ? transport_error::tls_expired : transport_error::tls_untrusted;
}

bool is_connected(CURL* handle) {
  curl_off_t after = 0;
  curl_easy_getinfo(handle, CURLINFO_CONNECT_TIME_T, &after);
  return after > 0;
}

transport_error error_of(CURL* handle, CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT: return connect_error(handle);
    case CURLE_OPERATION_TIMEDOUT:
      return is_connected(handle) ? transport_error::timeout : transport_error::connect_timeout;
    case CURLE_PEER_FAILED_VERIFICATION: return certificate_error(handle);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_USE_SSL_FAILED: return transport_error::tls_other;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_LOGIN_DENIED: return transport_error::malformed;
    default: return transport_error::reset;
  }
}

// Was it the server's reply that ended it? Otherwise the last one is of a step that went well.
bool is_decided_by_reply(CURLcode code) {
  return code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_REMOTE_ACCESS_DENIED ||
         code == CURLE_LOGIN_DENIED;
}

void say_where(CURL* handle, const mail_request& request, curl_slist* connect_to) {
  curl_easy_setopt(handle, CURLOPT_URL, url_of(request).c_str());
  curl_easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_PROXY, ""); // none from the environment
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
}

void say_how_it_is_secured(CURL* handle, const mail_request& request) {
  const bool plain = request.security == mail_security::none;
  curl_easy_setopt(handle, CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr); // that authority and no other
  }
}

void say_what_is_sent(CURL* handle, const mail_request& request, curl_slist* recipients) {
  if (!request.user.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, request.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, request.password.reveal().c_str());
  }
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, request.from.c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
  // Without a size given: libcurl then asks for more until there is none, which tells us when the final dot is next.
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
}

} // namespace

struct smtp_exchange::lookup {
  std::mutex guard;
  std::condition_variable news;
  std::optional<result<addresses>> found;
  bool stopped = false;
};

struct smtp_exchange::talk {
  talk(smtp_exchange& of, CURL* with, clock::time_point by) : self(of), handle(with), connected_by(by) {}

  smtp_exchange& self;
  CURL* const handle;
  const clock::time_point connected_by;
  std::size_t given = 0;    // bytes of the text handed to libcurl
  std::size_t answered = 0; // bytes of replies
  bool dotted = false;      // all was sent: the final dot is next
  bool unconnected = false; // connected_by had passed
  bool too_late = false;    // send_by had passed when the text was to begin
  std::string last_reply;   // its newest line

  static std::size_t read(char* into, std::size_t size, std::size_t count, void* of) {
    auto& t = *static_cast<talk*>(of);
    const std::string& text = t.self.request_.text;
    if (t.self.cancelled_ || t.self.overdue_) return CURL_READFUNC_ABORT;
    t.too_late = t.given == 0 && t.self.is_late();
    if (t.too_late) return CURL_READFUNC_ABORT;
    const std::size_t now = std::min(size * count, text.size() - t.given);
    text.copy(into, now, t.given);
    t.given += now;
    t.dotted = now == 0;
    return now;
  }

  static std::size_t hear(char* line, std::size_t size, std::size_t count, void* of) {
    auto& t = *static_cast<talk*>(of);
    const std::string_view heard(line, size * count);
    t.answered += heard.size();
    if (t.answered > most_answered) return 0;
    // After a refusal QUIT is said, and its answer decides nothing.
    if (is_reply_line(heard) && !heard.starts_with("221")) t.last_reply = heard.substr(0, 64);
    return heard.size();
  }

  static int go_on(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& t = *static_cast<talk*>(of);
    t.unconnected = clock::now() > t.connected_by && !is_connected(t.handle);
    return t.unconnected || t.self.cancelled_ || t.self.overdue_ ? 1 : 0;
  }

  static curl_socket_t open(void* of, curlsocktype, curl_sockaddr* to) {
    auto& self = *static_cast<smtp_exchange*>(of);
    const std::lock_guard lock(self.guard_);
    if (self.cancelled_ || self.overdue_) return CURL_SOCKET_BAD;
    self.socket_ = ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    return self.socket_;
  }

  static int close(void* of, curl_socket_t which) {
    auto& self = *static_cast<smtp_exchange*>(of);
    const std::lock_guard lock(self.guard_);
    if (self.socket_ == which) self.socket_ = -1;
    return ::close(which);
  }

  void attach() {
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, &talk::read);
    curl_easy_setopt(handle, CURLOPT_READDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &talk::hear);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &talk::go_on);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &talk::open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &self);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, &talk::close);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &self);
  }

  // The handle's end says QUIT and would wait two minutes for an answer nobody needs.
  void detach() {
    const std::lock_guard lock(self.guard_);
    if (self.socket_ >= 0) ::shutdown(self.socket_, SHUT_RD);
  }

  // Being stopped explains any trouble: it causes it.
  mail_outcome judge(CURLcode code) const {
    mail_outcome outcome;
    long reply = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
    outcome.detail = curl_easy_strerror(code);
    outcome.login_refused = code == CURLE_LOGIN_DENIED;
    const bool to_the_dot = dotted && reply != after_data;
    if (code == CURLE_OK || to_the_dot || (is_decided_by_reply(code) && reply >= 400)) {
      outcome.code = static_cast<int>(reply);
      outcome.enhanced = enhanced_code(last_reply);
      return outcome;
    }
    outcome.maybe_taken = dotted;
    if (too_late)
      outcome.error = transport_error::too_late;
    else if (self.cancelled_)
      outcome.error = transport_error::cancelled;
    else if (answered > most_answered)
      outcome.error = transport_error::too_large;
    else if (unconnected)
      outcome.error = transport_error::connect_timeout;
    else
      outcome.error = self.overdue_ ? transport_error::timeout : error_of(handle, code);
    return outcome;
  }
};

smtp_exchange::smtp_exchange(mail_request request, clock::time_point started)
    : request_(std::move(request)),
      started_(started),
      lookup_(std::make_shared<lookup>()) {}

smtp_exchange::~smtp_exchange() = default;

bool smtp_exchange::prepare() { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

bool smtp_exchange::is_late() const { return request_.send_by && boot_now() > *request_.send_by; }

smtp_exchange::clock::time_point smtp_exchange::start_by() const {
  if (!request_.send_by) return deadline();
  return std::min(deadline(), clock::now() + (*request_.send_by - boot_now()));
}

mail_outcome smtp_exchange::not_started(transport_error error) const {
  const bool late = error == transport_error::overloaded && is_late();
  return failed(late ? transport_error::too_late : error,
                late ? "the time to send by passed in the queue" : "it had not been its turn");
}

mail_outcome smtp_exchange::failed(transport_error error, std::string detail) const {
  mail_outcome outcome;
  outcome.error = error;
  outcome.detail = std::move(detail);
  outcome.elapsed = std::chrono::duration_cast<duration>(clock::now() - started_);
  return outcome;
}

void smtp_exchange::cancel() {
  cancelled_ = true;
  stop();
}

void smtp_exchange::cut() {
  overdue_ = true;
  stop();
}

void smtp_exchange::stop() {
  {
    const std::lock_guard lock(lookup_->guard);
    lookup_->stopped = true;
    lookup_->news.notify_all();
  }
  const std::lock_guard lock(guard_);
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

mail_outcome smtp_exchange::run(resolver& names, const egress_guard& guard) {
  addresses found;
  if (auto no = reason_not_to_begin(names, guard, found)) return std::move(*no);
  // In the order given, each with its share of the time, so that one dead address does not use up the whole of it.
  const auto limit = std::min(deadline(), clock::now() + request_.connect_timeout);
  mail_outcome outcome;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto now = clock::now();
    outcome = converse(found[i], now + (limit - now) / static_cast<int>(found.size() - i));
    outcome.detail = fmt::format("{} port {}: {}", to_string(found[i]), request_.port, outcome.detail);
    const bool another = outcome.error == transport_error::connect_refused ||
                         outcome.error == transport_error::connect_timeout ||
                         outcome.error == transport_error::unreachable;
    if (!another || clock::now() >= limit) break;
  }
  outcome.elapsed = std::chrono::duration_cast<duration>(clock::now() - started_);
  return outcome;
}

std::optional<mail_outcome> smtp_exchange::reason_not_to_begin(resolver& names, const egress_guard& guard,
                                                               addresses& found) {
  if (auto fault = fault_of(request_)) return failed(transport_error::malformed, std::move(*fault));
  auto answer = find_addresses(names);
  if (cancelled_) return failed(transport_error::cancelled, "cancelled");
  if (is_late()) return failed(transport_error::too_late, "the time to send by has passed");
  if (!answer) return failed(transport_error::dns, fmt::format("{}: {}", request_.host, answer.error().detail));
  found = std::move(answer).value();
  for (const ip_address& each : found) {
    if (!guard.permits(each, egress_class::channel))
      return failed(transport_error::refused_address,
                    to_string(each) + " is not an address to connect to ([egress] allow)");
    if (request_.security == mail_security::none && !request_.user.empty() && !is_loopback(each))
      return failed(transport_error::tls_other, "a login is not sent to another machine without TLS");
  }
  return std::nullopt;
}

result<addresses> smtp_exchange::find_addresses(resolver& names) {
  if (const auto literal = parse_address(request_.host)) return addresses{*literal};
  names.resolve(request_.host, [shared = lookup_](result<addresses> found) {
    const std::lock_guard lock(shared->guard);
    shared->found = std::move(found);
    shared->news.notify_all();
  });
  const auto until = std::min(deadline(), clock::now() + request_.connect_timeout);
  std::unique_lock lock(lookup_->guard);
  lookup_->news.wait_until(lock, until, [&] { return lookup_->found || lookup_->stopped; });
  if (lookup_->found) return std::move(*lookup_->found);
  return failure{failure_kind::timed_out, "no answer in time"};
}

mail_outcome smtp_exchange::converse(const ip_address& with, clock::time_point connected_by) {
  const std::string pinned = pinned_to(with, request_.port);
  const list_ptr connect_to(curl_slist_append(nullptr, pinned.c_str()));
  const list_ptr recipients(curl_slist_append(nullptr, request_.to.c_str()));
  CURL* const raw = curl_easy_init();
  talk t(*this, raw, connected_by);
  const curl_ptr handle(raw); // ends before what it calls
  if (!handle || !connect_to || !recipients) return failed(transport_error::overloaded, "no memory for libcurl");
  say_where(handle.get(), request_, connect_to.get());
  say_how_it_is_secured(handle.get(), request_);
  say_what_is_sent(handle.get(), request_, recipients.get());
  t.attach();
  // libcurl's own limit for connecting includes greeting and login, which may take their time.
  const long left = milliseconds_until(deadline());
  curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT_MS, left);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, left);
  mail_outcome outcome = t.judge(curl_easy_perform(handle.get()));
  t.detach();
  return outcome;
}

} // namespace ringdown::net
