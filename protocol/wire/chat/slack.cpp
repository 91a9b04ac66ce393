// Facts: Slack's pages on incoming webhooks and Block Kit. Header 150 characters, section 3000, fields 10 of 2000, button
// text 75 and URL 3000; above some 10,000 characters in all blocks a message is refused, though no page says so.
#include "protocol/wire/chat/slack.hpp"

#include "protocol/wire/json.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace ringdown::wire::chat {

namespace {

constexpr std::size_t title_limit = 150;
constexpr std::size_t line_limit = 300; // the line a notification shows, sent twice
constexpr std::size_t text_limit = 3000;
constexpr std::size_t field_limit = 300;
constexpr std::size_t most_fields = 7;
constexpr std::size_t url_limit = 3000;
constexpr std::size_t sum_limit = 8000; // of all texts together, below what was seen to be refused
constexpr std::size_t body_limit = 40'000;
constexpr std::size_t answer_limit = 64 << 10;
static_assert(title_limit + 2 * line_limit + text_limit + most_fields * field_limit < sum_limit);
constexpr std::string_view ellipsis = "…";
constexpr std::string_view repeat_remark = "(Possible repeat: an earlier attempt may have reached you.)";

bool is_over(notice_event event) { return event == notice_event::resolved || event == notice_event::acknowledged; }

// The bar beside the message.
std::string_view colour_of(const delivery& row) {
  if (row.event == notice_event::resolved) return "#188038";
  if (row.event == notice_event::acknowledged || row.content.test) return "#5f6368";
  switch (row.content.level) {
    case severity::critical: return "#d93025";
    case severity::warning: return "#f29900";
    case severity::info: return "#1a73e8";
  }
  return "#1a73e8";
}

std::string_view level_words(severity level) {
  switch (level) {
    case severity::critical: return "Critical";
    case severity::warning: return "Warning";
    case severity::info: return "Info";
  }
  return "Info";
}

std::string title_of(const delivery& row) {
  const std::string marked = row.content.test ? "TEST: " + row.content.title : row.content.title;
  const std::string line = one_line(marked, title_limit);
  return line.empty() ? "Ringdown" : line;
}

std::string text_of(const delivery& row) {
  const std::string_view remark = row.possible_repeat ? repeat_remark : std::string_view();
  // Bytes are never fewer than UTF-16 units, so this bounds the work and not the text.
  std::string text = escaped_for_slack(paragraphs(row.content.text, 4 * text_limit), text_limit - remark.size() - 1);
  if (!remark.empty()) text += (text.empty() ? "" : "\n") + std::string(remark);
  return text.empty() ? escaped_for_slack(title_of(row), title_limit) : text;
}

struct shown_field {
  std::string_view name;
  std::string value;
};

std::string status_of(const notice& content) {
  const alert_view& lead = content.alerts.front();
  const std::string& by = content.taken_by.empty() ? lead.acknowledged_by : content.taken_by;
  if (lead.phase == alert_phase::acknowledged && !by.empty()) return "acknowledged by " + by;
  return std::string(name(lead.phase)) + (lead.flapping ? ", flapping" : "");
}

// "2026-10-02 06:57 UTC": of a notice that was stored without the tenant's time.
std::string minute_of(wall_time at) {
  std::string text = rfc3339(at).substr(0, 16);
  if (const auto day_ends = text.find('T'); day_ends != std::string::npos) text[day_ends] = ' ';
  return text + " UTC";
}

std::vector<shown_field> fields_of(const delivery& row) {
  if (row.content.alerts.empty()) return {{"Tenant", row.content.tenant_name}};
  const alert_view& lead = row.content.alerts.front();
  const std::size_t count = row.content.alerts.size();
  return {{"Customer", lead.customer_name},
          {"PBX", lead.instance_name},
          {"Severity", std::string(level_words(row.content.level))},
          {"Status", status_of(row.content)},
          {"Since", row.content.since.empty() ? minute_of(lead.since) : row.content.since},
          {"Provider", lead.provider},
          {"Alerts", count > 1 ? std::to_string(count) : std::string()}};
}

std::string acknowledge_page(const delivery_job& job) {
  const std::string& path = job.row.content.acknowledge_path;
  if (path.empty() || job.public_url.empty() || is_over(job.row.event)) return {};
  const std::string url = job.public_url + path;
  return parse_url(url) && url.size() <= url_limit ? url : std::string();
}

void write_text(json_writer& json, std::string_view type, std::string_view text) {
  json.open_object().text("type", type).text("text", text).close_object();
}

void write_fields(json_writer& json, const delivery& row) {
  std::vector<shown_field> fields = fields_of(row);
  std::erase_if(fields, [](const shown_field& one) { return one_line(one.value, 1).empty(); });
  if (fields.empty()) return;
  json.open_object().text("type", "section").key("fields").open_array();
  for (const shown_field& one : fields) {
    const std::string head = fmt::format("*{}*\n", one.name);
    const std::string value = escaped_for_slack(one_line(one.value, field_limit), field_limit - head.size());
    write_text(json, "mrkdwn", head + value);
  }
  json.close_array().close_object();
}

void write_blocks(json_writer& json, const delivery_job& job) {
  json.key("blocks").open_array();
  json.open_object().text("type", "header").key("text");
  write_text(json, "plain_text", escaped_for_slack(title_of(job.row), title_limit));
  json.close_object().open_object().text("type", "section").key("text");
  write_text(json, "mrkdwn", text_of(job.row));
  json.close_object();
  write_fields(json, job.row);
  if (const std::string page = acknowledge_page(job); !page.empty()) {
    // Opens a page that asks: a hook cannot hear a button that was pressed.
    json.open_object().text("type", "actions").key("elements").open_array();
    json.open_object().text("type", "button").text("style", "primary").key("text");
    write_text(json, "plain_text", "Acknowledge");
    json.text("url", page).close_object().close_array().close_object();
  }
  json.close_array();
}

std::string body_of(const delivery_job& job) {
  const delivery& row = job.row;
  const bool alarms = !is_over(row.event) && !row.content.test;
  const std::string level = alarms ? fmt::format("{}: ", level_words(row.content.level)) : std::string();
  const std::string line = escaped_for_slack(level + title_of(row), line_limit);
  json_writer json;
  json.open_object().text("text", line);
  json.key("attachments").open_array().open_object();
  json.text("color", colour_of(row)).text("fallback", line);
  write_blocks(json, job);
  json.close_object().close_array().close_object();
  return std::move(json).str();
}

// What the hook says when it refuses, and what a person has to do. No other word of an answer is repeated.
struct known_refusal {
  std::string_view word;
  std::string_view meaning;
};
constexpr std::string_view unknown_hook =
    "Slack knows no such webhook; was it removed? Compare its URL, or make a new one and put that in";
constexpr auto refusals = std::to_array<known_refusal>({
    {"no_service", unknown_hook},
    {"no_active_hooks", unknown_hook},
    {"invalid_token", unknown_hook},
    {"no_team", "the workspace is gone"},
    {"team_disabled", "the workspace is disabled"},
    {"channel_not_found", "its Slack channel is gone"},
    {"channel_is_archived", "its Slack channel is archived"},
    {"user_not_found", "its Slack user is gone"},
    {"action_prohibited", "an administrator forbids it"},
    {"invalid_payload", "our message is not understood"},
    {"invalid_blocks", "our message is not understood"},
    {"no_text", "our message is not understood"},
    {"too_many_attachments", "our message is not understood"},
    {"missing_text_or_fallback_or_attachments", "our message is not understood"},
    {"rollup_error", "Slack is in trouble"},
});

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto from = text.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

class answer_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "ok") ok = value.as_bool();
    if (path.depth() == 1 && path.last() == "error") error = value.as_text().value_or(std::string_view());
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::optional<bool> ok;
  std::string error;
};

std::string note_of(std::string_view word) {
  const auto known = std::ranges::find(refusals, word, &known_refusal::word);
  return known == refusals.end() ? std::string() : fmt::format("{}: {}", known->word, known->meaning);
}

// A 200 is no success by itself: a gateway's page has one, and so has {"ok":false}. What stands in for a hook may answer as
// the Web API does.
attempt_outcome taken(const delivery_job& job, const http_response& response) {
  const std::string_view text = trimmed(response.body);
  if (text == "ok") return accepted(response.status, job.row.id.str());
  answer_visitor visitor;
  if (read_json(response.body, answer_limit, visitor) != json_problem::none)
    return refused(response.status, "the answer is not Slack's \"ok\"");
  if (visitor.ok.value_or(false)) return accepted(response.status, job.row.id.str());
  const std::string note = note_of(visitor.error);
  return refused(response.status, note.empty() ? "the answer says that it was not taken" : note);
}

attempt_outcome outcome_of(const delivery_job& job, const http_response& response) {
  const int status = response.status;
  if (status >= 200 && status <= 299) return taken(job, response);
  const std::string note = note_of(trimmed(response.body));
  if (status == 408 || status == 429) return retry(response, job.now, note);
  // A gateway that gave up waiting had passed it on; other failures come before a message is taken.
  if (status == 504) return unknown(status, note);
  if (status >= 500) return retry(response, job.now, note);
  return refused(status, note);
}

// The hook's own URL; with [provider.slack] base_url the same path there.
std::string hook_of(const delivery_job& job) {
  const secret_text hook = secret(job.channel, "webhook_url");
  const auto parts = parse_url(hook.reveal());
  if (!parts || job.base_url.empty()) return hook.reveal();
  return job.base_url.substr(0, job.base_url.find_last_not_of('/') + 1) + parts->target;
}

} // namespace

std::string escaped_for_slack(std::string_view text, std::size_t units) {
  std::string out;
  std::size_t used = 0;
  std::size_t room_at = 0; // where an ellipsis still has room
  const std::string sound = repaired_utf8(text);
  for (std::size_t at = 0; at < sound.size();) {
    const auto lead = static_cast<unsigned char>(sound[at]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::string_view piece = std::string_view(sound).substr(at, bytes);
    if (piece == "&") piece = "&amp;";
    if (piece == "<") piece = "&lt;";
    if (piece == ">") piece = "&gt;";
    const std::size_t size = bytes == 1 ? piece.size() : bytes == 4 ? 2 : 1;
    if (used + size > units) {
      out.resize(room_at);
      return units == 0 ? out : out.append(ellipsis);
    }
    out += piece;
    used += size;
    if (used < units) room_at = out.size();
    at += bytes;
  }
  return out;
}

dialect_description describe_slack() {
  dialect_description description;
  description.kind = "slack";
  description.title = "Slack (incoming webhook)";
  description.is = channel_class::chat;
  description.rows = delivery_kind::mirror;
  description.keys = target_key::unknown_to_it;
  description.limits = {.title = title_limit, .text = text_limit, .body = body_limit};
  description.connections = 1;
  // One message a second for each hook, and a tenth more: what was allowed a second apart may get there closer together.
  description.account = {.per = std::chrono::milliseconds(1100), .burst = 1, .at_once = 0};
  description.fields = {
      {"webhook_url",
       "Webhook URL",
       field_kind::secret,
       field_need::required,
       "https://hooks.slack.com/services/...; who knows it can post to the channel",
       {},
       {}},
  };
  return description;
}

std::optional<std::string> check_slack(const channel_config& channel) {
  if (auto fault = check_fields(describe_slack(), channel)) return fault;
  const auto parts = parse_url(secret(channel, "webhook_url").reveal());
  if (!parts || parts->scheme != "https") return "webhook_url: must be an https URL";
  return std::nullopt;
}

std::string slack_account(const channel_config& channel, const std::string& base_url) {
  return base_url + " " + secret(channel, "webhook_url").reveal();
}

dialect_step start_slack(const delivery_job& job) {
  http_request request;
  request.method = http_method::post;
  request.url = hook_of(job);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body_of(job);
  request.tls.ca_file = job.ca_file;
  request.response_limit = answer_limit;
  return ask(std::move(request));
}

dialect_step resume_slack(const delivery_job& job, const conversation& /*at*/, const http_outcome& answer) {
  if (!answer.response) return ended(without_response(answer));
  return ended(outcome_of(job, *answer.response));
}

std::string slack_address(const channel_config& channel, const delivery& /*row*/) {
  // All but the host is the secret.
  return origin_of(secret(channel, "webhook_url").reveal()) + "/***";
}

} // namespace ringdown::wire::chat
