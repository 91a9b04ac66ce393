#include "protocol/wire/webhook/standard.hpp"

#include "protocol/wire/api_json.hpp"
#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <vector>

namespace ringdown::wire::webhook {

namespace {

constexpr std::size_t title_limit = 500;
constexpr std::size_t text_limit = 2000;
constexpr std::size_t body_limit = 20'000; // Standard Webhooks asks for less than 20 kB
constexpr std::size_t name_limit = 200;
constexpr std::size_t closing_room = 100; // for what closes the body
constexpr std::size_t answer_limit = 64 << 10;
constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;

// An alert whose texts are short enough that one always fits.
alert_view shortened(alert_view view) {
  for (std::string* text : {&view.tenant_name, &view.customer_name, &view.instance_name, &view.label, &view.provider,
                            &view.acknowledged_by, &view.resource.key, &view.detail})
    *text = cut_to_bytes(one_line(*text, name_limit), name_limit);
  return view;
}

std::string alert_object(const alert_view& view) {
  json_writer json;
  json.open_object();
  write_members(json, shortened(view));
  json.close_object();
  return std::move(json).str();
}

void write_named(json_writer& json, std::string_view key, std::string_view id, std::string_view display) {
  json.key(key);
  if (id.empty()) {
    json.null();
    return;
  }
  json.open_object().text("id", id).text("name", one_line(display, name_limit)).close_object();
}

void write_lead(json_writer& json, const delivery_job& job, const alert_view& lead) {
  json.key("alert").raw(alert_object(lead));
  write_named(json, "customer", lead.customer.str(), lead.customer_name);
  write_named(json, "instance", lead.instance.str(), lead.instance_name);
  const alert_view brief = shortened(lead);
  json.key("resource").open_object();
  write_resource(json, brief.resource, brief.label, brief.provider);
  json.close_object();
  json.number("episode", job.row.episode).number("version", job.row.version);
  const std::string url = job.public_url.empty() ? std::string() : job.public_url + "/api/v1/alerts/" + lead.id.str();
  json.text_or_null("url", url);
}

// All alerts of a summary as far as they fit; the count says whether some were left out.
void write_covered(json_writer& json, const std::vector<alert_view>& alerts) {
  json.number("alerts_total", static_cast<std::int64_t>(alerts.size()));
  json.key("alerts").open_array();
  for (const alert_view& view : alerts) {
    const std::string object = alert_object(view);
    if (json.str().size() + object.size() + closing_room > body_limit) break;
    json.raw(object);
  }
  json.close_array();
}

std::string body_of(const delivery_job& job) {
  const notice& content = job.row.content;
  json_writer json;
  json.open_object();
  json.text("type", fmt::format("alert.{}", name(job.row.event))).time("timestamp", content.at);
  json.key("data").open_object();
  json.text("title", cut_to_bytes(one_line(content.title, title_limit), title_limit));
  json.text("text", paragraphs(content.text, text_limit));
  json.text("severity", name(content.level)).truth("test", content.test);
  write_named(json, "tenant", job.row.tenant.str(), content.tenant_name);
  if (content.alerts.empty())
    json.key("alert").null();
  else
    write_lead(json, job, content.alerts.front());
  if (content.alerts.size() > 1) write_covered(json, content.alerts);
  json.close_object().close_object();
  return std::move(json).str();
}

std::vector<std::string> keys_of(const channel_config& channel) {
  std::vector<std::string> keys;
  for (const std::string_view field : {"secret", "previous_secret"})
    if (auto key = signing_key(secret(channel, field))) keys.push_back(std::move(*key));
  return keys;
}

std::string unix_seconds(wall_time at) {
  return fmt::format("{}", std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

// Receivers are mis-deployed now and then, so everything but a plain "gone" is tried to the end of the schedule.
attempt_outcome outcome_of(const delivery_job& job, const http_response& response) {
  const int status = response.status;
  if (status >= 200 && status <= 299) return accepted(status, job.row.id.str());
  if (status == 410) return refused(status, "the receiver wants no more of these");
  return retry(response, job.now, {});
}

} // namespace

std::optional<std::string> signing_key(const secret_text& secret) {
  const std::string_view text = secret.reveal();
  if (!text.starts_with(secret_prefix)) return std::nullopt;
  auto key = base64_decode(text.substr(secret_prefix.size()));
  if (!key || key->size() < shortest_key || key->size() > longest_key) return std::nullopt;
  return key;
}

std::string signature(std::span<const std::string> keys, std::string_view id, wall_time at, std::string_view body) {
  const std::string message = fmt::format("{}.{}.{}", id, unix_seconds(at), body);
  std::string list;
  for (const std::string& key : keys)
    list += (list.empty() ? "v1," : " v1,") + base64_encode(hmac_sha256(key, message));
  return list;
}

dialect_description describe_standard() {
  dialect_description description;
  description.kind = "webhook";
  description.title = "Webhook (Standard Webhooks)";
  description.is = channel_class::webhook;
  description.rows = delivery_kind::log;
  description.keys = target_key::known_to_it;
  description.limits = {.title = title_limit, .text = text_limit, .body = body_limit};
  description.connections = 4;
  description.fields = {
      {"url", "URL", field_kind::url, field_need::required, "receives a POST for every event of an alert", {}, {}},
      {"secret",
       "Signing secret",
       field_kind::secret,
       field_need::required,
       "whsec_ followed by the base64 of 24 to 64 random bytes",
       {},
       {}},
      {"previous_secret",
       "Previous signing secret",
       field_kind::secret,
       field_need::optional,
       "while you change secrets: both signatures are sent",
       {},
       {}},
  };
  return description;
}

std::optional<std::string> check_standard(const channel_config& channel) {
  if (auto fault = check_fields(describe_standard(), channel)) return fault;
  for (const std::string_view field : {"secret", "previous_secret"}) {
    const secret_text given = secret(channel, field);
    if (!given.empty() && !signing_key(given))
      return std::string(field) + ": must be whsec_ followed by the base64 of 24 to 64 bytes";
  }
  return std::nullopt;
}

dialect_step start_standard(const delivery_job& job) {
  const std::vector<std::string> keys = keys_of(job.channel);
  if (keys.empty()) {
    // check() refuses such a channel; if it changed since, the next attempt may find it repaired.
    attempt_outcome outcome;
    outcome.answer = "the channel has no usable signing secret";
    return ended(std::move(outcome));
  }
  http_request request;
  request.method = http_method::post;
  request.url = setting(job.channel, "url");
  request.body = body_of(job);
  request.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", job.row.id.str()},
                     {"webhook-timestamp", unix_seconds(job.now)},
                     {"webhook-signature", signature(keys, job.row.id.str(), job.now, request.body)}};
  request.tls.ca_file = job.ca_file;
  request.response_limit = answer_limit;
  return ask(std::move(request));
}

dialect_step resume_standard(const delivery_job& job, const conversation& /*at*/, const http_outcome& answer) {
  if (answer.response) return ended(outcome_of(job, *answer.response));
  return ended(without_response(answer));
}

std::string standard_address(const channel_config& channel, const delivery& /*row*/) {
  // Paths and queries of webhook URLs often are the secret.
  return origin_of(setting(channel, "url")) + "/***";
}

} // namespace ringdown::wire::webhook
