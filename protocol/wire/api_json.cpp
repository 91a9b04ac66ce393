#include "protocol/wire/api_json.hpp"

#include "protocol/types/call.hpp"

#include "protocol/types/observation.hpp"

#include <array>

namespace ringdown::wire {

namespace {

// Read out at a number to prove that somebody is there: whoever reads it here would need no phone.
bool is_code(const delivery& what) { return what.alert.empty() && !what.target.empty(); }

void write_masks(json_writer& json, mask_set masks) {
  json.key("masks").open_array();
  for (const mask one : {mask::parent, mask::blind, mask::maintenance, mask::snooze, mask::mute})
    if (has(masks, one)) json.text(name(one));
  json.close_array();
}

void write_ref(json_writer& json, const resource_ref& ref, std::string_view label, std::string_view provider) {
  json.key("resource").open_object();
  write_resource(json, ref, label, provider);
  json.close_object();
}

} // namespace

void write_resource(json_writer& json, const resource_ref& ref, std::string_view label, std::string_view provider) {
  json.text("kind", name(ref.kind)).text("id", ref.key).text("name", label).text_or_null("provider", provider);
}

void write_members(json_writer& json, const alert_view& what) {
  json.text("id", what.id.str()).number("episode", what.episode).number("version", what.version);
  json.text("type", name(what.type)).text("state", name(what.phase)).text("severity", name(what.level));
  json.text("tenant", what.tenant.str()).text_or_null("customer", what.customer.str());
  json.text_or_null("instance", what.instance.str()).text_or_null("instance_name", what.instance_name);
  write_ref(json, what.resource, what.label, what.provider);
  json.text_or_null("cause", what.why == cause::none ? std::string_view() : name(what.why));
  json.text("detail", what.detail);
  json.time("since", what.since).time("not_before", what.not_before).time("resolved_at", what.resolved);
  json.truth("flapping", what.flapping).text_or_null("acknowledged_by", what.acknowledged_by);
  json.text_or_null("parent", what.parent.str());
}

void write_members(json_writer& json, const acknowledgement& what) {
  json.text("by", what.by).text("via", what.via).time("at", what.at).number("episode", what.episode);
}

void write_members(json_writer& json, const alert& what) {
  json.text("id", what.id.str()).number("episode", what.episode).number("version", what.version);
  json.text("type", name(what.key.type)).text("category", name(facts(what.key.type).belongs_to));
  json.text("state", name(what.phase)).text("severity", name(what.level));
  json.text_or_null("told_severity", what.told ? name(*what.told) : std::string_view());
  json.text("tenant", what.tenant.str()).text_or_null("instance", what.key.instance.str());
  write_ref(json, what.key.resource, what.label, what.provider);
  json.text_or_null("cause", what.why == cause::none ? std::string_view() : name(what.why));
  json.text("detail", what.detail);
  json.time("opened_at", what.opened).time("since", what.since).time("not_before", what.not_before);
  json.time("resolved_at", what.resolved).time("unseen_since", what.unseen_since);
  json.time("snoozed_until", what.snoozed_until);
  write_masks(json, what.masks);
  json.truth("removed", what.removed).truth("flapping", what.flapping).truth("first_sight", what.first_sight);
  json.truth("settling", what.settling).truth("drill", what.drill);
  json.text_or_null("parent", what.parent ? what.parent->str() : std::string_view());
  json.text("current", name(what.current)).text("trace", what.trace);
  json.key("acknowledged");
  if (!what.ack) {
    json.null();
    return;
  }
  json.open_object();
  write_members(json, *what.ack);
  json.close_object();
}

void write_members(json_writer& json, const delivery& what) {
  json.text("id", what.id.str()).text("tenant", what.tenant.str()).text("channel", what.channel.str());
  json.text("kind", name(what.kind)).text("event", name(what.event)).text("severity", name(what.level));
  json.text_or_null("alert", what.alert.str()).number("episode", what.episode).number("version", what.version);
  json.text("target", masked_number(what.target)).number("step", what.step).number("round", what.round);
  json.text("state", name(what.state));
  json.text_or_null("reason", what.why == reason::none ? std::string_view() : name(what.why));
  json.number("attempts", what.attempts).truth("possible_repeat", what.possible_repeat);
  json.time("created_at", what.created).time("not_before", what.not_before).time("give_up_at", what.give_up_at);
  json.text_or_null("after", what.after ? what.after->str() : std::string_view());
  json.text_or_null("reference", what.reference).text_or_null("answer", what.answer);
  json.text("title", what.content.title)
      .text("text", is_code(what) ? std::string() : what.content.text)
      .truth("test", what.content.test);
  json.text("trace", what.trace);
}

void write_members(json_writer& json, const attempt& what) {
  json.text("delivery", what.delivery.str()).number("number", what.number);
  json.time("started_at", what.started).time("ended_at", what.ended).text("outcome", name(what.outcome));
  json.key("status");
  if (what.status == 0)
    json.null();
  else
    json.number(what.status);
  json.text("address", what.address).text("answer", what.answer);
}

void write_members(json_writer& json, const decision& what) {
  json.text("alert", what.alert.str()).number("episode", what.episode).number("version", what.version);
  json.text("event", name(what.event))
      .text_or_null("channel", what.channel.str())
      .text("target", masked_number(what.target));
  json.text("reason", name(what.deciding)).text("gates", what.gates).text("detail", what.detail);
  json.text_or_null("delivery", what.made.str()).time("at", what.at);
}

void write_members(json_writer& json, const audit_entry& what) {
  json.text("actor", what.actor).text("action", what.action).text("subject", what.subject);
  json.text("detail", what.detail).time("at", what.at);
}

void write_members(json_writer& json, const instance_config& what) {
  json.text("id", what.id.str()).text("name", what.name).text_or_null("customer", what.customer.str());
  json.text("url", what.url).text_or_null("address", what.address);
}

void write_members(json_writer& json, const instance_health& what) {
  json.text("reach", name(what.reach));
  json.text_or_null("cause", what.why == cause::none ? std::string_view() : name(what.why));
  json.time("since", what.since == wall_time{} ? std::optional<wall_time>() : what.since);
  json.text_or_null("version", what.version);
  json.key("blind").open_array();
  for (const endpoint one : {endpoint::trunks, endpoint::sbcs, endpoint::system_status, endpoint::services})
    if ((what.blind & bit(one)) != 0) json.text(name(one));
  json.close_array().truth("starting", what.starting);
}

void write_members(json_writer& json, const resource_record& what) {
  json.text("id", what.ref.key).text("name", what.label).text("kind", name(what.ref.kind));
  json.text("state", name(what.state)).text_or_null("provider", what.provider).text_or_null("number", what.number);
  json.text("direction", name(what.direction)).text("role", name(what.role));
  json.time("since", what.since).text("detail", what.detail);
}

void write_problem(json_writer& json, int status, std::string_view title, std::string_view detail) {
  json.text("type", "about:blank").text("title", title).number("status", status).text("detail", detail);
}

std::string problem_json(int status, std::string_view title, std::string_view detail) {
  json_writer json;
  json.open_object();
  write_problem(json, status, title, detail);
  json.close_object();
  return std::move(json).str();
}

} // namespace ringdown::wire
