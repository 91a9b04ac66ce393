#include "protocol/wire/chat/slack.hpp"

#include "protocol/wire/text.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

rapidjson::Document body_of(const delivery& row) {
  const channel_config channel = slack_channel();
  const dialect_step step = chat::start_slack(job_for(row, channel));
  REQUIRE(step.request);
  rapidjson::Document body;
  body.Parse(step.request->body.c_str());
  REQUIRE(body.IsObject());
  return body;
}

bool is_golden(const delivery& row, std::string_view file) {
  rapidjson::Document wanted;
  wanted.Parse(fixture(file).c_str());
  REQUIRE(wanted.IsObject());
  return body_of(row) == wanted;
}

std::string request_body(const delivery& row) {
  const channel_config channel = slack_channel();
  return chat::start_slack(job_for(row, channel)).request->body;
}

attempt_outcome after(const http_outcome& outcome) {
  const delivery row = fired_delivery();
  const channel_config channel = slack_channel();
  return *chat::resume_slack(job_for(row, channel), {}, outcome).outcome;
}

// UTF-16 code units, as Slack counts.
std::size_t units_of(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// Calls `see` with each text of the message, whatever it is part of, but not with its keys and types.
void for_each_text(const rapidjson::Value& value, const std::function<void(std::string_view)>& see) {
  if (value.IsArray())
    for (const auto& one : value.GetArray()) for_each_text(one, see);
  if (!value.IsObject()) return;
  for (const auto& member : value.GetObject()) {
    const std::string_view key = member.name.GetString();
    if (member.value.IsString() && (key == "text" || key == "fallback" || key == "url"))
      see({member.value.GetString(), member.value.GetStringLength()});
    else
      for_each_text(member.value, see);
  }
}

delivery endless_delivery(const std::string& piece) {
  delivery row = fired_delivery();
  std::string endless;
  for (int i = 0; i < 5000; ++i) endless += piece;
  row.content.title = row.content.text = row.content.tenant_name = endless;
  alert_view& lead = row.content.alerts.front();
  lead.customer_name = lead.instance_name = lead.provider = lead.acknowledged_by = endless;
  return row;
}

} // namespace

TEST_CASE("A fire, an acknowledgement and a recovery are the messages they should be") {
  delivery row = fired_delivery();
  CHECK(is_golden(row, "slack/fired.json"));
  row.event = notice_event::acknowledged;
  row.content.title = "Acknowledged: Kiel HQ: trunk Lighthouse Voice down";
  row.content.alerts.front().phase = alert_phase::acknowledged;
  row.content.alerts.front().acknowledged_by = "jo";
  row.content.taken_by = "Jo Adler";
  CHECK(is_golden(row, "slack/acknowledged.json"));
  row.event = notice_event::resolved;
  row.content.title = "Resolved: Kiel HQ: trunk Lighthouse Voice up again";
  row.content.text = "Up again at 07:00 after 3 min.";
  row.content.alerts.front().phase = alert_phase::resolved;
  CHECK(is_golden(row, "slack/resolved.json"));
}

TEST_CASE("A notice that was stored without the tenant's time and names shows UTC and ids") {
  delivery row = fired_delivery();
  row.content.since.clear();
  row.content.alerts.front().phase = alert_phase::acknowledged;
  row.content.alerts.front().acknowledged_by = "jo";
  const std::string body = chat::start_slack(job_for(row, slack_channel())).request->body;
  CHECK(body.find("2026-10-02 06:57 UTC") != std::string::npos);
  CHECK(body.find("acknowledged by jo") != std::string::npos);
}

TEST_CASE("The colour says how bad it is, and green that it is over") {
  const std::tuple<notice_event, severity, std::string_view> rows[] = {
      {notice_event::fired, severity::critical, "#d93025"},
      {notice_event::escalated, severity::critical, "#d93025"},
      {notice_event::fired, severity::warning, "#f29900"},
      {notice_event::fired, severity::info, "#1a73e8"},
      {notice_event::acknowledged, severity::critical, "#5f6368"},
      {notice_event::resolved, severity::critical, "#188038"}};
  for (const auto& [event, level, colour] : rows) {
    delivery row = fired_delivery();
    row.event = event;
    row.content.level = level;
    CHECK(body_of(row)["attachments"][0]["color"].GetString() == colour);
  }
}

TEST_CASE("There is a button only where there is a page to open") {
  const auto blocks = [](const delivery& row) { return body_of(row)["attachments"][0]["blocks"].Size(); };
  const delivery fired = fired_delivery();
  const auto body = body_of(fired);
  const auto& button = body["attachments"][0]["blocks"][3]["elements"][0];
  CHECK(button["url"].GetString() == std::string_view("https://ringdown.harbour.example/a/ack-token-0123456789"));
  delivery nobody = fired;
  nobody.content.acknowledge_path.clear();
  CHECK(blocks(nobody) == 3);
  delivery over = fired;
  over.event = notice_event::resolved;
  CHECK(blocks(over) == 3);
  delivery far = fired;
  far.content.acknowledge_path = "/a/" + std::string(3000, 'x');
  CHECK(blocks(far) == 3);
  const channel_config channel = slack_channel();
  delivery_job job = job_for(fired, channel);
  job.public_url.clear();
  CHECK(chat::start_slack(job).request->body.find("actions") == std::string::npos);
}

TEST_CASE("Nobody is called and nothing is linked by a name that somebody gave a trunk") {
  delivery row = fired_delivery();
  row.content.title = "Trunk <!channel> & <https://evil.example|here> down";
  const auto body = body_of(row);
  CHECK(body["attachments"][0]["blocks"][0]["text"]["text"].GetString() ==
        std::string_view("Trunk &lt;!channel&gt; &amp; &lt;https://evil.example|here&gt; down"));
  CHECK(request_body(row).find("<!") == std::string::npos);
}

TEST_CASE("Every text is within its limit, and all of them within what a message may hold") {
  for (const std::string& piece : {std::string("a"), std::string("&"), std::string("☎"), std::string("📞")}) {
    INFO(piece);
    delivery row = endless_delivery(piece);
    row.possible_repeat = true;
    const auto body = body_of(row);
    const auto& blocks = body["attachments"][0]["blocks"];
    CHECK(units_of(blocks[0]["text"]["text"].GetString()) <= 150);
    CHECK(units_of(blocks[1]["text"]["text"].GetString()) <= 3000);
    CHECK(std::string(blocks[1]["text"]["text"].GetString()).ends_with("reached you.)"));
    CHECK(blocks[2]["fields"].Size() <= 10);
    std::size_t sum = 0;
    for_each_text(body, [&](std::string_view text) {
      CHECK(units_of(text) <= 3000);
      CHECK(is_utf8(text));
      sum += units_of(text);
    });
    CHECK(sum <= 8000);
  }
}

TEST_CASE("Text is cut between characters and never within an entity") {
  CHECK(chat::escaped_for_slack("a&b", 7) == "a&amp;b");
  CHECK(chat::escaped_for_slack("a&b", 6) == "a…");
  CHECK(chat::escaped_for_slack("ab&", 3) == "ab…");
  CHECK(chat::escaped_for_slack("<>", 8) == "&lt;&gt;");
  CHECK(chat::escaped_for_slack("📞📞", 4) == "📞📞");
  CHECK(chat::escaped_for_slack("📞📞", 3) == "📞…");
  CHECK(chat::escaped_for_slack("ab", 1) == "…");
  CHECK(chat::escaped_for_slack("ab", 0).empty());
  CHECK(chat::escaped_for_slack("", 5).empty());
  CHECK(chat::escaped_for_slack("\xFF", 5) == "\xEF\xBF\xBD");
}

TEST_CASE("A message says that it may be a repeat, or is a test") {
  delivery row = fired_delivery();
  row.possible_repeat = true;
  CHECK(request_body(row).find("Possible repeat") != std::string::npos);
  row.content.test = true;
  row.content.alerts.clear();
  const auto body = body_of(row);
  CHECK(std::string(body["attachments"][0]["blocks"][0]["text"]["text"].GetString()).starts_with("TEST: "));
}

TEST_CASE("Slack's answers are told apart") {
  struct row {
    int status;
    const char* body;
    outcome_kind kind;
    const char* answer;
  };
  constexpr auto revoked =
      "Slack knows no such webhook; was it removed? Compare its URL, or make a new one and put that in";
  const std::vector<row> table{
      {200, "ok", outcome_kind::accepted, "HTTP 200"},
      {200, "ok\n", outcome_kind::accepted, "HTTP 200"},
      {200, R"({"ok":false,"error":"channel_is_archived"})", outcome_kind::refused,
       "HTTP 200: channel_is_archived: its Slack channel is archived"},
      {200, R"({"ok":false,"error":"topsecret"})", outcome_kind::refused,
       "HTTP 200: the answer says that it was not taken"},
      {200, R"({"ok":true})", outcome_kind::accepted, "HTTP 200"},
      {200, R"({"ok":1})", outcome_kind::refused, "HTTP 200: the answer says that it was not taken"},
      {200, "<html>sign in, ok?</html>", outcome_kind::refused, "HTTP 200: the answer is not Slack's \"ok\""},
      {200, "", outcome_kind::refused, "HTTP 200: the answer is not Slack's \"ok\""},
      {302, "", outcome_kind::refused, "HTTP 302"},
      {400, "invalid_blocks", outcome_kind::refused, "HTTP 400: invalid_blocks: our message is not understood"},
      {403, "invalid_token", outcome_kind::refused, nullptr},
      {404, "no_service", outcome_kind::refused, nullptr},
      {404, "what is this", outcome_kind::refused, "HTTP 404"},
      {410, "channel_is_archived", outcome_kind::refused,
       "HTTP 410: channel_is_archived: its Slack channel is archived"},
      {429, "", outcome_kind::retry, "HTTP 429"},
      {500, "rollup_error", outcome_kind::retry, "HTTP 500: rollup_error: Slack is in trouble"},
      {502, "<html>", outcome_kind::retry, "HTTP 502"},
      {504, "<html>", outcome_kind::unknown, "HTTP 504"}};
  for (const row& one : table) {
    INFO(one.status << " " << one.body);
    const attempt_outcome outcome = after(answer(one.status, one.body));
    CHECK(outcome.kind == one.kind);
    const std::string wanted =
        one.answer != nullptr ? one.answer : "HTTP " + std::to_string(one.status) + ": " + one.body + ": " + revoked;
    CHECK(outcome.answer == wanted);
    CHECK(outcome.remote.empty()); // a hook names nothing that could be spoken of again
  }
  CHECK(after(answer(429, "", {{"Retry-After", "7"}})).retry_after == duration(std::chrono::seconds(7)));
}

TEST_CASE("The hook must be https, and a node may send to another place by the same path") {
  channel_config channel = slack_channel();
  CHECK_FALSE(chat::check_slack(channel));
  for (const char* bad : {"http://hooks.slack.com/services/T/B/X", "hooks.slack.com/services", "ftp://x/"}) {
    channel.secrets["webhook_url"] = secret_text(bad);
    CHECK(chat::check_slack(channel) == "webhook_url: must be an https URL");
  }
  const delivery row = fired_delivery();
  channel = slack_channel();
  delivery_job job = job_for(row, channel);
  CHECK(chat::start_slack(job).request->url == channel.secrets["webhook_url"].reveal());
  job.base_url = "http://127.0.0.1:8080/";
  job.ca_file = "/ca.pem";
  const dialect_step step = chat::start_slack(job);
  CHECK(step.request->url == "http://127.0.0.1:8080/services/T0HARBOUR/B0NOC/topsecret0123456789");
  CHECK(step.request->tls.ca_file == "/ca.pem");
  CHECK(chat::slack_address(channel, row) == "https://hooks.slack.com/***");
}
