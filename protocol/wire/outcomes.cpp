#include "protocol/wire/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::wire {

namespace {

std::string answer_text(int status, std::string_view note) {
  return note.empty() ? fmt::format("HTTP {}", status) : fmt::format("HTTP {}: {}", status, note);
}

} // namespace

std::string no_answer_words(transport_error error) {
  if (error == transport_error::refused_address)
    return "not sent: the address is refused, because it is private, loopback or otherwise not public; [egress] allow "
           "in "
           "ringdown.toml permits it (refused_address)";
  return fmt::format("no answer: {}", name(error));
}

attempt_outcome without_response(const http_outcome& what) {
  attempt_outcome outcome;
  outcome.answer = no_answer_words(what.error);
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
