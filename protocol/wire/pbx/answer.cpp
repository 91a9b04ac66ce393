#include "protocol/wire/pbx/answer.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace ringdown::wire::pbx {

namespace {

read_failure because(read_problem problem, int status, std::string detail) {
  read_failure why;
  why.problem = problem;
  why.status = status;
  why.detail = std::move(detail);
  return why;
}

read_failure no_response(const http_outcome& outcome) {
  const bool large = outcome.error == transport_error::too_large;
  read_failure why = because(large ? read_problem::too_large : read_problem::transport, 0,
                             fmt::format("no answer: {}", name(outcome.error)));
  why.transport = outcome.error;
  return why;
}

// Statuses other than 200. A status alone names the cause; the body of an error is never shown. A 503 is an outage also
// when it says how long (a proxy does, in front of a PBX that is updated).
read_problem problem_of(int status) {
  switch (status) {
    case 401: return read_problem::unauthorized;
    case 403: return read_problem::forbidden;
    case 404: return read_problem::not_in_build;
    case 429: return read_problem::throttled;
    default: break;
  }
  if (status >= 500 && status <= 599) return read_problem::server_error;
  if (status >= 400 && status <= 499) return read_problem::bad_request;
  // A redirect leads to a login page or another host: never followed, and no answer of the API.
  if (status >= 300 && status <= 399) return read_problem::not_json;
  return read_problem::malformed;
}

char first_character(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const std::size_t at = body.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : body[at];
}

} // namespace

std::optional<read_failure> classify(const http_outcome& outcome, wall_time now) {
  if (!outcome.response) return no_response(outcome);
  const http_response& response = *outcome.response;
  if (response.status != 200) {
    read_failure why = because(problem_of(response.status), response.status, fmt::format("HTTP {}", response.status));
    why.retry_after = retry_after(response.headers, now);
    return why;
  }
  if (response.body.size() > body_limit) return because(read_problem::too_large, 200, "the body is larger than 4 MiB");
  const char first = first_character(response.body);
  if (first == '{') return std::nullopt;
  if (first == '[' || first == '\0') return malformed(200, "no JSON object in the body");
  return because(read_problem::not_json, 200, "HTTP 200 with something else than JSON");
}

read_failure malformed(int status, std::string detail) {
  return because(read_problem::malformed, status, std::move(detail));
}

read_failure read_failure_of(json_problem problem, int status) {
  switch (problem) {
    case json_problem::too_deep: return because(read_problem::too_deep, status, "nested deeper than 64 levels");
    case json_problem::too_large: return because(read_problem::too_large, status, "the body is too large");
    case json_problem::refused: return malformed(status, "JSON of another shape");
    case json_problem::none:
    case json_problem::malformed: break;
  }
  return malformed(status, "broken or truncated JSON, or no UTF-8");
}

} // namespace ringdown::wire::pbx
