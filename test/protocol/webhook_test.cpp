#include "protocol/wire/webhook/standard.hpp"

#include "protocol/wire/crypto.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

struct vector_case {
  const char* secret;
  const char* id;
  std::int64_t at;
  const char* body;
  const char* signature;
};

// Facts: each was verified with the packages standardwebhooks 1.1.1 and svix 1.99.1.
const vector_case vectors[] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})",
     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"whsec_cmluZ2Rvd24tdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OWFi", "evt_01J9Z0000000000000000000", 1767225600,
     R"({"type":"alert.fired","timestamp":"2026-01-01T00:00:00Z","data":{"id":"al_1","summary":"Trunk Üb-1 down ✆"}})",
     "v1,APVG3hLN2HUiu/a/HxjQyvale78MvAOpU/II6rxhQvg="}};

rapidjson::Document body_of(const delivery& row) {
  const channel_config channel = webhook_channel();
  const dialect_step step = webhook::start_standard(job_for(row, channel));
  REQUIRE(step.request);
  rapidjson::Document body;
  body.Parse(step.request->body.c_str());
  REQUIRE(body.IsObject());
  return body;
}

std::string header_of(const http_request& request, std::string_view name) {
  return std::string(header(request.headers, name).value_or(""));
}

attempt_outcome after(const http_outcome& outcome) {
  const delivery row = fired_delivery();
  const channel_config channel = webhook_channel();
  return *webhook::resume_standard(job_for(row, channel), {}, outcome).outcome;
}

} // namespace

TEST_CASE("Signatures agree with independent verifiers") {
  for (const vector_case& one : vectors) {
    const auto key = webhook::signing_key(secret_text(one.secret));
    REQUIRE(key);
    const std::vector<std::string> keys{*key};
    CHECK(webhook::signature(keys, one.id, wall_time(std::chrono::seconds(one.at)), one.body) == one.signature);
  }
}

TEST_CASE("A request carries the delivery's id, the time and a signature over both and the body") {
  const delivery row = fired_delivery();
  const channel_config channel = webhook_channel();
  const dialect_step step = webhook::start_standard(job_for(row, channel));
  REQUIRE(step.request);
  CHECK(step.request->method == http_method::post);
  CHECK(step.request->url == "https://hooks.harbour.example/in/pathsecret");
  CHECK(header_of(*step.request, "webhook-id") == row.id.str());
  CHECK(header_of(*step.request, "webhook-timestamp") == "1790924400");
  const std::string signed_text = row.id.str() + ".1790924400." + step.request->body;
  const std::string key = "topsecret-0123456789-harbour";
  CHECK(header_of(*step.request, "webhook-signature") == "v1," + base64_encode(hmac_sha256(key, signed_text)));
}

TEST_CASE("While secrets change, both sign") {
  const delivery row = fired_delivery();
  channel_config channel = webhook_channel();
  const std::string one = header_of(*webhook::start_standard(job_for(row, channel)).request, "webhook-signature");
  channel.secrets["previous_secret"] = channel.secrets["secret"];
  channel.secrets["secret"] = secret_text(vectors[0].secret);
  const std::string both = header_of(*webhook::start_standard(job_for(row, channel)).request, "webhook-signature");
  CHECK(both.ends_with(" " + one));
  CHECK(both.size() == 2 * one.size() + 1);
}

TEST_CASE("An attempt later has another time and signature, but the same key and body") {
  const delivery row = fired_delivery();
  const channel_config channel = webhook_channel();
  delivery_job later = job_for(row, channel);
  later.now += std::chrono::minutes(5);
  const dialect_step first = webhook::start_standard(job_for(row, channel));
  const dialect_step second = webhook::start_standard(later);
  CHECK(first.request->body == second.request->body);
  CHECK(header_of(*first.request, "webhook-id") == header_of(*second.request, "webhook-id"));
  CHECK(header_of(*first.request, "webhook-timestamp") != header_of(*second.request, "webhook-timestamp"));
  CHECK(header_of(*first.request, "webhook-signature") != header_of(*second.request, "webhook-signature"));
}

TEST_CASE("The body says what happened to which alert of whom") {
  const auto body = body_of(fired_delivery());
  CHECK(body["type"].GetString() == std::string_view("alert.fired"));
  CHECK(body["timestamp"].GetString() == std::string_view("2026-10-02T07:00:00.000000Z"));
  const auto& data = body["data"];
  CHECK(data["alert"]["id"].GetString() == std::string_view("al_0123456789abcdefghjkmnpqrs"));
  CHECK(data["alert"]["type"].GetString() == std::string_view("trunk_down"));
  CHECK(data["alert"]["state"].GetString() == std::string_view("firing"));
  CHECK(data["alert"]["cause"].GetString() == std::string_view("credentials_rejected"));
  CHECK(data["alert"]["since"].GetString() == std::string_view("2026-10-02T06:57:00.000000Z"));
  CHECK(data["tenant"]["id"].GetString() == std::string_view("harbour"));
  CHECK(data["customer"]["name"].GetString() == std::string_view("Fishers & Söhne"));
  CHECK(data["instance"]["id"].GetString() == std::string_view("kiel"));
  CHECK(data["resource"]["kind"].GetString() == std::string_view("trunk"));
  CHECK(data["resource"]["id"].GetString() == std::string_view("73"));
  CHECK(data["resource"]["name"].GetString() == std::string_view("Lighthouse Voice"));
  CHECK(data["severity"].GetString() == std::string_view("critical"));
  CHECK(data["episode"].GetInt() == 2);
  CHECK(data["url"].GetString() ==
        std::string_view("https://ringdown.harbour.example/api/v1/alerts/al_0123456789abcdefghjkmnpqrs"));
}

TEST_CASE("Each event has its type, and no link for a person is in any") {
  for (int event = 0; event <= static_cast<int>(notice_event::test); ++event) {
    delivery row = fired_delivery();
    row.event = static_cast<notice_event>(event);
    const channel_config channel = webhook_channel();
    CHECK(std::string(body_of(row)["type"].GetString()) == "alert." + std::string(name(row.event)));
    CHECK(webhook::start_standard(job_for(row, channel)).request->body.find("ack-token") == std::string::npos);
  }
}

TEST_CASE("A summary names as many alerts as fit and counts them all") {
  delivery row = fired_delivery();
  row.event = notice_event::summary;
  row.content.alerts.assign(500, trunk_view());
  const auto body = body_of(row);
  CHECK(body["data"]["alerts_total"].GetInt() == 500);
  CHECK(body["data"]["alerts"].Size() > 5);
  CHECK(body["data"]["alerts"].Size() < 500);
}

TEST_CASE("A signing secret has the one form receivers' libraries take") {
  const std::string key24 = base64_encode(std::string(24, 'k'));
  CHECK(webhook::signing_key(secret_text("whsec_" + key24)));
  CHECK(webhook::signing_key(secret_text("whsec_" + base64_encode(std::string(64, 'k')))));
  for (const std::string& bad :
       {key24, "whsec_" + base64_encode(std::string(23, 'k')), "whsec_" + base64_encode(std::string(65, 'k')),
        std::string("whsec_!!"), std::string("whsec_"), std::string()}) {
    CHECK_FALSE(webhook::signing_key(secret_text(bad)));
    channel_config channel = webhook_channel();
    channel.secrets["previous_secret"] = secret_text(bad);
    if (!bad.empty()) CHECK(webhook::check_standard(channel)->starts_with("previous_secret"));
  }
}

TEST_CASE("A receiver is tried to the end unless it says it is gone") {
  CHECK(after(answer(204, "")).kind == outcome_kind::accepted);
  CHECK(after(answer(200, "<html>")).reference == fired_delivery().id.str());
  CHECK(after(answer(410, "")).kind == outcome_kind::refused);
  for (const int status : {301, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504})
    CHECK(after(answer(status, "")).kind == outcome_kind::retry);
  CHECK(after(lost_answer(transport_error::timeout)).kind == outcome_kind::unknown);
  CHECK(after(no_answer(transport_error::too_late)).kind == outcome_kind::not_sent);
}

TEST_CASE("A channel without a usable secret sends nothing unsigned") {
  const delivery row = fired_delivery();
  channel_config channel = webhook_channel();
  channel.secrets.clear();
  const dialect_step step = webhook::start_standard(job_for(row, channel));
  CHECK_FALSE(step.request);
  CHECK(step.outcome->kind == outcome_kind::retry);
}

TEST_CASE("What is for tickets alone is in no webhook") {
  delivery row = fired_delivery();
  row.content.alerts.front().company = "174174174";
  row.content.alerts.push_back(row.content.alerts.front());
  const channel_config channel = webhook_channel();
  CHECK(webhook::start_standard(job_for(row, channel)).request->body.find("174174174") == std::string::npos);
}
