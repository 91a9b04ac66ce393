#include "actors/pbx_conversation.hpp"

#include "protocol/wire/pbx/xapi_auth.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

// The PBX blacklists an address after more than three wrong logins (3CX anti-hacking): we stop one short of three.
constexpr std::uint32_t most_failures = 2;

// A token is renewed this long before it ends, so that none ends between two reads of one poll; short-lived ones
// (60 s on 20.0.8) at four fifths of their life.
duration margin_of(duration life) { return std::min<duration>(std::chrono::seconds(10), life / 5); }

// What says that no other read of this host can fare better now.
bool is_whole_host(const read_failure& why) {
  if (why.problem != read_problem::transport) return false;
  switch (why.transport) {
    case transport_error::dns:
    case transport_error::refused_address:
    case transport_error::connect_refused:
    case transport_error::connect_timeout:
    case transport_error::unreachable:
    case transport_error::tls_untrusted:
    case transport_error::tls_name:
    case transport_error::tls_expired:
    case transport_error::tls_pin:
    case transport_error::tls_other:
    case transport_error::cancelled:
    case transport_error::overloaded: return true;
    case transport_error::none:
    case transport_error::reset:
    case transport_error::timeout:
    case transport_error::malformed:
    case transport_error::too_large:
    case transport_error::too_late: return false;
  }
  return false;
}

// Telemetry is sampled every two minutes: so many polls are asked for a row younger than the failure.
constexpr int most_uptime_tries = 3;
// A row of the future is one of a wrong clock.
constexpr auto clock_tolerance = std::chrono::seconds(5);

std::size_t index(endpoint which) { return static_cast<std::size_t>(which); }

bool read_anything(const observation& seen) {
  return seen.trunks.ok() || seen.sbcs.ok() || seen.system.ok() || seen.services.ok();
}

bool all_answered(const observation& seen) {
  const auto answered = [](const auto& part) { return part.ok() || part.why.problem != read_problem::transport; };
  return answered(seen.trunks) && answered(seen.sbcs) && answered(seen.system) && answered(seen.services);
}

bool is_outage(const read_failure& why) {
  return why.problem == read_problem::transport || why.problem == read_problem::server_error ||
         why.problem == read_problem::not_json;
}

} // namespace

pbx_conversation::pbx_conversation(instance_config config, duration connect_timeout, duration timeout)
    : config_(std::move(config)),
      target_(wire::pbx::target_of(config_, connect_timeout, timeout)),
      connect_timeout_(connect_timeout),
      timeout_(timeout) {}

bool pbx_conversation::configure(instance_config config) {
  const bool another = config.url != config_.url || config.address != config_.address ||
                       config.client_id != config_.client_id || config.secret != config_.secret;
  config_ = std::move(config);
  target_ = wire::pbx::target_of(config_, connect_timeout_, timeout_);
  if (!another) return false;
  token_.reset();
  step_ = step::idle;
  pages_.clear();
  paged_ = false;
  fields_ = {};
  version_.clear();
  uptime_tries_ = 0;
  seen_ = {};
  // Other credentials deserve their own tries.
  budget_ = {};
  budget_changed_ = true;
  return true;
}

bool pbx_conversation::take_budget_change() { return std::exchange(budget_changed_, false); }

std::optional<http_request> pbx_conversation::start(moment now, std::optional<endpoint> awaited) {
  if (awaited && all_answered_) ask_last(*awaited);
  seen_ = {};
  seen_.started = now;
  renewed_ = false;
  pages_.clear();
  position_ = 0;
  remaining_ = order_.size();
  answered_ = false;
  refused_ = false;
  if (!token_ || now.steady >= renew_at_) {
    if (!login_is_paused(now)) return ask_token(now);
    // A PBX that went down meanwhile must not hide behind our silence.
    note_pause();
    step_ = step::front;
    return wire::pbx::front_page(target_);
  }
  step_ = step::reading;
  return ask_endpoint();
}

bool pbx_conversation::login_is_paused(moment now) const {
  return budget_.failures >= most_failures && budget_.paused_until && now.wall < *budget_.paused_until;
}

void pbx_conversation::note_pause() {
  token_.reset();
  seen_.login_paused = true;
  seen_.login = read_failure{read_problem::unauthorized,
                             transport_error::none,
                             0,
                             "no login is tried until " + rfc3339(*budget_.paused_until),
                             {}};
  step_ = step::idle;
}

std::optional<http_request> pbx_conversation::ask_token(moment now) {
  token_.reset();
  untried_ = budget_;
  untried_changed_ = budget_changed_;
  // After a failure the next try is counted before it is made: a crash in the middle must not cost a third one.
  if (budget_.failures > 0) login_failed(now);
  step_ = step::token;
  return wire::pbx::token_request(target_);
}

void pbx_conversation::withhold_login() {
  budget_ = untried_;
  budget_changed_ = untried_changed_;
  step_ = step::idle;
}

void pbx_conversation::login_failed(moment now) {
  ++budget_.failures;
  budget_changed_ = true;
  if (budget_.failures >= most_failures) budget_.paused_until = now.wall + config_.times.login_pause;
}

std::optional<http_request> pbx_conversation::on(const std::shared_ptr<const http_outcome>& outcome, moment now) {
  if (outcome->response && outcome->response->certificate_expires)
    seen_.certificate_expires = outcome->response->certificate_expires;
  switch (step_) {
    case step::idle: return std::nullopt; // of a poll that was given up
    case step::token: return on_token(*outcome, now);
    case step::reading: return on_page(outcome, now);
    case step::front: seen_.unanswered = wire::pbx::front_page_failure(*outcome, now.wall); break;
    case step::uptime: take_uptime(*outcome, now); break;
  }
  step_ = step::idle;
  return std::nullopt;
}

std::optional<http_request> pbx_conversation::on_token(const http_outcome& outcome, moment now) {
  auto answer = wire::pbx::read_token(outcome, now.wall);
  if (!answer.ok()) {
    if (wire::pbx::is_wrong_login(answer.why) && budget_.failures == 0) {
      login_failed(now);
    } else if (wire::pbx::is_unjudged_login(outcome) && budget_.failures > 0) {
      // Counted ahead, but the PBX never judged it: give the try back.
      --budget_.failures;
      budget_.paused_until.reset();
      budget_changed_ = true;
    }
    seen_.login = std::move(answer.why);
    step_ = step::idle;
    return std::nullopt;
  }
  if (budget_.failures > 0) {
    budget_ = {};
    budget_changed_ = true;
  }
  const duration life = std::max<duration>(answer.value->expires - now.wall, duration{});
  renew_at_ = now.steady + std::chrono::duration_cast<std::chrono::nanoseconds>(life - margin_of(life));
  token_ = std::move(answer.value->value);
  step_ = step::reading;
  return ask_endpoint();
}

http_request pbx_conversation::ask_endpoint() const {
  const auto fields = refused_ ? wire::pbx::field_set::older : fields_[index(asked())];
  return wire::pbx::request_for(asked(), target_, *token_, fields);
}

std::vector<http_request> pbx_conversation::ahead() const {
  std::vector<http_request> rest;
  if (step_ != step::reading || refused_ || !pages_.empty() || paged_) return rest;
  rest.reserve(remaining_);
  for (std::size_t next = position_ + 1; next < position_ + remaining_; ++next)
    rest.push_back(wire::pbx::request_for(order_[next], target_, *token_, fields_[index(order_[next])]));
  return rest;
}

std::optional<http_request> pbx_conversation::on_page(const std::shared_ptr<const http_outcome>& page, moment now) {
  pages_.push_back(page);
  const int status = page->response ? page->response->status : 0;
  // Another client took the single token, or it ended early: renew once, ask once more (D-03).
  if (status == 401 && !renewed_) {
    renewed_ = true;
    pages_.clear();
    if (!login_is_paused(now)) return ask_token(now);
    note_pause();
    return std::nullopt;
  }
  // An older build does not know all fields: 400 is our query, not its fault. Ask for the older ones, and remember when
  // those were what it wanted: a 400 may have other reasons.
  auto& fields = fields_[index(asked())];
  if (status == 400 && fields == wire::pbx::field_set::current && !refused_) {
    refused_ = true;
    pages_.clear();
    return ask_endpoint();
  }
  if (status == 200 && refused_) fields = wire::pbx::field_set::older;
  if (auto more = wire::pbx::next_page(pages_, target_, *token_)) {
    paged_ = true;
    return more;
  }
  read_all(now);
  return after_endpoint();
}

void pbx_conversation::read_all(moment now) {
  switch (asked()) {
    case endpoint::trunks: seen_.trunks = wire::pbx::read_trunks(pages_, now.wall); break;
    case endpoint::sbcs: seen_.sbcs = wire::pbx::read_sbcs(pages_, now.wall); break;
    case endpoint::system_status:
      seen_.system = wire::pbx::read_system(*pages_.front(), now.wall);
      note_version();
      break;
    case endpoint::services: seen_.services = wire::pbx::read_services(pages_, now.wall); break;
  }
  pages_.clear();
}

// Another build may know the newer fields.
void pbx_conversation::note_version() {
  if (!seen_.system.ok() || seen_.system.value->version.empty() || seen_.system.value->version == version_) return;
  if (!version_.empty()) fields_ = {};
  version_ = seen_.system.value->version;
}

std::optional<http_request> pbx_conversation::after_endpoint() {
  const read_failure why = failure_of(asked());
  const bool refused = why.problem == read_problem::unauthorized;
  if (refused) token_.reset();
  const bool hung = why.problem == read_problem::transport && why.transport == transport_error::timeout;
  const bool over = refused || is_whole_host(why) || (hung && !answered_);
  answered_ = answered_ || why.problem != read_problem::transport;
  const endpoint done = asked();
  if (over) fail_rest(why);
  --remaining_;
  refused_ = false;
  if (hung)
    ask_last(done);
  else
    ++position_;
  if (!over && remaining_ > 0) return ask_endpoint();
  step_ = step::idle;
  return over ? std::nullopt : ask_uptime();
}

std::optional<http_request> pbx_conversation::ask_uptime() {
  if (uptime_tries_ == 0 || !token_ || !read_anything(seen_)) return std::nullopt;
  step_ = step::uptime;
  return wire::pbx::uptime_request(target_, *token_);
}

// A row older than the failure tells nothing of it: the next poll asks once more.
void pbx_conversation::take_uptime(const http_outcome& outcome, moment now) {
  const auto read = wire::pbx::read_uptime(outcome, now.wall);
  const bool stale = read.ok() && read.value->measured <= lost_at_;
  uptime_tries_ = stale ? uptime_tries_ - 1 : 0;
  if (!read.ok() || stale || read.value->measured > now.wall + clock_tolerance) return;
  seen_.uptime = read.value->up + std::max<duration>(now.wall - read.value->measured, duration{});
}

// Moves the rest up: the next to be asked now stands at the same position.
void pbx_conversation::ask_last(endpoint which) {
  std::rotate(std::ranges::find(order_, which), std::ranges::find(order_, which) + 1, order_.end());
}

read_failure& pbx_conversation::failure_of(endpoint which) {
  switch (which) {
    case endpoint::trunks: return seen_.trunks.why;
    case endpoint::sbcs: return seen_.sbcs.why;
    case endpoint::system_status: return seen_.system.why;
    case endpoint::services: return seen_.services.why;
  }
  return seen_.services.why;
}

void pbx_conversation::fail_rest(const read_failure& why) {
  for (std::size_t next = position_ + 1; next < order_.size(); ++next) failure_of(order_[next]) = why;
}

observation pbx_conversation::finished(moment now) {
  seen_.finished = now;
  const auto& why = seen_.login ? *seen_.login : seen_.trunks.why;
  if (seen_.unanswered || (!read_anything(seen_) && is_outage(why))) {
    lost_at_ = now.wall;
    uptime_tries_ = most_uptime_tries;
  }
  all_answered_ = all_answered(seen_);
  return std::exchange(seen_, observation{});
}

} // namespace ringdown
