#include "test/simulation/simulated_http.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

http_outcome failed(transport_error error, http_stage stage, bool sent) {
  http_outcome made;
  made.error = error;
  made.stage = stage;
  made.sent = sent;
  made.detail = std::string(name(error));
  return made;
}

http_outcome answered(http_response what) {
  http_outcome made;
  made.response = std::move(what);
  made.stage = http_stage::receive;
  made.sent = true;
  return made;
}

http_stage stage_of(transport_error error) {
  const bool connecting = error == transport_error::connect_refused || error == transport_error::connect_timeout;
  return connecting ? http_stage::connect : http_stage::tls;
}

http_response response_of(const sim::answer& said) {
  http_response made;
  made.status = said.status;
  made.headers = said.headers;
  made.headers.emplace_back("Content-Type", said.content_type);
  if (said.body) made.body = *said.body;
  return made;
}

} // namespace

void simulated_http::serve(std::shared_ptr<process> next) {
  process_ = std::move(next);
  under_way_.clear();
  current_ = {};
}

std::uint64_t simulated_http::send(const net::lane& on, http_request request, net::http_completion done) {
  const std::uint64_t ticket = ++tickets_;
  if (process_->dead()) return ticket;
  const auto to = providers_.find(on.name);
  const subject what = std::exchange(current_, {});
  process_->pass(to == providers_.end() ? "pbx request" : "provider request");
  if (to != providers_.end() && to->second.poisonous) throw std::runtime_error("planted: a poisonous delivery");
  if (!process_->may_send()) return ticket;
  exchange made{std::move(request), std::move(done), nullptr, {}, time_.now()};
  if (to != providers_.end()) {
    made.to = &to->second;
    made.row = what.row;
  }
  if (made.to != nullptr && !is_late(made)) note_attempt(*made.to, what, ticket);
  under_way_.emplace(ticket, std::move(made));
  time_.after(chance_.between(2ms, 90ms), [this, ticket] { arrive(ticket); });
  process_->sent();
  return ticket;
}

// Past its time, or by whoever does not know any more whether it is theirs to send: reading a PBX is free to all (S-K2).
bool simulated_http::is_late(const exchange& what) const {
  if (what.request.send_by && time_.boot() > *what.request.send_by) return true;
  if (!may_act_ || may_act_()) return false;
  const auto parts = parse_url(what.request.url);
  return what.to != nullptr || (parts && asks_for_token(*parts));
}

// What is asked about a call that goes on is no attempt of a row.
void simulated_http::note_attempt(const far_end& to, const subject& what, std::uint64_t ticket) {
  if (what.row.empty()) return;
  if (what.begins)
    told_.write(time_.now(), attempt_begun{to.tenant, to.channel, what.row, ticket});
  else
    told_.write(time_.now(), attempt_went_on{what.row, ticket});
}

void simulated_http::arrive(std::uint64_t ticket) {
  const auto at = under_way_.find(ticket);
  if (at == under_way_.end() || at->second.arrived || at->second.over) return;
  exchange& what = at->second;
  what.arrived = true;
  if (is_late(what))
    complete(ticket, failed(transport_error::too_late, http_stage::send, false));
  else if (what.to != nullptr)
    arrive_at_provider(ticket, what);
  else
    arrive_at_pbx(ticket, what);
}

void simulated_http::arrive_at_pbx(std::uint64_t ticket, exchange& what) {
  const auto parts = parse_url(what.request.url);
  const auto met = parts ? pbxes_.reach(*parts, what.request, seat_) : std::nullopt;
  if (!met) return complete(ticket, failed(transport_error::dns, http_stage::resolve, false));
  const instant soon = chance_.between(1ms, 60ms);
  if (met->error != transport_error::none) {
    const bool slow = met->error == transport_error::connect_timeout;
    return end_after(ticket, what, slow ? instant(what.request.connect_timeout) : soon,
                     failed(met->error, stage_of(met->error), false));
  }
  const auto lost = failed(transport_error::reset, http_stage::receive, true);
  switch (met->said.then) {
    case sim::ending::keep:
    case sim::ending::stop: return end_after(ticket, what, soon + met->said.delay, answered(response_of(met->said)));
    case sim::ending::hang: return end_after(ticket, what, instant::max() / 4, lost);
    case sim::ending::reset:
    case sim::ending::drop:
    case sim::ending::truncate: return end_after(ticket, what, soon, lost);
  }
}

void simulated_http::take(const exchange& what, const std::optional<asked>& said) {
  effect made{what.to->tenant, what.to->channel, what.row, "", "", "", false, !said};
  if (said) {
    made.key = said->key;
    made.event = said->event;
    made.title = said->title;
    made.possible_repeat = said->possible_repeat;
  }
  told_.write(time_.now(), std::move(made));
}

void simulated_http::arrive_at_provider(std::uint64_t ticket, exchange& what) {
  provider& who = *what.to->who;
  who.about(what.row);
  auto reply = who.on(what.request, time_.truth(), chance_);
  if (reply.took && who.has_effect(what.request)) take(what, who.understand(what.request));
  switch (reply.how) {
    case reply::course::answered: return end_after(ticket, what, reply.after, answered(std::move(reply.what)));
    case reply::course::silent:
      return end_after(ticket, what, instant::max() / 4, failed(transport_error::timeout, http_stage::receive, true));
    case reply::course::reset:
      return end_after(ticket, what, reply.after, failed(transport_error::reset, http_stage::receive, true));
    case reply::course::no_connection:
      return end_after(ticket, what, reply.after, failed(transport_error::connect_refused, http_stage::connect, false));
    case reply::course::no_address:
      return end_after(ticket, what, reply.after, failed(transport_error::dns, http_stage::resolve, false));
  }
}

void simulated_http::end_after(std::uint64_t ticket, exchange& what, instant span, http_outcome outcome) {
  const instant limit = what.begun + what.request.timeout;
  const instant when = std::min(time_.now() + span, limit);
  if (when == limit && outcome.error != transport_error::connect_timeout)
    outcome = failed(transport_error::timeout, http_stage::receive, outcome.sent);
  what.over = true;
  time_.at(when, [this, ticket, outcome = std::move(outcome)]() mutable { complete(ticket, std::move(outcome)); });
}

void simulated_http::complete(std::uint64_t ticket, http_outcome outcome) {
  auto done = under_way_.extract(ticket);
  if (done.empty() || process_->dead()) return;
  exchange& what = done.mapped();
  outcome.elapsed = std::chrono::duration_cast<duration>(time_.now() - what.begun);
  if (!what.row.empty()) {
    told_.write(time_.now(), attempt_ended{what.row, ticket});
    outcome.detail = what.row.str(); // by it the channel's next request is known to be of the same row
  }
  what.done(std::move(outcome));
}

// What was on its way arrives at once or never, so that nothing is overtaken by its own repeat.
void simulated_http::cancel(std::uint64_t ticket) {
  const auto at = under_way_.find(ticket);
  if (at == under_way_.end() || process_->dead()) return;
  const bool on_its_way = !at->second.arrived;
  if (on_its_way && chance_.chance(50)) arrive(ticket);
  if (!under_way_.contains(ticket)) return;
  const bool sent = at->second.arrived;
  at->second.arrived = at->second.over = true;
  time_.after({},
              [this, ticket, sent] { complete(ticket, failed(transport_error::cancelled, http_stage::send, sent)); });
}

void simulated_http::close_lane(const std::string& /*lane_name*/) {}

} // namespace ringdown::simulation
