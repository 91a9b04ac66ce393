#include "protocol/wire/push/ntfy.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

rapidjson::Document body_of(const delivery& row, const channel_config& channel = ntfy_channel()) {
  const dialect_step step = push::start_ntfy(job_for(row, channel));
  REQUIRE(step.request);
  rapidjson::Document body;
  body.Parse(step.request->body.c_str());
  REQUIRE(body.IsObject());
  return body;
}

attempt_outcome after(const http_outcome& outcome) {
  const delivery row = fired_delivery();
  const channel_config channel = ntfy_channel();
  return *push::resume_ntfy(job_for(row, channel), {}, outcome).outcome;
}

} // namespace

TEST_CASE("A fire is published with everything a phone shows") {
  const auto body = body_of(fired_delivery());
  CHECK(body["topic"].GetString() == std::string_view("harbour-noc"));
  CHECK(body["title"].GetString() == std::string_view("Trunk down: Lighthouse Voice at Kiel HQ"));
  CHECK(body["message"].GetString() == std::string_view("The provider refuses our credentials (403) since 06:57."));
  CHECK(body["priority"].GetInt() == 5);
  CHECK(body["tags"][0].GetString() == std::string_view("rotating_light"));
  CHECK(body["tags"][1].GetString() == std::string_view("fired"));
  CHECK(body["tags"][2].GetString() == std::string_view("critical"));
  CHECK(body["tags"][3].GetString() == std::string_view("trunk_down"));
  CHECK(body["sequence_id"].GetString() == std::string_view("al_0123456789abcdefghjkmnpqrs-2-3"));
}

TEST_CASE("The button opens the page that asks, and acknowledges nothing by itself") {
  const auto body = body_of(fired_delivery());
  REQUIRE(body["actions"].Size() == 1);
  CHECK(body["actions"][0]["action"].GetString() == std::string_view("view"));
  CHECK(body["actions"][0]["url"].GetString() ==
        std::string_view("https://ringdown.harbour.example/a/ack-token-0123456789"));
  CHECK(body["click"].GetString() == std::string_view("https://ringdown.harbour.example/a/ack-token-0123456789"));
  delivery resolved = fired_delivery();
  resolved.event = notice_event::resolved;
  CHECK_FALSE(body_of(resolved).HasMember("actions"));
  delivery nobody = fired_delivery();
  nobody.content.acknowledge_path.clear();
  CHECK_FALSE(body_of(nobody).HasMember("actions"));
}

TEST_CASE("Priority follows severity, and a recovery is quiet") {
  const std::tuple<notice_event, severity, int> rows[] = {
      {notice_event::fired, severity::critical, 5},       {notice_event::fired, severity::warning, 3},
      {notice_event::fired, severity::info, 3},           {notice_event::escalated, severity::critical, 5},
      {notice_event::reminder, severity::critical, 5},    {notice_event::resolved, severity::critical, 3},
      {notice_event::acknowledged, severity::critical, 3}};
  for (const auto& [event, level, priority] : rows) {
    delivery row = fired_delivery();
    row.event = event;
    row.content.level = level;
    CHECK(body_of(row)["priority"].GetInt() == priority);
  }
}

TEST_CASE("A possible repeat and a test say what they are") {
  delivery row = fired_delivery();
  row.possible_repeat = true;
  CHECK(std::string(body_of(row)["message"].GetString()).find("Possible repeat") != std::string::npos);
  row.content.test = true;
  CHECK(std::string(body_of(row)["title"].GetString()).starts_with("TEST: "));
}

TEST_CASE("A message is cut at 4096 bytes with its remark kept") {
  delivery row = fired_delivery();
  row.possible_repeat = true;
  row.content.text.clear();
  for (int i = 0; i < 3000; ++i) row.content.text += "é";
  const auto body = body_of(row);
  const std::string message = body["message"].GetString();
  CHECK(message.size() <= 4096);
  CHECK(message.ends_with("reached you.)"));
}

TEST_CASE("Each ringing has a number of its own, and the end takes that of the fire") {
  const std::string alert = "al_0123456789abcdefghjkmnpqrs";
  struct shown {
    notice_event event;
    std::uint32_t episode;
    std::uint32_t version;
    std::uint32_t round;
    std::string number;
  };
  const std::vector<shown> table{
      {notice_event::fired, 2, 3, 0, alert + "-2-3"},       {notice_event::fired, 2, 4, 0, alert + "-2-4"},
      {notice_event::fired, 3, 5, 0, alert + "-3-5"},       {notice_event::resolved, 3, 5, 0, alert + "-3-5"},
      {notice_event::fired, 3, 5, 1, "dl_other"},           {notice_event::reminder, 3, 5, 0, "dl_other"},
      {notice_event::escalated, 3, 5, 0, "dl_other"},       {notice_event::summary, 3, 5, 0, "dl_other"},
      {notice_event::acknowledged, 2, 3, 0, alert + "-2-3"}};
  for (const shown& one : table) {
    delivery row = fired_delivery();
    row.id = delivery_id("dl_other");
    row.event = one.event;
    row.episode = one.episode;
    row.version = one.version;
    row.round = one.round;
    INFO(name(one.event) << " round " << one.round);
    CHECK(body_of(row)["sequence_id"].GetString() == one.number);
  }
  delivery test = fired_delivery();
  test.alert = {};
  test.id = delivery_id("dl_test");
  CHECK(body_of(test)["sequence_id"].GetString() == std::string_view("dl_test"));
}

TEST_CASE("A retry of one row keeps its number") {
  delivery row = fired_delivery();
  const std::string first = body_of(row)["sequence_id"].GetString();
  row.attempts = 4;
  row.possible_repeat = true;
  CHECK(body_of(row)["sequence_id"].GetString() == first);
}

TEST_CASE("The server is the channel's, the node's or the public one, in that order") {
  const delivery row = fired_delivery();
  channel_config channel = ntfy_channel();
  CHECK(push::start_ntfy(job_for(row, channel)).request->url == "https://push.harbour.example/");
  channel.settings.erase("url");
  CHECK(push::start_ntfy(job_for(row, channel)).request->url == "https://ntfy.sh/");
  delivery_job job{.row = row,
                   .channel = channel,
                   .public_url = {},
                   .base_url = "http://127.0.0.1:8080",
                   .ca_file = "/ca.pem",
                   .now = noon()};
  const dialect_step step = push::start_ntfy(job);
  CHECK(step.request->url == "http://127.0.0.1:8080/");
  CHECK(step.request->tls.ca_file == "/ca.pem");
  CHECK(step.request->body.find("actions") == std::string::npos);
}

TEST_CASE("A login is a token or a user with a password") {
  const delivery row = fired_delivery();
  channel_config channel = ntfy_channel();
  CHECK(header(push::start_ntfy(job_for(row, channel)).request->headers, "authorization") ==
        "Bearer tk_topsecret0123456789");
  channel.secrets.clear();
  CHECK_FALSE(header(push::start_ntfy(job_for(row, channel)).request->headers, "authorization"));
  channel.settings["username"] = "phil";
  CHECK(push::check_ntfy(channel)->starts_with("password"));
  channel.secrets["password"] = secret_text("pass");
  CHECK_FALSE(push::check_ntfy(channel));
  CHECK(header(push::start_ntfy(job_for(row, channel)).request->headers, "authorization") == "Basic cGhpbDpwYXNz");
  channel.secrets["token"] = secret_text("tk_x");
  CHECK(push::check_ntfy(channel)->starts_with("token"));
}

TEST_CASE("A topic is what ntfy takes for one") {
  for (const std::string& bad :
       {std::string("with space"), std::string("a/b"), std::string(65, 'a'), std::string("ü")}) {
    channel_config channel = ntfy_channel();
    channel.settings["topic"] = bad;
    CHECK(push::check_ntfy(channel)->starts_with("topic"));
  }
  channel_config split = ntfy_channel();
  split.secrets["token"] = secret_text("tk\r\nX-Evil: 1");
  CHECK(push::check_ntfy(split)->starts_with("token"));
}

TEST_CASE("ntfy's answers are told apart") {
  CHECK(after(answer(200, R"({"id":"nFS3knfcQ1xe","time":1,"event":"message"})")).reference == "nFS3knfcQ1xe");
  CHECK(after(answer(200, "<html>login</html>")).kind == outcome_kind::unknown);
  CHECK(after(answer(200, R"({"id":null})")).kind == outcome_kind::unknown);
  CHECK(after(answer(200, R"({"id":"no good id"})")).kind == outcome_kind::unknown);
  const attempt_outcome busy = after(answer(429, R"({"code":42901,"http":429,"error":"limit reached"})"));
  CHECK(busy.kind == outcome_kind::retry);
  CHECK(busy.answer == "HTTP 429: ntfy code 42901");
  CHECK_FALSE(busy.retry_after);
  CHECK(after(answer(429, R"({"code":42908,"http":429})")).retry_after == duration(std::chrono::hours(1)));
  CHECK(after(answer(403, R"({"code":40301,"http":403})")).kind == outcome_kind::refused);
  CHECK(after(answer(404, "")).kind == outcome_kind::refused);
  CHECK(after(answer(302, "")).kind == outcome_kind::refused);
  CHECK(after(answer(502, "<html>")).kind == outcome_kind::retry);
  CHECK(after(answer(504, "<html>")).kind == outcome_kind::unknown);
}

TEST_CASE("A refusal of a login says behind ntfy's code what is to be done") {
  const auto said = [](const channel_config& channel, int status, const std::string& body) {
    const delivery row = fired_delivery();
    return push::resume_ntfy(job_for(row, channel), {}, answer(status, body)).outcome->answer;
  };
  channel_config open = ntfy_channel();
  open.secrets.clear();
  const std::string forbidden = R"({"code":40301,"http":403})";
  CHECK(said(open, 403, forbidden) == "HTTP 403: ntfy code 40301: the topic wants a token or a login");
  CHECK(said(ntfy_channel(), 403, forbidden) ==
        "HTTP 403: ntfy code 40301: that login or token may not write to the topic");
  CHECK(said(open, 401, "") == "HTTP 401: the topic wants a token or a login");
  CHECK(said(ntfy_channel(), 401, "<html>") == "HTTP 401: the login or token is not accepted");
}

TEST_CASE("What was not reached is named, behind the code") {
  const delivery row = fired_delivery();
  http_outcome lost = no_answer(transport_error::dns);
  lost.host = "push.harbour.example";
  const auto said = [&] { return push::resume_ntfy(job_for(row, ntfy_channel()), {}, lost).outcome->answer; };
  CHECK(said() == "no answer: dns (cannot look up push.harbour.example)");
  lost.error = transport_error::connect_refused;
  CHECK(said() == "no answer: connect_refused (push.harbour.example refuses the connection)");
  lost.error = transport_error::overloaded;
  CHECK(said() == "no answer: overloaded");
}

TEST_CASE("The ledger's address tells two topics apart and gives neither away") {
  CHECK(push::ntfy_address(ntfy_channel(), fired_delivery()) == "https://push.harbour.example/ha***");
}
