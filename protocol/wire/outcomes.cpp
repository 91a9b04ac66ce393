#include "protocol/wire/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::wire {

namespace {

std::string answer_text(int status, std::string_view note) {
  return note.empty() ? fmt::format("HTTP {}", status) : fmt::format("HTTP {}: {}", status, note);
}

// What the code means, where words say more than it does.
std::string meaning_of(transport_error error, std::string_view host) {
  switch (error) {
    case transport_error::dns: return fmt::format("cannot look up {}", host);
    case transport_error::connect_refused: return fmt::format("{} refuses the connection", host);
    case transport_error::connect_timeout: return fmt::format("{} does not take the connection", host);
    case transport_error::unreachable: return fmt::format("there is no way to {}", host);
    case transport_error::tls_untrusted: return fmt::format("the certificate of {} is signed by nobody trusted", host);
    case transport_error::tls_name: return fmt::format("the certificate shown is not for {}", host);
    case transport_error::tls_expired: return fmt::format("the certificate of {} is not valid now", host);
    case transport_error::tls_pin: return fmt::format("the certificate of {} is not the pinned one", host);
    case transport_error::reset: return fmt::format("{} closed the connection", host);
    case transport_error::timeout: return fmt::format("{} did not answer in time", host);
    case transport_error::malformed: return fmt::format("what {} speaks is not understood", host);
    case transport_error::none:
    case transport_error::refused_address:
    case transport_error::tls_other:
    case transport_error::too_large:
    case transport_error::too_late:
    case transport_error::cancelled:
    case transport_error::overloaded: return {};
  }
  return {};
}

} // namespace

std::string no_answer_words(transport_error error, std::string_view host) {
  if (error == transport_error::refused_address)
    return "not sent: the address is refused, because it is private, loopback or otherwise not public; [egress] allow "
           "in "
           "ringdown.toml permits it (refused_address)";
  const std::string meaning = host.empty() ? std::string() : meaning_of(error, host);
  return meaning.empty() ? fmt::format("no answer: {}", name(error))
                         : fmt::format("no answer: {} ({})", name(error), meaning);
}

attempt_outcome without_response(const http_outcome& what) {
  attempt_outcome outcome;
  outcome.answer = no_answer_words(what.error, what.host);
  if (what.sent) {
    outcome.kind = outcome_kind::unknown;
    return outcome;
  }
  const bool ours = what.error == transport_error::too_late || what.error == transport_error::cancelled;
  outcome.kind = ours ? outcome_kind::not_sent : outcome_kind::retry;
  return outcome;
}

attempt_outcome accepted(int status, std::string reference) {
  attempt_outcome outcome;
  outcome.kind = outcome_kind::accepted;
  outcome.reference = std::move(reference);
  outcome.answer = answer_text(status, {});
  outcome.status = status;
  return outcome;
}

attempt_outcome refused(int status, std::string_view note) {
  attempt_outcome outcome;
  outcome.kind = outcome_kind::refused;
  outcome.answer = answer_text(status, note);
  outcome.status = status;
  return outcome;
}

attempt_outcome unknown(int status, std::string_view note) {
  attempt_outcome outcome;
  outcome.kind = outcome_kind::unknown;
  outcome.answer = answer_text(status, note);
  outcome.status = status;
  return outcome;
}

attempt_outcome retry(const http_response& response, wall_time now, std::string_view note) {
  attempt_outcome outcome;
  outcome.kind = outcome_kind::retry;
  outcome.answer = answer_text(response.status, note);
  outcome.retry_after = retry_after(response.headers, now);
  outcome.status = response.status;
  return outcome;
}

std::string origin_of(std::string_view url) {
  const auto parts = parse_url(url);
  if (!parts) return {};
  const bool address6 = parts->host.find(':') != std::string::npos;
  const std::string host = address6 ? "[" + parts->host + "]" : parts->host;
  const bool usual = parts->port == (parts->scheme == "https" ? 443 : 80);
  return usual ? fmt::format("{}://{}", parts->scheme, host)
               : fmt::format("{}://{}:{}", parts->scheme, host, parts->port);
}

bool is_header_safe(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

} // namespace ringdown::wire
