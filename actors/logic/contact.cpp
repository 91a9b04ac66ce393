#include "actors/logic/contact.hpp"

#include <algorithm>

namespace ringdown::logic {

namespace {

struct part { bool ok; const read_failure* why; };

std::array<part, endpoint_count> parts_of(const observation& seen) {
  return {{{seen.trunks.ok(), &seen.trunks.why}, {seen.sbcs.ok(), &seen.sbcs.why}, {seen.system.ok(), &seen.system.why}, {seen.services.ok(), &seen.services.why}}};
}

bool is_tls(transport_error error) {
  return error == transport_error::tls_untrusted || error == transport_error::tls_name || error == transport_error::tls_expired || error == transport_error::tls_pin ||
         error == transport_error::tls_other;
}

bool is_path(transport_error error) {
  return error == transport_error::dns || error == transport_error::connect_refused || error == transport_error::connect_timeout || error == transport_error::unreachable ||
         error == transport_error::refused_address;
}

bool is_reachable_only(read_problem problem) { return problem == read_problem::throttled || problem == read_problem::bad_request; }
bool is_refusal(read_problem problem) { return problem == read_problem::unauthorized || problem == read_problem::forbidden; }

cause outage_of(const read_failure& why) {
  if (why.problem != read_problem::transport) return cause::app_down;
  if (is_tls(why.transport)) return cause::tls_invalid;
  return is_path(why.transport) ? cause::path_down : cause::app_down;
}

bool looks_like_restart(const read_failure& why) {
  if (why.problem == read_problem::transport) return why.transport == transport_error::connect_refused || why.transport == transport_error::reset;
  return why.problem == read_problem::server_error || why.problem == read_problem::not_json;
}

std::string words(const read_failure& why) {
  std::string text = why.problem == read_problem::transport ? std::string(name(why.transport)) : std::string(name(why.problem));
  if (why.status != 0) text += " (HTTP " + std::to_string(why.status) + ")";
  return why.detail.empty() ? text : text + ": " + why.detail;
}

contact failed(const read_failure& why) { return {contact_kind::none, outage_of(why), 0, false, looks_like_restart(why), words(why)}; }

contact of_login(const observation& seen) {
  const read_failure& why = *seen.login;
  if (seen.login_paused) return {contact_kind::refused, cause::login_paused, 0, false, false, why.detail};
  if (why.problem == read_problem::forbidden) return {contact_kind::refused, cause::role_too_narrow, 0, false, false, words(why)};
  if (is_refusal(why.problem)) return {contact_kind::refused, cause::credentials_rejected, 0, false, false, words(why)};
  if (is_reachable_only(why.problem)) return {contact_kind::partial, cause::none, 0, false, false, words(why)};
  return failed(why);
}

} // namespace

contact contact_of(const observation& seen) {
  constexpr std::uint32_t all_blind = (1U << endpoint_count) - 1;
  if (seen.login) {
    contact made = of_login(seen);
    made.blind = all_blind;
    return made;
  }
  const auto parts = parts_of(seen);
  contact made;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].ok && parts[i].why->problem != read_problem::not_in_build) made.blind |= 1U << i;
  if (std::ranges::any_of(parts, &part::ok)) {
    made.kind = contact_kind::usable;
    made.complete = made.blind == 0;
    const auto bad = std::ranges::find_if(parts, [](const part& one) { return !one.ok && one.why->problem != read_problem::not_in_build; });
    if (bad != parts.end()) made.detail = words(*bad->why);
    return made;
  }
  const auto any = [&](auto&& wanted) { return std::ranges::find_if(parts, [&](const part& one) { return wanted(one.why->problem); }); };
  if (const auto refusal = any(is_refusal); refusal != parts.end()) {
    const bool narrow = refusal->why->problem == read_problem::forbidden;
    return {contact_kind::refused, narrow ? cause::role_too_narrow : cause::token_contested, all_blind, false, false, words(*refusal->why)};
  }
  if (const auto reached = any(is_reachable_only); reached != parts.end()) return {contact_kind::partial, cause::none, all_blind, false, false, words(*reached->why)};
  const auto first = std::ranges::find_if(parts, [](const part& one) { return one.why->problem != read_problem::not_asked; });
  contact none = failed(first == parts.end() ? *parts[0].why : *first->why);
  none.blind = all_blind;
  return none;
}

} // namespace ringdown::logic
