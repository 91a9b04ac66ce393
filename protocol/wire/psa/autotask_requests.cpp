// Facts: Autotask's REST pages and its published description of the API. Title 255, description 8000 and externalID 50
// characters; a note's title 250; statuses 1 New and 5 Complete are the same everywhere; company 0 is one's own.
#include "protocol/wire/psa/autotask_requests.hpp"

#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ringdown::wire::psa {

namespace {

constexpr std::string_view discovery_host = "https://webservices2.autotask.net";
constexpr std::string_view zone_domain = ".autotask.net";
constexpr std::size_t note_title_limit = 250;
constexpr std::size_t reference_limit = 50;
constexpr std::size_t answer_limit = 1 << 20;
constexpr std::size_t name_limit = 200;
constexpr std::size_t facts_limit = 1500;
constexpr std::string_view closed_by_us = "Closed by ringdown (";
constexpr std::int64_t search_limit = 20; // more tickets of one reference than that are a fault of another kind
constexpr std::int64_t usual_due_hours = 4;

std::int64_t number_of(const std::string& digits, std::int64_t otherwise) {
  std::int64_t value = otherwise;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc() ? value : otherwise;
}

std::int64_t setting_number(const channel_config& channel, std::string_view field, std::int64_t otherwise) {
  return number_of(setting(channel, field), otherwise);
}

std::int64_t priority_of(const delivery_job& job) {
  const std::int64_t warning = setting_number(job.channel, "priority_warning", 0);
  switch (job.row.content.level) {
    case severity::critical: return setting_number(job.channel, "priority_critical", warning);
    case severity::warning: return warning;
    case severity::info: return setting_number(job.channel, "priority_info", warning);
  }
  return warning;
}

std::string title_of(const delivery& row, std::size_t limit) {
  const std::string marked = row.content.test ? "TEST: " + row.content.title : row.content.title;
  const std::string line = cut_to_bytes(one_line(marked, limit), limit);
  return line.empty() ? "Ringdown" : line;
}

// Autotask writes and takes whole seconds.
std::string seconds_text(wall_time at) { return rfc3339(at).substr(0, 19) + "Z"; }

void add_fact(std::string& facts, std::string_view name, std::string_view value) {
  const std::string line = one_line(value, name_limit);
  if (!line.empty()) facts += fmt::format("{}: {}\n", name, line);
}

// Where the PBX itself is the thing its name has been said; what a drill is labelled with is no thing.
std::string resource_of(const alert_view& lead) {
  if (lead.resource.kind == resource_kind::instance || lead.resource.kind == resource_kind::calls) return {};
  return lead.label.empty() ? to_text(lead.resource) : lead.label;
}

// What a technician needs who has only the ticket.
std::string facts_of(const delivery& row, std::string_view reference) {
  std::string facts;
  if (!row.content.alerts.empty()) {
    const alert_view& lead = row.content.alerts.front();
    add_fact(facts, "Customer", lead.customer_name);
    add_fact(facts, "PBX", lead.instance_name);
    add_fact(facts, "Resource", resource_of(lead));
    add_fact(facts, "Provider", lead.provider);
    add_fact(facts, "Since", row.content.since.empty() ? seconds_text(lead.since) : row.content.since);
  }
  add_fact(facts, "Severity", name(row.content.level));
  add_fact(facts, "Reference", reference);
  return cut_to_bytes(facts, facts_limit);
}

// The notice, then `more` in full.
std::string text_with(const delivery& row, const std::string& more) {
  const std::string text = paragraphs(row.content.text, autotask_text_limit - more.size() - 2);
  return text.empty() ? more : text + "\n\n" + more;
}

// From when the row was made, so that a repeat says the same.
std::string due_of(const delivery_job& job) {
  const std::chrono::hours hours(setting_number(job.channel, "due_hours", usual_due_hours));
  return seconds_text(job.row.created + hours);
}

void write_optional(json_writer& json, const channel_config& channel, std::string_view field, std::string_view theirs) {
  const std::string value = setting(channel, field);
  if (!value.empty()) json.number(theirs, number_of(value, 0));
}

json_member number_member(std::string key, std::int64_t value) { return {std::move(key), std::to_string(value)}; }

json_member text_member(std::string key, std::string_view value) {
  json_writer json;
  json.text(value);
  return {std::move(key), std::move(json).str()};
}

std::int64_t opening_status(const channel_config& channel) { return setting_number(channel, "status", ticket_new); }

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

} // namespace

http_request zone_request(const channel_config& channel, const std::string& base_url, const std::string& ca_file) {
  http_request request;
  request.method = http_method::get;
  const std::string host = base_url.empty() ? std::string(discovery_host) : without_slash(base_url);
  // The API user's name goes there, and neither secret.
  request.url =
      fmt::format("{}/atservicesrest/v1.0/zoneInformation?user={}", host, percent_encode(setting(channel, "username")));
  request.headers = {{"Accept", "application/json"}};
  request.tls.ca_file = ca_file;
  request.response_limit = answer_limit;
  return request;
}

bool is_trusted_zone(std::string_view url, std::string_view base_url) {
  if (!base_url.empty()) return !origin_of(url).empty() && origin_of(url) == origin_of(base_url);
  const auto parts = parse_url(url);
  if (!parts || parts->scheme != "https" || parts->port != 443 || !parts->host.ends_with(zone_domain)) return false;
  const std::string_view label = std::string_view(parts->host).substr(0, parts->host.size() - zone_domain.size());
  return !label.empty() && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

http_request api_request(const channel_config& channel, const std::string& ca_file, http_method method,
                         std::string_view zone, std::string_view path, std::string body) {
  http_request request;
  request.method = method;
  request.url = fmt::format("{}V1.0/{}", zone, path);
  request.headers = {{"UserName", setting(channel, "username")},
                     {"Secret", secret(channel, "secret").reveal()},
                     {"ApiIntegrationCode", secret(channel, "integration_code").reveal()},
                     {"Accept", "application/json"}};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.tls.ca_file = ca_file;
  request.response_limit = answer_limit;
  return request;
}

std::string reference_of(const delivery& row) {
  const std::string made =
      row.alert.empty() ? "rd-" + row.id.str() : fmt::format("rd-{}-{}", row.alert.str(), row.episode);
  return made.substr(0, reference_limit);
}

std::string replacement_of(const delivery& row) {
  return fmt::format("{}.{}", reference_of(row), row.version).substr(0, reference_limit);
}

bool is_ours(const autotask_ticket& ticket, const delivery& row) {
  const std::string ours = reference_of(row);
  return ticket.external.empty() || ticket.external == ours || ticket.external.starts_with(ours + ".");
}

std::string company_of(const delivery_job& job) {
  const notice& content = job.row.content;
  // Of an outage that of its first member that has one: the outage itself is of no customer.
  for (const alert_view& one : content.alerts)
    if (!one.company.empty()) return one.company;
  const std::string usual = setting(job.channel, "company");
  return usual.empty() && content.test ? "0" : usual;
}

std::string search_body(std::string_view reference) {
  json_writer json;
  json.open_object().number("maxRecords", search_limit).key("includeFields").open_array();
  for (const char* field : {"id", "status", "externalID"}) json.text(field);
  json.close_array().key("filter").open_array().open_object();
  json.text("op", "eq").text("field", "externalID").text("value", reference);
  json.close_object().close_array().close_object();
  return std::move(json).str();
}

std::string create_body(const delivery_job& job, std::string_view reference) {
  const channel_config& channel = job.channel;
  json_writer json;
  json.open_object();
  json.number("companyID", number_of(company_of(job), 0)).text("title", title_of(job.row, autotask_title_limit));
  json.text("description", text_with(job.row, facts_of(job.row, reference)));
  json.number("status", opening_status(channel)).number("priority", priority_of(job));
  json.number("queueID", setting_number(channel, "queue", 0));
  json.text("dueDateTime", due_of(job)).text("externalID", reference);
  write_optional(json, channel, "ticket_type", "ticketType");
  write_optional(json, channel, "source", "source");
  json.close_object();
  return std::move(json).str();
}

std::string note_body(const delivery_job& job) {
  json_writer json;
  json.open_object();
  json.text("title", title_of(job.row, note_title_limit)).text("description", text_with(job.row, note_marker(job.row)));
  json.number("noteType", setting_number(job.channel, "note_type", 0));
  json.number("publish", setting_number(job.channel, "note_publish", 1));
  json.close_object();
  return std::move(json).str();
}

std::string companies_body(std::string_view after) {
  json_writer json;
  json.open_object().number("maxRecords", autotask_company_page).key("includeFields").open_array();
  for (const char* field : {"id", "companyName"}) json.text(field);
  json.close_array().key("filter").open_array().open_object();
  json.text("op", "eq").text("field", "isActive").truth("value", true).close_object();
  if (!after.empty()) json.open_object().text("op", "gt").text("field", "id").key("value").raw(after).close_object();
  json.close_array().close_object();
  return std::move(json).str();
}

std::vector<json_member> closing(const delivery_job& job) {
  const std::string mark = fmt::format("{}{}).", closed_by_us, reference_of(job.row));
  return {number_member("status", ticket_complete), text_member("resolution", text_with(job.row, mark))};
}

std::vector<json_member> closing_extra(const delivery_job& job, std::string_view kept) {
  return {number_member("status", ticket_complete),
          text_member("resolution", fmt::format("Opened twice; ticket {} goes on. {}{}).", kept, closed_by_us,
                                                reference_of(job.row)))};
}

std::vector<json_member> reopening(const delivery_job& job) {
  return {number_member("status", opening_status(job.channel))};
}

std::vector<json_member> adopting(const delivery_job& job) {
  return {text_member("title", title_of(job.row, autotask_title_limit)), number_member("priority", priority_of(job)),
          text_member("externalID", reference_of(job.row))};
}

std::string patch_body(std::string_view ticket, const std::vector<json_member>& changed) {
  json_writer json;
  json.open_object().key("id").raw(ticket);
  for (const json_member& one : changed) json.key(one.key).raw(one.json);
  json.close_object();
  return std::move(json).str();
}

bool was_closed_by_us(const autotask_ticket& ticket) {
  return ticket.resolution.find(closed_by_us) != std::string::npos;
}

std::string note_marker(const delivery& row) { return fmt::format("({})", row.id.str()); }

} // namespace ringdown::wire::psa
