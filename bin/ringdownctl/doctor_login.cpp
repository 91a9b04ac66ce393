#include "bin/ringdownctl/doctor_login.hpp"

#include "bin/ringdownctl/daemon.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/wire/pbx/xapi_auth.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace ringdown::ctl {

namespace {

using namespace wire::pbx;

constexpr std::size_t front_page_limit = 4 << 20;

constexpr std::string_view one_login =
    "this was the only login attempt of this run; a 3CX blocks an address after more than three wrong ones";

std::string words_for_failure(const read_failure& why) {
  if (why.problem == read_problem::transport) return fmt::format("{} {}", name(why.transport), why.detail);
  std::string text(name(why.problem));
  if (why.status != 0 && !why.detail.starts_with("HTTP")) text += fmt::format(" (HTTP {})", why.status);
  return why.detail.empty() ? text : fmt::format("{}: {}", text, why.detail);
}

std::string cause_of(const read_failure& why) {
  return std::string(why.problem == read_problem::transport ? name(why.transport) : name(why.problem));
}

std::string login_advice(const read_failure& why) {
  switch (why.problem) {
    case read_problem::unauthorized:
      return "compare client id and secret with Admin console > Integrations > API; the secret is shown only once, so "
             "make a new one if in doubt";
    case read_problem::forbidden:
      return "the PBX knows the client but forbids it: tick 'XAPI / Configuration API access' at Integrations > API, "
             "and look at "
             "Security > Console restrictions";
    case read_problem::not_in_build:
      return "there is no /connect/token: is it a 3CX of version 20, with a licence that includes the API?";
    case read_problem::throttled: return "the PBX asks to wait; try again in some minutes";
    case read_problem::server_error:
    case read_problem::not_json:
      return "the web server answers but 3CX behind it does not: typical while it updates or its services are stopped";
    case read_problem::transport:
      return "silence here, after TCP and TLS worked, is what a blocked address sees: look for this machine in Admin "
             "console > IP blacklist";
    case read_problem::not_asked:
    case read_problem::bad_request:
    case read_problem::malformed:
    case read_problem::too_large:
    case read_problem::too_deep: return "the answer is none of a 3CX; is a proxy or another site in between?";
  }
  return {};
}

std::string endpoint_advice(const read_failure& why) {
  switch (why.problem) {
    case read_problem::forbidden:
      return "the login is good but its role is too narrow: give the client the role System Owner in the department "
             "that sees everything";
    case read_problem::unauthorized:
      return "the token was taken away at once: another client with the same id logs in too (a 3CX keeps one token per "
             "client)";
    case read_problem::not_in_build: return "this version of 3CX lacks it; ringdown does without";
    default: return {};
  }
}

// Asks for all pages with the newer fields, then with the older ones when the PBX does not know them.
std::vector<std::shared_ptr<const http_outcome>> read_pages_of(net::http_port& port, const pbx_target& target,
                                                               const secret_text& token, endpoint what) {
  std::vector<std::shared_ptr<const http_outcome>> pages;
  for (const field_set fields : {field_set::current, field_set::older}) {
    pages.assign(1, std::make_shared<const http_outcome>(exchange(port, request_for(what, target, token, fields))));
    if (!pages.front()->response || pages.front()->response->status != 400) break;
  }
  while (auto next = next_page(pages, target, token))
    pages.push_back(std::make_shared<const http_outcome>(exchange(port, std::move(*next))));
  return pages;
}

std::string states_text(const std::vector<trunk_reading>& trunks) {
  std::map<std::string_view, std::size_t> by_state;
  for (const auto& one : trunks) ++by_state[name(one.state)];
  std::string text;
  for (const auto& [state, number] : by_state)
    text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", number, state);
  return text;
}

struct finding {
  std::optional<read_failure> why;
  std::string found;
};

template <class T, class Words>
finding finding_of(const reading<T>& read, Words&& words) {
  if (!read.ok()) return {read.why, {}};
  return {std::nullopt, words(*read.value)};
}

finding examine_endpoint(net::http_port& port, const pbx_target& target, const secret_text& token, endpoint what,
                         wall_time now) {
  const auto pages = read_pages_of(port, target, token, what);
  switch (what) {
    case endpoint::trunks:
      return finding_of(read_trunks(pages, now),
                        [](const auto& all) { return counted(all.size(), "trunk") + states_text(all); });
    case endpoint::sbcs:
      return finding_of(read_sbcs(pages, now), [](const auto& all) { return counted(all.size(), "SBC"); });
    case endpoint::services:
      return finding_of(read_services(pages, now), [](const auto& all) { return counted(all.size(), "service"); });
    case endpoint::system_status:
      return finding_of(read_system(*pages.front(), now), [](const system_reading& one) {
        return fmt::format("version {}, {} of {} calls", first_of(one.version, "unknown"),
                           one.calls_active ? std::to_string(*one.calls_active) : "?",
                           one.max_calls ? std::to_string(*one.max_calls) : "?");
      });
  }
  return {};
}

} // namespace

bool examine_http(net::http_port& port, const pbx_target& target, doctor_report& report) {
  http_request request;
  request.url = target.url + "/";
  request.connect_to = target.address;
  request.tls = target.tls;
  request.egress = egress_class::pbx;
  request.response_limit = front_page_limit;
  const auto outcome = exchange(port, std::move(request));
  if (!outcome.ok() && outcome.error != transport_error::too_large) {
    report.add({"http", step_state::failed, fmt::format("no answer: {} {}", name(outcome.error), outcome.detail),
                std::string(name(outcome.error)),
                "the port is open but no web server answers: is it 3CX's web port (443 or 5001)?"});
    return false;
  }
  const int status = outcome.ok() ? outcome.response->status : 200;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(outcome.elapsed).count();
  if (status >= 500) {
    report.add(
        {"http", step_state::failed, fmt::format("HTTP {} in {} ms", status, took), "server_error",
         "the web server answers but 3CX behind it does not: typical while it updates or its services are stopped"});
    return true;
  }
  report.add({"http", step_state::fine, fmt::format("HTTP {} in {} ms", status, took), {}, {}});
  return true;
}

void examine_login(net::http_port& port, const pbx_target& target, wall_time now, doctor_report& report) {
  const auto outcome = exchange(port, token_request(target));
  const auto token = read_token(outcome, now);
  if (!token.ok()) {
    report.add({"login", step_state::failed, words_for_failure(token.why), cause_of(token.why),
                fmt::format("{}; {}", login_advice(token.why), one_login)});
    return;
  }
  report.add({"login",
              step_state::fine,
              fmt::format("token for {}", words_for(token.value->expires - now)),
              {},
              std::string(one_login)});
  for (const endpoint what : {endpoint::trunks, endpoint::sbcs, endpoint::system_status, endpoint::services}) {
    const auto seen = examine_endpoint(port, target, token.value->value, what, now);
    const bool lacking = seen.why && seen.why->problem == read_problem::not_in_build;
    if (!seen.why)
      report.add({name(what), step_state::fine, seen.found, {}, {}});
    else
      report.add({name(what), lacking ? step_state::skipped : step_state::failed, words_for_failure(*seen.why),
                  lacking ? std::string() : cause_of(*seen.why), endpoint_advice(*seen.why)});
  }
}

} // namespace ringdown::ctl
