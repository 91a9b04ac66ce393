// What this node watches, as it is configured and as it stands: nodes, tenants, instances.
#include "actors/api/handlers.hpp"

#include "actors/api/paging.hpp"
#include "actors/api/unknown_names.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/wire/api_json.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace ringdown::api {

namespace {

void write_mute(wire::json_writer& json, const mute& what) {
  json.time("until", what.until).text("by", what.by).text("reason", what.text);
}

void write_mutes(wire::json_writer& json, const tenant_id& tenant, const std::vector<persistence::mute_row>& mutes) {
  const mute* silence = nullptr;
  json.key("mutes").open_array();
  for (const auto& [of, row] : mutes) {
    if (of != tenant) continue;
    if (row.scope == mute_scope::everything) {
      silence = &row;
      continue;
    }
    json.open_object().text("type", name(row.type));
    write_mute(json, row);
    json.close_object();
  }
  json.close_array().key("silenced");
  if (silence == nullptr) {
    json.null();
    return;
  }
  json.open_object();
  write_mute(json, *silence);
  json.close_object();
}

// An instance as configured, of a tenant as known now: both are kept alive by the tenant.
struct placed_instance {
  std::shared_ptr<const known_tenant> tenant;
  const instance_config* config = nullptr;
};

std::vector<placed_instance> instances_of(const context& in, const std::optional<tenant_id>& wanted) {
  std::vector<placed_instance> found;
  for (const auto& known : in.tenants.all()) {
    if (wanted && known->config->id != *wanted) continue;
    for (const auto& instance : known->config->instances) found.push_back({known, &instance});
  }
  return found;
}

using health_by_instance = std::map<std::pair<tenant_id, instance_id>, instance_health>;

// What its polls are at is known where they are made.
void write_instance(wire::json_writer& json, const placed_instance& one, health_by_instance& health,
                    const std::map<std::string, instance_glance>& glances, const std::string& runner, bool is_here) {
  const tenant_id& tenant = one.tenant->config->id;
  const auto at = glances.find(tenant.str() + "/" + one.config->id.str());
  const instance_glance glance = at == glances.end() || !is_here ? instance_glance{} : at->second;
  const auto never = [](wall_time t) { return t == wall_time{} ? std::optional<wall_time>() : t; };
  json.text("tenant", tenant.str()).text_or_null("node", runner);
  wire::write_members(json, *one.config);
  wire::write_members(json, health[{tenant, one.config->id}]);
  json.number("polls", static_cast<std::int64_t>(glance.polls)).text_or_null("why", glance.why);
  json.time("last_poll", never(glance.last_poll))
      .time("last_complete_poll", never(glance.last_complete))
      .time("next_poll", never(glance.next_poll));
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

namespace {

constexpr auto register_answers_within = std::chrono::seconds(3); // it is asked once a second

// A node as the others see it.
struct seen_node {
  node_row row;
  std::vector<shard_row> shards; // that it holds
};

// A node that runs alone holds all there is.
std::vector<seen_node> nodes_seen(const context& in) {
  if (!in.world->leases) {
    node_row self;
    self.id = in.world->owner.owner;
    self.name = in.world->node.node_name;
    self.capacity = in.world->node.node_capacity;
    self.site = in.world->node.site;
    self.version = in.version;
    shard_row all{0, self.id, in.world->owner.epoch, true, 0};
    for (const auto& known : in.tenants.all())
      all.weight += static_cast<std::uint32_t>(known->config->instances.size());
    return {{std::move(self), {std::move(all)}}};
  }
  std::vector<seen_node> found;
  const auto heard = in.world->leases->heard();
  if (!heard) return found;
  for (const node_row& one : heard->nodes) {
    found.push_back({one, {}});
    for (const shard_row& shard : heard->shards)
      if (shard.taken && shard.owner == one.id) found.back().shards.push_back(shard);
  }
  return found;
}

void write_node(wire::json_writer& json, const context& in, const seen_node& one) {
  const bool is_this = one.row.id == in.world->owner.owner;
  const bool drains = one.row.draining || one.row.to_drain;
  json.text("name", one.row.name).text_or_null("site", one.row.site).text("version", one.row.version);
  json.text("incarnation", one.row.id.str());
  json.text("state", drains ? "draining" : "running").truth("answers_here", is_this);
  json.number("capacity", one.row.capacity).number("shards", static_cast<std::int64_t>(one.shards.size()));
  std::int64_t instances = 0;
  std::uint64_t epoch = 0;
  for (const shard_row& shard : one.shards) {
    instances += shard.weight;
    epoch = std::max(epoch, shard.epoch);
  }
  json.number("instances", instances).number("epoch", static_cast<std::int64_t>(epoch));
  // What only a node itself knows.
  json.time("started_at", is_this ? std::optional(in.world->begun.wall) : std::nullopt).key("ready");
  if (is_this)
    json.truth(reasons_not_ready(in).empty());
  else
    json.null();
}

} // namespace

void get_nodes(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request);
  if (!asked) return answer(problem(asked.error()));
  // Who lives and holds what is the database's to say: what it said long ago may look like health.
  if (in.world->leases && silence_of_register(in) > register_answers_within)
    return answer(
        problem(503, "unavailable", "the database does not answer: which nodes live is not known; try again"));
  const auto found = page_of(nodes_seen(in), *asked, 2, [](const seen_node& one) {
    return std::vector<std::string>{one.row.name, one.row.id.str()};
  });
  if (!found) return answer(problem(found.error()));
  answer(list_answer(found->items, found->next,
                     [&in](wire::json_writer& json, const seen_node& node) { write_node(json, in, node); }));
}

// Only a wish: the node heeds it with its next look, and hands over what others take.
void post_drain_node(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request, {"off", "by", "via"});
  if (!body) return answer(problem(body.error()));
  const std::string off = field(*body, "off");
  if (!off.empty() && off != "true" && off != "false") return answer(problem(422, "invalid", "off: true or false"));
  if (!in.world->leases)
    return answer(problem(409, "conflict", "this node runs alone: nobody could take over what it does"));
  // Nobody would answer, and wishes would only gather.
  if (silence_of_register(in) > register_answers_within)
    return answer(problem(503, "unavailable", "the database does not answer; try again"));
  const auto nodes = nodes_seen(in);
  if (std::ranges::none_of(nodes, [&](const seen_node& one) { return one.row.name == parts[0]; }))
    return answer(problem(404, "not found", "no such node"));
  const drain_wish wish{parts[0], off != "true"};
  in.world->log->info("drain_asked",
                      {{"node", wish.name}, {"drain", wish.drain ? "yes" : "no"}, {"by", by_whom(*body)}});
  const bool alone = std::ranges::all_of(
      nodes, [&](const seen_node& one) { return one.row.name == parts[0] || one.row.draining || one.row.to_drain; });
  const std::string_view text = !wish.drain ? "it takes shards again"
                                : alone     ? "nobody else can take its shards: it goes on until somebody can"
                                            : "it hands its shards over as others take them";
  in.tree->drain_node(wish, [answer, text] {
    wire::json_writer json;
    json.open_object().text("answer", "done").text("text", text).close_object();
    answer(json_answer(200, std::move(json).str()));
  });
}

void get_tenants(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request, longest_page);
  if (!asked) return answer(problem(asked.error()));
  const wall_time present = in.world->time.now().wall;
  answer_from_store(in, answer, [&in, asked = *asked, present](persistence::store& store) {
    const auto mutes = store.mutes({}, present);
    if (!mutes) return problem(mutes.error());
    const auto found = page_of(in.tenants.all(), asked, 1, [](const std::shared_ptr<const known_tenant>& one) {
      return std::vector<std::string>{one->config->id.str()};
    });
    if (!found) return problem(found.error());
    return list_answer(found->items, found->next, [&mutes](wire::json_writer& json, const auto& known) {
      json.text("id", known->config->id.str()).text("name", known->config->name).text("zone", known->config->zone);
      json.number("instances", static_cast<std::int64_t>(known->config->instances.size()));
      json.number("channels", static_cast<std::int64_t>(known->config->channels.size()));
      json.number("version", static_cast<std::int64_t>(known->document.version));
      write_mutes(json, known->config->id, *mutes);
    });
  });
}

void get_instances(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request, longest_page);
  if (!asked) return answer(problem(asked.error()));
  const auto wanted = id_parameter<tenant_id>(request, "tenant");
  answer_from_store(in, answer, [&in, wanted, asked = *asked](persistence::store& store) {
    const auto stored = store.instances(wanted);
    if (!stored) return problem(stored.error());
    if (stored->empty())
      if (auto unknown = unknown_in_empty(in, wanted)) return std::move(*unknown);
    health_by_instance health;
    for (const auto& row : *stored) health[{row.tenant, row.instance}] = row.health;
    const auto glances = in.world->health->glances();
    const auto found = page_of(instances_of(in, wanted), asked, 2, [](const placed_instance& one) {
      return std::vector<std::string>{one.tenant->config->id.str(), one.config->id.str()};
    });
    if (!found) return problem(found.error());
    return list_answer(found->items, found->next, [&](wire::json_writer& json, const placed_instance& one) {
      write_instance(json, one, health, glances, runner_of(in, one.tenant->config->id),
                     fence_of(in, one.tenant->config->id).has_value());
    });
  });
}

} // namespace ringdown::api
