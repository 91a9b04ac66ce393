#include "actors/api/handlers.hpp"

#include "actors/api/load_tenants.hpp"
#include "protocol/wire/api_json.hpp"

#include <utility>

namespace ringdown::api {

namespace {

server_response refused(const std::vector<config_error>& errors) {
  wire::json_writer json;
  json.open_object()
      .text("type", "about:blank")
      .text("title", "invalid")
      .number("status", 422)
      .text("detail", "the tenant file is not sound");
  json.key("errors").open_array();
  for (const config_error& one : errors)
    json.open_object().text("file", one.file).number("line", one.line).text("message", one.message).close_object();
  json.close_array().close_object();
  return {422, {{"Content-Type", "application/problem+json"}}, std::move(json).str()};
}

server_response changes_answer(const tenant_id& id, std::uint64_t version, const std::vector<object_change>& changes,
                               bool applied) {
  wire::json_writer json;
  json.open_object()
      .text("tenant", id.str())
      .number("version", static_cast<std::int64_t>(version))
      .truth("applied", applied)
      .key("changes")
      .open_array();
  for (const object_change& one : changes)
    json.open_object().text("action", one.action).text("kind", one.kind).text("id", one.id).close_object();
  json.close_array().close_object();
  return json_answer(200, std::move(json).str());
}

std::string summary_of(const std::vector<object_change>& changes) {
  std::string text;
  for (const object_change& one : changes)
    text += (text.empty() ? "" : ", ") + one.action + " " + one.kind + (one.id.empty() ? "" : "/" + one.id);
  return text.substr(0, 1000);
}

struct upload {
  std::string text;
  persistence::secret_values secrets; // given now
  bool dry_run = false;
  std::string by;
};

// On the store's thread: what is stored, what would change, and the change itself.
server_response apply(context& in, persistence::store& store, const tenant_id& id, const upload& up) {
  auto known = store.load_secrets(id);
  if (!known) return problem(known.error());
  persistence::secret_values all = *known;
  for (const auto& [name, value] : up.secrets) all[name] = value;
  const tenant_file_options options{"tenant file", in.world->node.times, in.world->node.min_poll_interval};
  auto file =
      parse_tenant_file(up.text, options, [&](const std::string& kind, const std::string& what) -> secret_answer {
        const auto at = all.find(what);
        if (kind == "secret" && at != all.end()) return {at->second, ""};
        return {std::nullopt, kind == "secret" ? "no secret of the name " + what + " is stored or given"
                                               : kind + " references are resolved by ringdownctl, not here"};
      });
  if (!file.config) return refused(file.errors);
  if (file.config->id != id)
    return problem(422, "invalid", "the file is of tenant " + file.config->id.str() + ", not " + id.str());
  const auto before = in.tenants.find(id);
  const auto after = split_objects(up.text);
  auto changes = diff_objects(before ? objects_of(before->document) : std::vector<tenant_object>(), after);
  for (const auto& [name, value] : up.secrets) {
    const auto at = known->find(name);
    if (at != known->end() && at->second != value) changes.push_back({"change", "secret", name});
  }
  const std::uint64_t version = before ? before->document.version : 0;
  if (up.dry_run || changes.empty()) return changes_answer(id, version, changes, false);
  auto change = change_of(*file.config, up.text);
  change.secrets = up.secrets;
  change.actor = up.by;
  change.summary = summary_of(changes);
  change.at = in.world->time.now().wall;
  if (auto done = store.replace_config(change); !done) return problem(done.error());
  persistence::config_document document{id, version + 1, change.objects};
  auto config = std::make_shared<const tenant_config>(std::move(*file.config));
  in.tenants.put({config, std::move(document)});
  in.tree->apply(config);
  in.world->log->info("config_applied", {{"tenant", id.str()}, {"by", up.by}, {"changes", change.summary}});
  return changes_answer(id, version + 1, changes, true);
}

} // namespace

void get_tenant_file(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  const auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known) return answer(problem(404, "not found", "no such tenant"));
  wire::json_writer json;
  json.open_object()
      .text("tenant", parts[0])
      .number("version", static_cast<std::int64_t>(known->document.version))
      .text("toml", join_objects(objects_of(known->document)))
      .close_object();
  answer(json_answer(200, std::move(json).str()));
}

void put_tenant_file(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  upload up;
  up.dry_run = !parameter(request, "dry_run").empty();
  up.by = by_whom(*body);
  for (auto& [key, value] : *body) {
    if (key == "toml")
      up.text = std::move(value);
    else if (key == "by")
      continue;
    else if (key.starts_with("secrets."))
      up.secrets[key.substr(8)] = secret_text(std::move(value));
    else
      return answer(problem(422, "invalid", "unknown key " + key));
  }
  if (!is_written_id(parts[0])) return answer(problem(422, "invalid", "not a tenant id: " + parts[0]));
  in.tree->with_writer([&in, id = tenant_id(parts[0]), up = std::move(up), answer](persistence::store& store) {
    answer(apply(in, store, id, up));
  });
}

void delete_tenant(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const tenant_id id(parts[0]);
  const auto known = in.tenants.find(id);
  if (!known) return answer(problem(404, "not found", "no such tenant"));
  in.tree->remove(id);
  const std::string by = by_whom({{"by", parameter(request, "by")}});
  in.tree->with_writer([&in, id, by, answer](persistence::store& store) {
    persistence::config_change change;
    change.tenant = id;
    change.remove_tenant = true;
    change.actor = by;
    change.summary = "tenant removed";
    change.at = in.world->time.now().wall;
    if (auto done = store.replace_config(change); !done) return answer(problem(done.error()));
    in.tenants.remove(id);
    answer(json_answer(200, R"({"removed":true})"));
  });
}

} // namespace ringdown::api
