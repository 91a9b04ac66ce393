#include "protocol/wire/pbx/xapi_auth.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include "protocol/wire/crypto.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire::pbx;

namespace {

std::string url_base64(const std::string& text) {
  std::string encoded = wire::base64_encode(text);
  while (encoded.ends_with('=')) encoded.pop_back();
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return encoded;
}

std::string body_with(const std::string& claims, const std::string& expires_in) {
  return R"({"token_type":"Bearer","expires_in":)" + expires_in + R"(,"access_token":")" + url_base64("{}") + "." +
         url_base64(claims) + R"(.c2ln","refresh_token":null})";
}

std::int64_t life_of(const std::string& body) {
  const auto read = read_token(answer(200, body), noon());
  REQUIRE(read.ok());
  return std::chrono::duration_cast<std::chrono::seconds>(read.value->expires - noon()).count();
}

read_problem problem_of(const http_outcome& outcome) {
  const auto read = read_token(outcome, noon());
  REQUIRE_FALSE(read.ok());
  return read.why.problem;
}

} // namespace

TEST_CASE("A token is asked for with a form, and special characters survive it") {
  pbx_target target;
  target.url = "https://pbx.harbour.example:5001/";
  target.client_id = "900";
  target.secret = secret_text("p&ss w=rd%");
  const http_request request = token_request(target);
  CHECK(request.method == http_method::post);
  CHECK(request.url == "https://pbx.harbour.example:5001/connect/token");
  CHECK(request.body == "grant_type=client_credentials&client_id=900&client_secret=p%26ss%20w%3Drd%25");
  CHECK(header(request.headers, "content-type") == "application/x-www-form-urlencoded");
  CHECK(request.egress == egress_class::pbx);
}

TEST_CASE("A token lives as long as its claims say, counted by our clock") {
  CHECK(life_of(fixture("token.json")) == 3600);
  CHECK(life_of(body_with(R"({"iat":5,"exp":65})", "9999")) == 60);
  const std::string soon = std::to_string(noon().time_since_epoch().count() / 1'000'000 + 90);
  CHECK(life_of(body_with("{\"exp\":" + soon + "}", "60")) == 90);
}

TEST_CASE("Without usable claims expires_in is taken as seconds, else a minute") {
  for (const char* claims : {"{}", "no json", R"({"exp":"later"})", R"({"exp":-1})", R"({"exp":1})",
                             R"({"exp":9223372036854775807})", R"({"iat":9,"exp":9})"})
    CHECK(life_of(body_with(claims, "120")) == 120);
  for (const char* odd : {"null", "\"NaN\"", "-5", "0", "9223372036854775808", "[]"})
    CHECK(life_of(body_with("{}", odd)) == 60);
  CHECK(life_of(body_with("{}", "\"300\"")) == 300);
  CHECK(life_of(body_with("{}", "99999999999")) == std::int64_t{24} * 3600);
  CHECK(life_of(R"({"access_token":"opaque"})") == 60);
}

TEST_CASE("Refused credentials are told from everything else that may go wrong") {
  CHECK(problem_of(answer(400, fixture("token_refused.json"))) == read_problem::unauthorized);
  CHECK(problem_of(answer(400, R"({"error":"unauthorized_client"})")) == read_problem::unauthorized);
  CHECK(problem_of(answer(401, "")) == read_problem::unauthorized);
  CHECK(problem_of(answer(200, R"({"error":"invalid_client"})")) == read_problem::unauthorized);
  for (const char* words : {R"({"error":"invalid_request"})", R"({"error":"invalid_grant"})", R"({"error":"nope"})",
                            R"({"Message":"no such client"})", "not even JSON", ""})
    CHECK(problem_of(answer(400, words)) == read_problem::unauthorized);
  CHECK(problem_of(answer(422, "{}")) == read_problem::unauthorized);
  CHECK(problem_of(answer(408, "")) == read_problem::bad_request);
  CHECK(problem_of(answer(403, "")) == read_problem::forbidden);
  CHECK(problem_of(answer(404, "")) == read_problem::not_in_build);
  CHECK(problem_of(answer(502, fixture("gateway_502.html"))) == read_problem::server_error);
  CHECK(problem_of(answer(502, fixture("token_refused.json"))) == read_problem::server_error);
  CHECK(problem_of(answer(200, fixture("gateway_502.html"))) == read_problem::not_json);
  CHECK(problem_of(answer(429, "", {{"Retry-After", "7"}})) == read_problem::throttled);
  CHECK(problem_of(no_answer(transport_error::tls_expired)) == read_problem::transport);
}

TEST_CASE("Every 4xx is a wrong login but a missing endpoint, a timeout and throttling") {
  for (int status = 300; status <= 599; ++status) {
    const auto read = read_token(answer(status, R"({"error":"who knows"})"), noon());
    REQUIRE_FALSE(read.ok());
    const bool counts = status >= 400 && status <= 499 && status != 404 && status != 408 && status != 429;
    INFO(status);
    CHECK(is_wrong_login(read.why) == counts);
  }
  CHECK_FALSE(is_wrong_login(read_token(no_answer(transport_error::dns), noon()).why));
}

TEST_CASE("A login was certainly not judged when nothing was sent or it was turned away before") {
  CHECK(is_unjudged_login(no_answer(transport_error::connect_timeout)));
  CHECK_FALSE(is_unjudged_login(lost_answer(transport_error::timeout)));
  for (const int status : {404, 429, 500, 502, 503}) CHECK(is_unjudged_login(answer(status, "")));
  for (const int status : {200, 302, 400, 401, 403, 408, 422}) CHECK_FALSE(is_unjudged_login(answer(status, "")));
}

TEST_CASE("A body without a token that could be used is malformed") {
  for (const char* body : {"{}", R"({"access_token":null})", R"({"access_token":""})", R"({"access_token":5})", "{",
                           R"({"access_token":"with space"})", R"({"access_token":"line\r\nX: y"})", "[]", ""})
    CHECK(problem_of(answer(200, body)) == read_problem::malformed);
  CHECK(problem_of(answer(200, R"({"access_token":")" + std::string(20'000, 'x') + "\"}")) == read_problem::malformed);
}

TEST_CASE("No failure of a login shows a secret or a word of the PBX") {
  const std::string told = R"({"error":"invalid_client","error_description":"topsecret"})";
  const std::string quoted = R"({"error":"topsecret is wrong"})";
  for (const std::string& body : {told, quoted})
    for (const int status : {200, 400, 401, 500}) {
      const auto read = read_token(answer(status, body), noon());
      REQUIRE_FALSE(read.ok());
      CHECK(read.why.detail.find("topsecret") == std::string::npos);
    }
}
