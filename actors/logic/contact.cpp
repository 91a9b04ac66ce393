#include "actors/logic/contact.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

constexpr std::uint32_t all_blind = (1U << endpoint_count) - 1;

struct part {
  bool ok;
  const read_failure* why;
};

std::array<part, endpoint_count> parts_of(const observation& seen) {
  return {{{seen.trunks.ok(), &seen.trunks.why},
           {seen.sbcs.ok(), &seen.sbcs.why},
           {seen.system.ok(), &seen.system.why},
           {seen.services.ok(), &seen.services.why}}};
}

bool is_tls(transport_error error) {
  return error == transport_error::tls_untrusted || error == transport_error::tls_name ||
         error == transport_error::tls_expired || error == transport_error::tls_pin;
}

bool is_path(transport_error error) {
  return error == transport_error::dns || error == transport_error::connect_refused ||
         error == transport_error::connect_timeout || error == transport_error::unreachable ||
         error == transport_error::refused_address;
}

// Nothing was sent: our own limit or shutdown, no word of the PBX.
bool is_ours(const read_failure& why) {
  return why.problem == read_problem::transport &&
         (why.transport == transport_error::overloaded || why.transport == transport_error::cancelled ||
          why.transport == transport_error::too_late);
}

bool is_reachable_only(read_problem problem) {
  return problem == read_problem::throttled || problem == read_problem::bad_request;
}
bool is_refusal(read_problem problem) {
  return problem == read_problem::unauthorized || problem == read_problem::forbidden;
}

cause outage_of(const read_failure& why) {
  if (why.problem != read_problem::transport) return cause::app_down;
  if (is_tls(why.transport)) return cause::tls_invalid;
  return is_path(why.transport) ? cause::path_down : cause::app_down;
}

// A handshake that is cut (tls_other) is a web server going down, no certificate that cannot be trusted.
bool looks_like_restart(const read_failure& why) {
  if (why.problem == read_problem::transport)
    return why.transport == transport_error::connect_refused || why.transport == transport_error::reset ||
           why.transport == transport_error::tls_other;
  return why.problem == read_problem::server_error || why.problem == read_problem::not_json;
}

// A code first: who words it for people knows it by that. What only repeats the code is left out.
std::string words(const read_failure& why) {
  if (why.problem == read_problem::transport && why.status == 0) return std::string(name(why.transport));
  const std::string status = why.status == 0 ? std::string() : "HTTP " + std::to_string(why.status);
  std::string text(name(why.problem));
  if (!status.empty()) text += " (" + status + ")";
  return why.detail.empty() || why.detail == status ? text : text + ": " + why.detail;
}

contact met_as(contact_kind kind, cause why, const read_failure& failure) {
  contact made;
  made.kind = kind;
  made.why = why;
  made.blind = all_blind;
  made.throttled = failure.problem == read_problem::throttled;
  made.detail = words(failure);
  return made;
}

contact failed(const read_failure& why) {
  if (is_ours(why)) return met_as(contact_kind::unasked, cause::none, why);
  contact made = met_as(contact_kind::none, outage_of(why), why);
  made.restarting = looks_like_restart(why);
  made.silent = why.problem == read_problem::transport && why.transport == transport_error::connect_timeout;
  return made;
}

contact of_login(const observation& seen) {
  const read_failure& why = *seen.login;
  if (seen.login_paused)
    return seen.unanswered ? failed(*seen.unanswered) : met_as(contact_kind::refused, cause::login_paused, why);
  if (why.problem == read_problem::forbidden) return met_as(contact_kind::refused, cause::role_too_narrow, why);
  if (is_refusal(why.problem)) return met_as(contact_kind::refused, cause::credentials_rejected, why);
  if (why.problem == read_problem::not_in_build) return met_as(contact_kind::refused, cause::no_api, why);
  if (is_reachable_only(why.problem)) return met_as(contact_kind::partial, cause::none, why);
  return failed(why);
}

// Not one endpoint could be read.
contact of_nothing_read(const std::array<part, endpoint_count>& parts) {
  const auto first = [&](auto&& wanted) {
    return std::ranges::find_if(parts, [&](const part& one) { return wanted(*one.why); });
  };
  if (const auto refusal = first([](const read_failure& why) { return is_refusal(why.problem); });
      refusal != parts.end())
    return met_as(contact_kind::refused,
                  refusal->why->problem == read_problem::forbidden ? cause::role_too_narrow : cause::token_contested,
                  *refusal->why);
  if (const auto reached = first([](const read_failure& why) { return is_reachable_only(why.problem); });
      reached != parts.end())
    return met_as(contact_kind::partial, cause::none, *reached->why);
  if (const auto told =
          first([](const read_failure& why) { return why.problem != read_problem::not_asked && !is_ours(why); });
      told != parts.end())
    return failed(*told->why);
  const auto ours = first(is_ours);
  return failed(ours == parts.end() ? *parts[0].why : *ours->why);
}

} // namespace

contact contact_of(const observation& seen) {
  if (seen.login) return of_login(seen);
  const auto parts = parts_of(seen);
  if (std::ranges::none_of(parts, &part::ok)) return of_nothing_read(parts);
  contact made;
  made.kind = contact_kind::usable;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].ok || parts[i].why->problem == read_problem::not_in_build) continue;
    made.blind |= 1U << i;
    if (made.detail.empty()) made.detail = words(*parts[i].why);
  }
  made.complete = made.blind == 0;
  return made;
}

std::optional<duration> asked_to_wait(const observation& seen) {
  std::optional<duration> longest;
  const auto take = [&](const read_failure& why) {
    if (why.retry_after && (!longest || *longest < *why.retry_after)) longest = why.retry_after;
  };
  for (const part& one : parts_of(seen))
    if (!one.ok) take(*one.why);
  if (seen.login) take(*seen.login);
  if (seen.unanswered) take(*seen.unanswered);
  return longest;
}

} // namespace ringdown::logic
