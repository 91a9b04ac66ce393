#include "test/simulation/simulated_mail.hpp"

#include "bin/ringdown-sim/mail_text.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant way = 40ms; // there, and back again

mail_outcome answered(int code) {
  mail_outcome made;
  made.code = code;
  return made;
}

mail_outcome failed(transport_error error, bool maybe_taken) {
  mail_outcome made;
  made.error = error;
  made.maybe_taken = maybe_taken;
  made.detail = std::string(name(error));
  return made;
}

// "channel/t01/mail-t01"
std::pair<tenant_id, channel_id> owner_of(const std::string& lane) {
  const std::size_t first = lane.find('/');
  const std::size_t last = lane.rfind('/');
  if (first == std::string::npos || last <= first) throw std::logic_error("a lane of nobody: " + lane);
  return {tenant_id(lane.substr(first + 1, last - first - 1)), channel_id(lane.substr(last + 1))};
}

} // namespace

void simulated_mail::serve(std::shared_ptr<process> next) {
  process_ = std::move(next);
  under_way_.clear();
  beginning_.clear();
}

std::uint64_t simulated_mail::send(const net::lane& on, mail_request request, net::mail_completion done) {
  const std::uint64_t ticket = ++tickets_;
  if (process_->dead() || !process_->may_send()) return ticket;
  auto [tenant, channel] = owner_of(on.name);
  const delivery_id row = beginning_[channel];
  if (may_act_ && !may_act_()) {
    under_way_.emplace(
        ticket, posted{std::move(done), request.timeout, effect{tenant, channel, row, "", "", "", false, false}});
    end_after(ticket, {}, failed(transport_error::too_late, false));
    return ticket;
  }
  told_.write(time_.now(), attempt_begun{tenant, channel, row, ticket});
  const auto read = sim::understand_mail(request.text);
  const auto field = [&](std::string_view key) { return std::string(header(read.headers, key).value_or("")); };
  const bool repeat = read.text.find("Possible repeat") != std::string::npos;
  effect what{tenant, channel, row, field("Message-ID"), field("X-Ringdown-Event"), field("Subject"), repeat, false};
  under_way_.emplace(ticket, posted{std::move(done), request.timeout, std::move(what)});
  time_.after(way, [this, ticket] { arrive(ticket); });
  process_->sent();
  return ticket;
}

void simulated_mail::arrive(std::uint64_t ticket) {
  const auto at = under_way_.find(ticket);
  if (at == under_way_.end()) return;
  const instant for_ever = at->second.timeout;
  switch (server_.is()) {
    case mood::hung: return end_after(ticket, for_ever, failed(transport_error::timeout, false));
    case mood::failing: return end_after(ticket, way, answered(451));
    case mood::refusing: return end_after(ticket, way, answered(550));
    case mood::unreachable: return end_after(ticket, way, failed(transport_error::connect_refused, false));
    default: break;
  }
  told_.write(time_.now(), at->second.what);
  if (server_.is() == mood::forgetful) return end_after(ticket, for_ever, failed(transport_error::timeout, true));
  end_after(ticket, way, answered(250));
}

void simulated_mail::end_after(std::uint64_t ticket, instant span, mail_outcome outcome) {
  time_.after(span, [this, ticket, outcome = std::move(outcome)]() mutable { complete(ticket, std::move(outcome)); });
}

void simulated_mail::complete(std::uint64_t ticket, mail_outcome outcome) {
  auto done = under_way_.extract(ticket);
  if (done.empty() || process_->dead()) return;
  told_.write(time_.now(), attempt_ended{done.mapped().what.row, ticket});
  done.mapped().done(std::move(outcome));
}

void simulated_mail::cancel(std::uint64_t ticket) {
  if (!under_way_.contains(ticket)) return;
  time_.after({}, [this, ticket] { complete(ticket, failed(transport_error::cancelled, true)); });
}

} // namespace ringdown::simulation
