// Facts: ntfy's publishing documentation and its server's error codes. Topic [-_A-Za-z0-9]{1,64}; a message above 4096
// bytes would become an attachment; the server sends no Retry-After of its own; 42908 is the daily limit.
#include "protocol/wire/push/ntfy.hpp"

#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::wire::push {

namespace {

constexpr std::string_view public_server = "https://ntfy.sh";
constexpr std::size_t title_limit = 250;
constexpr std::size_t text_limit = 4096;
constexpr std::size_t body_limit = 32 << 10; // the server's own limit for a JSON publish
constexpr std::size_t answer_limit = 64 << 10;
constexpr std::int64_t daily_limit_code = 42908;
constexpr duration daily_limit_pause = std::chrono::hours(1);
constexpr std::string_view repeat_remark = "(Possible repeat: an earlier attempt may have reached you.)";

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

// The channel's own server, else the node's setting, else the public one; with the slash a JSON publish goes to.
std::string server_of(const channel_config& channel, std::string_view base_url) {
  std::string url = setting(channel, "url");
  if (url.empty()) url = base_url.empty() ? public_server : base_url;
  while (url.ends_with('/')) url.pop_back();
  return url + "/";
}

bool is_over(notice_event event) { return event == notice_event::resolved || event == notice_event::acknowledged; }

int priority_of(const delivery& row) {
  if (is_over(row.event) || row.event == notice_event::updated) return 3;
  switch (row.content.level) {
    case severity::critical: return 5;
    case severity::warning: // S-T3: normal
    case severity::info: return 3;
  }
  return 3;
}

// The first tag is one ntfy shows as a picture.
std::string_view picture_of(const delivery& row) {
  if (row.content.test) return "test_tube";
  if (row.event == notice_event::resolved) return "white_check_mark";
  if (row.event == notice_event::acknowledged) return "ok_hand";
  switch (row.content.level) {
    case severity::critical: return "rotating_light";
    case severity::warning: return "warning";
    case severity::info: return "information_source";
  }
  return "information_source";
}

std::string title_of(const delivery& row) {
  const std::string marked = row.content.test ? "TEST: " + row.content.title : row.content.title;
  return cut_to_bytes(one_line(marked, title_limit), title_limit);
}

std::string text_of(const delivery& row) {
  const std::string_view remark = row.possible_repeat ? repeat_remark : std::string_view();
  std::string text = paragraphs(row.content.text, text_limit - remark.size() - 1);
  if (!remark.empty()) text += (text.empty() ? "" : "\n") + std::string(remark);
  return text.empty() ? title_of(row) : text;
}

// A phone rings once for a number: what comes later under the same one replaces what is shown, silently. So each fire and
// each rise has its own, and so has what rings again without either; an end has the number of the fire that it replaces.
bool is_shown_by_version(const delivery& row) {
  switch (row.event) {
    case notice_event::fired:
    case notice_event::acknowledged:
    case notice_event::resolved:
    case notice_event::updated: return !row.alert.empty() && row.round == 0;
    case notice_event::escalated:
    case notice_event::reminder:
    case notice_event::summary:
    case notice_event::handed_over:
    case notice_event::test: return false;
  }
  return false;
}

std::string sequence_of(const delivery& row) {
  const std::string sequence =
      is_shown_by_version(row) ? fmt::format("{}-{}-{}", row.alert.str(), row.episode, row.version) : row.id.str();
  return is_word(sequence) ? sequence : std::string();
}

std::string acknowledge_page(const delivery_job& job) {
  const std::string& path = job.row.content.acknowledge_path;
  if (path.empty() || job.public_url.empty() || is_over(job.row.event)) return {};
  const std::string url = job.public_url + path;
  return parse_url(url) ? url : std::string();
}

std::string body_of(const delivery_job& job) {
  const delivery& row = job.row;
  json_writer json;
  json.open_object();
  json.text("topic", setting(job.channel, "topic")).text("title", title_of(row)).text("message", text_of(row));
  json.number("priority", priority_of(row));
  json.key("tags").open_array().text(picture_of(row)).text(name(row.event)).text(name(row.content.level));
  if (!row.content.alerts.empty()) json.text(name(row.content.alerts.front().type));
  if (row.possible_repeat) json.text("possible_repeat");
  json.close_array();
  if (const std::string sequence = sequence_of(row); !sequence.empty()) json.text("sequence_id", sequence);
  if (const std::string page = acknowledge_page(job); !page.empty()) {
    // Opens a page that asks; an action that acknowledged by itself could be triggered by anything that follows links.
    json.text("click", page);
    json.key("actions").open_array().open_object();
    json.text("action", "view").text("label", "Acknowledge").text("url", page);
    json.close_object().close_array();
  }
  json.close_object();
  return std::move(json).str();
}

std::string authorization_of(const channel_config& channel) {
  if (const secret_text token = secret(channel, "token"); !token.empty()) return "Bearer " + token.reveal();
  const std::string user = setting(channel, "username");
  if (user.empty()) return {};
  return "Basic " + base64_encode(user + ":" + secret(channel, "password").reveal());
}

class answer_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "id") id = value.as_text().value_or(std::string_view());
    if (path.depth() == 1 && path.last() == "code") code = value.as_integer();
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::string id;
  std::optional<std::int64_t> code;
};

// ntfy's five-digit code when the body has one of that form.
std::optional<std::int64_t> code_in(const http_response& response) {
  answer_visitor visitor;
  if (read_json(response.body, answer_limit, visitor) != json_problem::none) return std::nullopt;
  return visitor.code && *visitor.code >= 10'000 && *visitor.code <= 99'999 ? visitor.code : std::nullopt;
}

// What a person has to do, behind ntfy's code.
std::string_view advice_for(int status, const channel_config& channel) {
  const bool login = !authorization_of(channel).empty();
  if (status == 401) return login ? "the login or token is not accepted" : "the topic wants a token or a login";
  if (status == 403)
    return login ? "that login or token may not write to the topic" : "the topic wants a token or a login";
  return {};
}

std::string note_of(const http_response& response, const channel_config& channel) {
  std::string advice(advice_for(response.status, channel));
  const auto code = code_in(response);
  if (!code) return advice;
  return advice.empty() ? fmt::format("ntfy code {}", *code) : fmt::format("ntfy code {}: {}", *code, advice);
}

attempt_outcome published(const http_response& response) {
  answer_visitor visitor;
  const bool read = read_json(response.body, answer_limit, visitor) == json_problem::none;
  if (!read || !is_word(visitor.id)) return unknown(response.status, "without a message id");
  return accepted(response.status, visitor.id);
}

attempt_outcome outcome_of(const delivery_job& job, const http_response& response) {
  const int status = response.status;
  if (status >= 200 && status <= 299) return published(response);
  const std::string note = note_of(response, job.channel);
  if (status == 429) {
    attempt_outcome outcome = retry(response, job.now, note);
    if (code_in(response) == daily_limit_code) outcome.retry_after = daily_limit_pause;
    return outcome;
  }
  // A gateway that gave up waiting had passed it on; the other failures come before the message is taken.
  if (status == 504) return unknown(status, note);
  if (status == 408 || (status >= 500 && status <= 599)) return retry(response, job.now, note);
  if (status >= 300 && status <= 499) return refused(status, note);
  return unknown(status, "no final status");
}

} // namespace

dialect_description describe_ntfy() {
  dialect_description description;
  description.kind = "ntfy";
  description.title = "Push (ntfy)";
  description.is = channel_class::push;
  description.rows = delivery_kind::interrupt;
  description.keys = target_key::unknown_to_it;
  description.limits = {.title = title_limit, .text = text_limit, .body = body_limit};
  description.connections = 2;
  description.fields = {
      {"url", "Server", field_kind::url, field_need::optional, "https://ntfy.sh or your own server", public_server, {}},
      {"topic",
       "Topic",
       field_kind::text,
       field_need::required,
       "1 to 64 letters, digits, - and _; who knows it can read along unless the server asks for a login",
       {},
       {}},
      {"token", "Access token", field_kind::secret, field_need::optional, "tk_..., if the topic is protected", {}, {}},
      {"username", "User name", field_kind::text, field_need::optional, "instead of a token", {}, {}},
      {"password", "Password", field_kind::secret, field_need::optional, "of that user", {}, {}},
  };
  return description;
}

std::optional<std::string> check_ntfy(const channel_config& channel) {
  if (auto fault = check_fields(describe_ntfy(), channel)) return fault;
  if (!is_word(setting(channel, "topic"))) return "topic: must be 1 to 64 letters, digits, - or _";
  if (!is_header_safe(secret(channel, "token").reveal())) return "token: holds a character no token has";
  const std::string user = setting(channel, "username");
  if (user.find(':') != std::string::npos) return "user: must not hold a colon";
  const bool password = !secret(channel, "password").empty();
  if (user.empty() && password) return "user: is required with a password";
  if (!user.empty() && !password) return "password: is required with a user";
  if (!user.empty() && !secret(channel, "token").empty()) return "token: give either a token or a user, not both";
  return std::nullopt;
}

dialect_step start_ntfy(const delivery_job& job) {
  http_request request;
  request.method = http_method::post;
  request.url = server_of(job.channel, job.base_url);
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  if (std::string login = authorization_of(job.channel); !login.empty())
    request.headers.emplace_back("Authorization", std::move(login));
  request.body = body_of(job);
  request.tls.ca_file = job.ca_file;
  request.response_limit = answer_limit;
  return ask(std::move(request));
}

dialect_step resume_ntfy(const delivery_job& job, const conversation& /*at*/, const http_outcome& answer) {
  if (!answer.response) return ended(without_response(answer));
  return ended(outcome_of(job, *answer.response));
}

std::string ntfy_address(const channel_config& channel, const delivery& /*row*/) {
  const std::string topic = setting(channel, "topic");
  return origin_of(server_of(channel, {})) + "/" + topic.substr(0, std::min<std::size_t>(2, topic.size() / 2)) + "***";
}

} // namespace ringdown::wire::push
