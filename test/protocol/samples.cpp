#include "test/protocol/samples.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#ifndef RINGDOWN_FIXTURES
#define RINGDOWN_FIXTURES "."
#endif

namespace ringdown::samples {

wall_time noon() { return wall_time(std::chrono::seconds(1'790'924'400)); }

std::string fixture(std::string_view file) {
  std::ifstream stream(std::string(RINGDOWN_FIXTURES "/").append(file));
  if (!stream) throw std::runtime_error("no fixture " + std::string(file));
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

http_outcome answer(int status, std::string body, http_headers headers) {
  http_outcome outcome;
  outcome.response.emplace();
  outcome.response->status = status;
  outcome.response->headers = std::move(headers);
  outcome.response->body = std::move(body);
  outcome.sent = true;
  return outcome;
}

http_outcome no_answer(transport_error error) {
  http_outcome outcome;
  outcome.error = error;
  outcome.stage = http_stage::connect;
  return outcome;
}

http_outcome lost_answer(transport_error error) {
  http_outcome outcome;
  outcome.error = error;
  outcome.stage = http_stage::receive;
  outcome.sent = true;
  return outcome;
}

mail_outcome mail_answer(int code, std::string enhanced) {
  mail_outcome outcome;
  outcome.code = code;
  outcome.enhanced = std::move(enhanced);
  return outcome;
}

alert_view trunk_view() {
  alert_view view;
  view.id = alert_id("al_0123456789abcdefghjkmnpqrs");
  view.episode = 2;
  view.version = 3;
  view.type = alert_type::trunk_down;
  view.level = severity::critical;
  view.tenant = tenant_id("harbour");
  view.tenant_name = "Harbour IT";
  view.customer = customer_id("fishers");
  view.customer_name = "Fishers & Söhne";
  view.instance = instance_id("kiel");
  view.instance_name = "Kiel HQ";
  view.resource = {resource_kind::trunk, "73"};
  view.label = "Lighthouse Voice";
  view.provider = "reg.lighthouse.example";
  view.why = cause::credentials_rejected;
  view.detail = "403";
  view.since = noon() - std::chrono::minutes(3);
  view.not_before = noon() - std::chrono::minutes(4);
  return view;
}

delivery fired_delivery() {
  delivery row;
  row.id = delivery_id("dl_0123456789abcdefghjkmnpqrs");
  row.tenant = tenant_id("harbour");
  row.channel = channel_id("noc");
  row.alert = trunk_view().id;
  row.episode = 2;
  row.version = 3;
  row.level = severity::critical;
  row.content.level = severity::critical;
  row.content.title = "Trunk down: Lighthouse Voice at Kiel HQ";
  row.content.text = "The provider refuses our credentials (403) since 06:57.";
  row.content.at = noon();
  row.content.alerts = {trunk_view()};
  row.content.tenant = tenant_id("harbour");
  row.content.tenant_name = "Harbour IT";
  row.content.acknowledge_path = "/a/ack-token-0123456789";
  row.content.since = "between 08:56 and 08:57 CEST";
  return row;
}

channel_config ntfy_channel() {
  channel_config channel;
  channel.id = channel_id("noc-push");
  channel.kind = "ntfy";
  channel.settings = {{"url", "https://push.harbour.example"}, {"topic", "harbour-noc"}};
  channel.secrets = {{"token", secret_text("tk_topsecret0123456789")}};
  return channel;
}

channel_config webhook_channel() {
  channel_config channel;
  channel.id = channel_id("hook");
  channel.kind = "webhook";
  channel.settings = {{"url", "https://hooks.harbour.example/in/pathsecret"}};
  // base64 of "topsecret-0123456789-harbour"
  channel.secrets = {{"secret", secret_text("whsec_dG9wc2VjcmV0LTAxMjM0NTY3ODktaGFyYm91cg==")}};
  return channel;
}

channel_config email_channel() {
  channel_config channel;
  channel.id = channel_id("noc-mail");
  channel.kind = "email";
  channel.settings = {{"host", "mx.harbour.example"}, {"from", "alerts@harbour.example"}, {"to", "jo@harbour.example"}};
  channel.secrets = {{"password", secret_text("topsecret-mail-0123")}};
  return channel;
}

channel_config slack_channel() {
  channel_config channel;
  channel.id = channel_id("noc-chat");
  channel.kind = "slack";
  channel.secrets = {
      {"webhook_url", secret_text("https://hooks.slack.com/services/T0HARBOUR/B0NOC/topsecret0123456789")}};
  return channel;
}

channel_config autotask_channel() {
  channel_config channel;
  channel.id = channel_id("tickets");
  channel.kind = "autotask";
  channel.settings = {{"username", "ringdown-api@harbour.example"},
                      {"company", "174"},
                      {"queue", "29682833"},
                      {"priority_critical", "4"},
                      {"priority_warning", "2"},
                      {"note_type", "3"}};
  channel.secrets = {{"secret", secret_text("topsecret-0123456789")},
                     {"integration_code", secret_text("CODETOPSECRET")}};
  return channel;
}

channel_config twilio_channel() {
  channel_config channel;
  channel.id = channel_id("noc-phone");
  channel.kind = "twilio";
  channel.settings = {{"account", "AC0123456789abcdef0123456789abcdef"}, {"from", "+12025550100"}};
  channel.secrets = {{"auth_token", secret_text("topsecret-token")}};
  return channel;
}

std::vector<http_outcome> preface_of(std::string_view kind) {
  if (kind != "autotask") return {};
  return {answer(200, fixture("autotask/zone.json"))};
}

channel_config channel_of(std::string_view kind) {
  if (kind == "email") return email_channel();
  if (kind == "ntfy") return ntfy_channel();
  if (kind == "webhook") return webhook_channel();
  if (kind == "slack") return slack_channel();
  if (kind == "autotask") return autotask_channel();
  if (kind == "twilio") return twilio_channel();
  throw std::runtime_error("no sample channel of kind " + std::string(kind));
}

wire::delivery_job job_for(const delivery& row, const channel_config& channel) {
  return {.row = row,
          .channel = channel,
          .public_url = "https://ringdown.harbour.example",
          .base_url = {},
          .ca_file = {},
          .now = noon()};
}

} // namespace ringdown::samples
