#include "actors/api/handlers.hpp"

#include "actors/api/paging.hpp"
#include "actors/api/unknown_names.hpp"
#include "actors/logic/shown_state.hpp"
#include "protocol/wire/api_json.hpp"

#include <map>
#include <utility>

namespace ringdown::api {

namespace {

void write_alert(wire::json_writer& json, const context& in, const alert& what) {
  wire::write_members(json, what);
  const auto known = in.tenants.find(what.tenant);
  const auto* instance = known ? known->config->find(what.key.instance) : nullptr;
  json.text_or_null("instance_name", instance != nullptr ? instance->name : "");
  json.text_or_null("customer", instance != nullptr ? instance->customer.str() : "");
}

void write_delivery_row(wire::json_writer& json, const persistence::delivery_row& what) {
  wire::write_members(json, what.row);
  json.time("claimed_at", what.claimed_at);
  json.time("ended", what.ended);
}

// Of a call: how far it is known to have come, and how it ended.
void write_call(wire::json_writer& json, persistence::store& store, const delivery& row) {
  if (row.target.empty()) return;
  const auto call = store.find_call(row.tenant, row.id);
  if (!call || !*call) return;
  json.text("call_stage", name((*call)->stage));
  json.text_or_null("call_result", (*call)->result == call_result::none ? std::string_view() : name((*call)->result));
  json.time("call_changed", (*call)->changed);
}

} // namespace

void get_alerts(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request);
  if (!asked) return answer(problem(asked.error()));
  persistence::alert_query query;
  query.tenant = id_parameter<tenant_id>(request, "tenant");
  query.instance = id_parameter<instance_id>(request, "instance");
  const std::string state = parameter(request, "state");
  if (!state.empty() && state != "open" && state != "all") {
    answer(problem(422, "invalid", "state is open or all"));
    return;
  }
  query.open_only = state != "all";
  query.limit = asked->limit;
  query.cursor = asked->cursor;
  answer_from_store(in, answer, [&in, query](persistence::store& store) {
    const auto found = store.alerts(query);
    if (!found) return problem(found.error());
    if (found->items.empty())
      if (auto unknown = unknown_in_empty(in, query.tenant)) return std::move(*unknown);
    return list_answer(found->items, found->next,
                       [&in](wire::json_writer& json, const alert& one) { write_alert(json, in, one); });
  });
}

void get_alert(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  answer_from_store(in, answer, [&in, id = alert_id(parts[0])](persistence::store& store) {
    const auto found = store.find_alert(id);
    if (!found) return problem(found.error());
    if (!*found) return problem(404, "not found", "no such alert");
    wire::json_writer json;
    json.open_object();
    write_alert(json, in, **found);
    json.close_object();
    return json_answer(200, std::move(json).str());
  });
}

void get_explain(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  answer_from_store(in, answer, [&in, id = alert_id(parts[0])](persistence::store& store) {
    const auto found = store.find_alert(id);
    if (!found) return problem(found.error());
    if (!*found) return problem(404, "not found", "no such alert");
    const auto reasons = store.decisions(id);
    if (!reasons) return problem(reasons.error());
    wire::json_writer json;
    json.open_object().key("alert").open_object();
    write_alert(json, in, **found);
    json.close_object().key("items").open_array();
    for (const decision& one : *reasons) {
      json.open_object();
      wire::write_members(json, one);
      const auto row =
          one.made.empty()
              ? result<std::optional<persistence::delivery_row>>(std::optional<persistence::delivery_row>())
              : store.find_delivery(one.made);
      const bool known = row && row->has_value();
      json.text_or_null("delivery_state", known ? name((*row)->row.state) : std::string_view());
      json.text_or_null("delivery_why",
                        known && (*row)->row.why != reason::none ? name((*row)->row.why) : std::string_view());
      json.text_or_null("answer", known ? std::string_view((*row)->row.answer) : std::string_view());
      if (known) write_call(json, store, (*row)->row);
      json.close_object();
    }
    json.close_array().close_object();
    return json_answer(200, std::move(json).str());
  });
}

void get_deliveries(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request);
  if (!asked) return answer(problem(asked.error()));
  persistence::delivery_query query;
  query.tenant = id_parameter<tenant_id>(request, "tenant");
  query.alert = id_parameter<alert_id>(request, "alert");
  query.channel = id_parameter<channel_id>(request, "channel");
  const std::string state = parameter(request, "state");
  query.state = parse_delivery_state(state);
  if (!state.empty() && !query.state) {
    answer(problem(422, "invalid", "no such state: " + state));
    return;
  }
  query.limit = asked->limit;
  query.cursor = asked->cursor;
  answer_from_store(in, answer, [&in, query](persistence::store& store) {
    const auto found = store.deliveries(query);
    if (!found) return problem(found.error());
    if (found->items.empty())
      if (auto unknown = unknown_in_empty(in, query.tenant, query.channel)) return std::move(*unknown);
    return list_answer(found->items, found->next, write_delivery_row);
  });
}

void get_delivery(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  answer_from_store(in, answer, [id = delivery_id(parts[0])](persistence::store& store) {
    const auto found = store.find_delivery(id);
    if (!found) return problem(found.error());
    if (!*found) return problem(404, "not found", "no such delivery");
    const auto tries = store.attempts(id);
    if (!tries) return problem(tries.error());
    wire::json_writer json;
    json.open_object();
    write_delivery_row(json, **found);
    write_call(json, store, (*found)->row);
    json.key("attempts").open_array();
    for (const attempt& one : *tries) {
      json.open_object();
      wire::write_members(json, one);
      json.close_object();
    }
    json.close_array().close_object();
    return json_answer(200, std::move(json).str());
  });
}

void get_trunks(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request, longest_page);
  if (!asked) return answer(problem(asked.error()));
  persistence::resource_query query;
  query.kinds = {resource_kind::trunk, resource_kind::bridge};
  query.tenant = id_parameter<tenant_id>(request, "tenant");
  query.instance = id_parameter<instance_id>(request, "instance");
  query.limit = asked->limit;
  query.cursor = asked->cursor;
  answer_from_store(in, answer, [&in, query](persistence::store& store) {
    const auto found = store.resources(query);
    if (!found) return problem(found.error());
    if (found->items.empty())
      if (auto unknown = unknown_in_empty(in, query.tenant)) return std::move(*unknown);
    const auto stored = store.instances(query.tenant);
    if (!stored) return problem(stored.error());
    std::map<std::pair<tenant_id, instance_id>, instance_health> health;
    for (const auto& row : *stored) health[{row.tenant, row.instance}] = row.health;
    return list_answer(found->items, found->next, [&](wire::json_writer& json, const persistence::resource_row& row) {
      json.text("tenant", row.tenant.str()).text("instance", row.instance.str());
      const instance_health& whole = health[{row.tenant, row.instance}];
      resource_record shown = row.record;
      shown.state = logic::shown_state(row.record, whole);
      wire::write_members(json, shown);
      json.truth("stale", logic::is_stale(whole, row.record.ref.kind));
    });
  });
}

void get_audit(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto tenant = id_parameter<tenant_id>(request, "tenant");
  if (!tenant) {
    answer(problem(422, "invalid", "tenant is required"));
    return;
  }
  const auto asked = page_asked(request);
  if (!asked) return answer(problem(asked.error()));
  persistence::audit_query query{*tenant, asked->limit, asked->cursor};
  answer_from_store(in, answer, [&in, query](persistence::store& store) {
    const auto found = store.audit(query);
    if (!found) return problem(found.error());
    if (found->items.empty())
      if (auto unknown = unknown_in_empty(in, query.tenant)) return std::move(*unknown);
    return list_answer(found->items, found->next, [](wire::json_writer& json, const persistence::audit_row& row) {
      json.number("sequence", static_cast<std::int64_t>(row.sequence));
      wire::write_members(json, row.entry);
      json.text("hash", row.hash);
    });
  });
}

void verify_audit(context& in, const server_request&, const path_parts&, const respond& answer) {
  answer_from_store(in, answer, [](persistence::store& store) {
    const auto verdict = store.verify_audit();
    if (!verdict) return problem(verdict.error());
    wire::json_writer json;
    json.open_object()
        .truth("intact", verdict->broken.empty())
        .number("checked", static_cast<std::int64_t>(verdict->checked));
    json.key("broken").open_array();
    for (const std::string& one : verdict->broken) json.text(one);
    json.close_array().close_object();
    return json_answer(200, std::move(json).str());
  });
}

} // namespace ringdown::api
