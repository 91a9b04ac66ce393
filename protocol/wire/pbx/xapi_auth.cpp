#include "protocol/wire/pbx/xapi_auth.hpp"

#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/pbx/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::wire::pbx {

namespace {

constexpr std::size_t answer_limit = 64 << 10;
constexpr std::size_t longest_token = 16 << 10;
constexpr std::int64_t usual_life = 60;       // seconds; what 20.0.8 was seen to give
constexpr std::int64_t longest_life = 86'400; // seconds; whatever is claimed, a 401 ends it sooner

class token_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() != 1) return true;
    const std::string_view field = path.last();
    if (field == "access_token")
      token = value.as_text().value_or(std::string_view());
    else if (field == "expires_in")
      expires_in = value.as_integer();
    else if (field == "error")
      error = value.as_text().value_or(std::string_view());
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::string token;
  std::string error;
  std::optional<std::int64_t> expires_in;
};

class claims_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 1 && path.last() == "exp") exp = value.as_integer();
    if (path.depth() == 1 && path.last() == "iat") iat = value.as_integer();
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::optional<std::int64_t> exp;
  std::optional<std::int64_t> iat;
};

std::int64_t seconds_of(wall_time at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

bool is_life(std::int64_t seconds) { return seconds > 0 && seconds <= longest_life; }

// What the JWT's claims say of the token's life in seconds from now; nullopt when they say nothing usable.
std::optional<std::int64_t> life_in_claims(std::string_view token, wall_time now) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto claims = base64url_decode(token.substr(first + 1, second - first - 1));
  claims_visitor visitor;
  if (!claims || read_json(*claims, longest_token, visitor) != json_problem::none) return std::nullopt;
  // Beyond the year 9999 no clock is meant, and the difference cannot overflow.
  const auto plausible = [](std::int64_t at) { return at > 0 && at < 253'402'300'800; };
  if (!visitor.exp || !plausible(*visitor.exp)) return std::nullopt;
  if (visitor.iat && plausible(*visitor.iat) && is_life(*visitor.exp - *visitor.iat))
    return *visitor.exp - *visitor.iat;
  const std::int64_t left = *visitor.exp - seconds_of(now);
  return is_life(left) ? std::optional(left) : std::nullopt;
}

wall_time expiry(const token_visitor& answer, wall_time now) {
  if (const auto life = life_in_claims(answer.token, now)) return now + std::chrono::seconds(*life);
  const std::int64_t said = answer.expires_in.value_or(usual_life);
  return now + std::chrono::seconds(said > 0 ? std::min(said, longest_life) : usual_life);
}

// RFC 6749, 5.2. Other words of a PBX are not repeated: who knows what they quote.
constexpr std::array<std::string_view, 6> known_errors{"invalid_client",  "unauthorized_client",    "invalid_grant",
                                                       "invalid_request", "unsupported_grant_type", "invalid_scope"};

bool refuses_credentials(const token_visitor& answer) {
  return answer.error == "invalid_client" || answer.error == "unauthorized_client";
}

// The words of a refusal differ between builds, and a wrong login of unknown words is still a wrong login. Forbidden (403)
// has its own cause; a missing endpoint, a timeout and throttling are no judgement.
bool refuses_by_status(int status) {
  return status >= 400 && status <= 499 && status != 403 && status != 404 && status != 408 && status != 429;
}

read_failure refusal(int status, const token_visitor& answer) {
  read_failure why;
  why.problem = read_problem::unauthorized;
  why.status = status;
  why.detail = std::ranges::find(known_errors, answer.error) == known_errors.end()
                   ? fmt::format("HTTP {}", status)
                   : fmt::format("HTTP {}: {}", status, answer.error);
  return why;
}

} // namespace

http_request token_request(const pbx_target& target) {
  std::string_view base = target.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  http_request request;
  request.method = http_method::post;
  request.url = std::string(base) + "/connect/token";
  request.connect_to = target.address;
  request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}",
                             percent_encode(target.client_id), percent_encode(target.secret.reveal()));
  request.tls = target.tls;
  request.egress = egress_class::pbx;
  request.response_limit = answer_limit;
  request.connect_timeout = target.connect_timeout;
  request.timeout = target.timeout;
  return request;
}

reading<access_token> read_token(const http_outcome& outcome, wall_time now) {
  reading<access_token> read;
  token_visitor answer;
  json_problem problem = json_problem::malformed;
  if (outcome.response) problem = read_json(outcome.response->body, answer_limit, answer);
  const int status = outcome.response ? outcome.response->status : 0;
  if (refuses_by_status(status)) {
    read.why = refusal(status, answer);
    return read;
  }
  if (auto fault = classify(outcome, now)) {
    read.why = std::move(*fault);
    return read;
  }
  if (problem != json_problem::none)
    read.why = read_failure_of(problem, status);
  else if (refuses_credentials(answer))
    read.why = refusal(status, answer);
  else if (answer.token.empty() || answer.token.size() > longest_token || !is_header_safe(answer.token))
    read.why = malformed(status, "no usable access_token");
  else
    read.value = access_token{.value = secret_text(answer.token), .expires = expiry(answer, now)};
  return read;
}

bool is_wrong_login(const read_failure& why) {
  return why.problem == read_problem::unauthorized || why.problem == read_problem::forbidden;
}

bool is_unjudged_login(const http_outcome& outcome) {
  if (!outcome.response) return !outcome.sent;
  const int status = outcome.response->status;
  return status == 404 || status == 429 || status >= 500;
}

} // namespace ringdown::wire::pbx
