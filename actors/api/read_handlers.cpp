#include "actors/api/handlers.hpp"

#include "protocol/types/observation.hpp"
#include "protocol/wire/api_json.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::size_t usual_page = 100;
constexpr std::size_t longest_page = 1000;

std::size_t limit_of(const server_request& request, std::size_t usual) {
  const std::string text = parameter(request, "limit");
  std::size_t limit = usual;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
  return read.ec == std::errc() ? std::clamp<std::size_t>(limit, 1, longest_page) : usual;
}

template <class Id>
std::optional<Id> id_parameter(const server_request& request, std::string_view name) {
  std::string text = parameter(request, name);
  return text.empty() ? std::optional<Id>() : Id(std::move(text));
}

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

bool is_blind_to(const instance_health& health, resource_kind kind) {
  if (health.reach != reachability::reachable) return true;
  switch (kind) {
    case resource_kind::trunk:
    case resource_kind::bridge: return (health.blind & bit(endpoint::trunks)) != 0;
    case resource_kind::sbc: return (health.blind & bit(endpoint::sbcs)) != 0;
    case resource_kind::service: return (health.blind & bit(endpoint::services)) != 0;
    case resource_kind::calls: return (health.blind & bit(endpoint::system_status)) != 0;
    case resource_kind::instance: return false;
  }
  return true;
}

} // namespace

void get_version(context& in, const server_request&, const path_parts&, const respond& answer) {
  wire::json_writer json;
  json.open_object()
      .text("version", in.version)
      .text("node", in.world->node.node_name)
      .text_or_null("site", in.world->node.site)
      .close_object();
  answer(json_answer(200, std::move(json).str()));
}

void get_tenants(context& in, const server_request&, const path_parts&, const respond& answer) {
  answer(list_answer(in.tenants.all(), "", [](wire::json_writer& json, const auto& known) {
    json.text("id", known->config->id.str()).text("name", known->config->name).text("zone", known->config->zone);
    json.number("instances", static_cast<std::int64_t>(known->config->instances.size()));
    json.number("channels", static_cast<std::int64_t>(known->config->channels.size()));
    json.number("version", static_cast<std::int64_t>(known->document.version));
  }));
}

void get_alerts(context& in, const server_request& request, const path_parts&, const respond& answer) {
  persistence::alert_query query;
  query.tenant = id_parameter<tenant_id>(request, "tenant");
  query.instance = id_parameter<instance_id>(request, "instance");
  const std::string state = parameter(request, "state");
  if (!state.empty() && state != "open" && state != "all") {
    answer(problem(422, "invalid", "state is open or all"));
    return;
  }
  query.open_only = state != "all";
  query.limit = limit_of(request, usual_page);
  query.cursor = parameter(request, "cursor");
  answer_from_store(in, answer, [&in, query](persistence::store& store) {
    const auto found = store.alerts(query);
    if (!found) return problem(found.error());
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
      json.close_object();
    }
    json.close_array().close_object();
    return json_answer(200, std::move(json).str());
  });
}

void get_deliveries(context& in, const server_request& request, const path_parts&, const respond& answer) {
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
  query.limit = limit_of(request, usual_page);
  query.cursor = parameter(request, "cursor");
  answer_from_store(in, answer, [query](persistence::store& store) {
    const auto found = store.deliveries(query);
    if (!found) return problem(found.error());
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

void get_instances(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto wanted = id_parameter<tenant_id>(request, "tenant");
  answer_from_store(in, answer, [&in, wanted](persistence::store& store) {
    const auto stored = store.instances(wanted);
    if (!stored) return problem(stored.error());
    std::map<std::pair<tenant_id, instance_id>, instance_health> health;
    for (const auto& row : *stored) health[{row.tenant, row.instance}] = row.health;
    const auto glances = in.world->health->glances();
    wire::json_writer json;
    json.open_object().key("items").open_array();
    for (const auto& known : in.tenants.all()) {
      if (wanted && known->config->id != *wanted) continue;
      for (const auto& instance : known->config->instances) {
        const auto at = glances.find(known->config->id.str() + "/" + instance.id.str());
        const instance_glance glance = at == glances.end() ? instance_glance{} : at->second;
        const auto never = [](wall_time t) { return t == wall_time{} ? std::optional<wall_time>() : t; };
        json.open_object().text("tenant", known->config->id.str());
        wire::write_members(json, instance);
        wire::write_members(json, health[{known->config->id, instance.id}]);
        json.number("polls", static_cast<std::int64_t>(glance.polls)).text_or_null("why", glance.why);
        json.time("last_poll", never(glance.last_poll))
            .time("last_complete_poll", never(glance.last_complete))
            .time("next_poll", never(glance.next_poll));
        json.close_object();
      }
    }
    json.close_array().text_or_null("next", "").close_object();
    return json_answer(200, std::move(json).str());
  });
}

void get_trunks(context& in, const server_request& request, const path_parts&, const respond& answer) {
  persistence::resource_query query;
  query.kinds = {resource_kind::trunk, resource_kind::bridge};
  query.tenant = id_parameter<tenant_id>(request, "tenant");
  query.instance = id_parameter<instance_id>(request, "instance");
  query.limit = limit_of(request, longest_page);
  query.cursor = parameter(request, "cursor");
  answer_from_store(in, answer, [query](persistence::store& store) {
    const auto found = store.resources(query);
    if (!found) return problem(found.error());
    const auto stored = store.instances(query.tenant);
    if (!stored) return problem(stored.error());
    std::map<std::pair<tenant_id, instance_id>, instance_health> health;
    for (const auto& row : *stored) health[{row.tenant, row.instance}] = row.health;
    return list_answer(found->items, found->next, [&](wire::json_writer& json, const persistence::resource_row& row) {
      json.text("tenant", row.tenant.str()).text("instance", row.instance.str());
      wire::write_members(json, row.record);
      json.truth("stale", is_blind_to(health[{row.tenant, row.instance}], row.record.ref.kind));
    });
  });
}

void get_audit(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto tenant = id_parameter<tenant_id>(request, "tenant");
  if (!tenant) {
    answer(problem(422, "invalid", "tenant is required"));
    return;
  }
  persistence::audit_query query{*tenant, limit_of(request, usual_page), parameter(request, "cursor")};
  answer_from_store(in, answer, [query](persistence::store& store) {
    const auto found = store.audit(query);
    if (!found) return problem(found.error());
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
