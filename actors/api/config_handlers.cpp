#include "actors/api/handlers.hpp"

#include "actors/api/load_tenants.hpp"
#include "actors/api/tenant_warnings.hpp"
#include "actors/api/unknown_names.hpp"
#include "actors/logic/placement.hpp"
#include "protocol/wire/api_json.hpp"

#include <optional>
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
                               bool applied, const std::vector<config_warning>& warnings = {}) {
  wire::json_writer json;
  json.open_object()
      .text("tenant", id.str())
      .number("version", static_cast<std::int64_t>(version))
      .truth("applied", applied)
      .key("changes")
      .open_array();
  for (const object_change& one : changes)
    json.open_object().text("action", one.action).text("kind", one.kind).text("id", one.id).close_object();
  json.close_array().key("warnings").open_array();
  for (const config_warning& one : warnings)
    json.open_object().text_or_null("channel", one.channel.str()).text("message", to_text(one)).close_object();
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

// What apply starts from: what is stored of the tenant, and of it what a file may not touch.
struct stored_tenant {
  std::optional<persistence::config_document> document;
  std::vector<tenant_object> of_files;
  std::vector<tenant_object> of_others;
  persistence::secret_values secrets;
  [[nodiscard]] std::uint64_t version() const { return document ? document->version : 0; }
};

result<stored_tenant> what_is_stored(persistence::store& store, const tenant_id& id) {
  stored_tenant stored;
  auto documents = store.load_configs(id); // another node may have changed it a moment ago
  if (!documents) return documents.error();
  if (!documents->empty()) stored.document = std::move(documents->front());
  if (stored.document) {
    stored.of_files = of_files(objects_of(*stored.document));
    stored.of_others = of_others(objects_of(*stored.document));
  }
  auto secrets = store.load_secrets(id);
  // A sealed row that does not open is replaced by applying all of them again.
  if (!secrets && secrets.error().kind != failure_kind::unreadable) return secrets.error();
  if (secrets) stored.secrets = std::move(*secrets);
  return stored;
}

// The first object of `file` that somebody else manages.
const tenant_object* first_clash(const std::vector<tenant_object>& file, const std::vector<tenant_object>& others) {
  for (const tenant_object& other : others)
    for (const tenant_object& one : file)
      if (one.kind == other.kind && one.id == other.id) return &other;
  return nullptr;
}

tenant_file read_upload(const context& in, const stored_tenant& stored, const upload& up) {
  persistence::secret_values all = stored.secrets;
  for (const auto& [name, value] : up.secrets) all[name] = value;
  const auto node = in.node.get();
  const tenant_file_options options{"tenant file", node->times, node->min_poll_interval};
  // The lines of a file that stands alone are its own.
  const std::string text = stored.of_others.empty() ? up.text : with_objects(up.text, stored.of_others);
  return parse_tenant_file(text, options, [&](const std::string& kind, const std::string& what) -> secret_answer {
    const auto at = all.find(what);
    if (kind == "secret" && at != all.end()) return {at->second, ""};
    return {std::nullopt, kind == "secret" ? "no secret of the name " + what + " is stored or given"
                                           : kind + " references are resolved by ringdownctl, not here"};
  });
}

std::vector<object_change> changes_of(const stored_tenant& stored, const std::vector<tenant_object>& file,
                                      const upload& up) {
  auto changes = diff_objects(stored.of_files, file);
  for (const auto& [name, value] : up.secrets) {
    const auto at = stored.secrets.find(name);
    if (at != stored.secrets.end() && at->second != value) changes.push_back({"change", "secret", name});
  }
  return changes;
}

// The lightest shard for a tenant that is new here: what has been placed before stays where it is.
result<shard_id> place(const context& in, const tenant_config& config) {
  if (!in.world->leases) return shard_id{0};
  const auto heard = in.world->leases->heard();
  if (!heard) return failure{failure_kind::unavailable, "this node has not heard of any shard yet"};
  std::vector<logic::tenant_row> rows{{config.id, static_cast<std::uint32_t>(config.instances.size()), {}}};
  for (const auto& known : in.tenants.all())
    rows.push_back(
        {known->config->id, static_cast<std::uint32_t>(known->config->instances.size()), known->document.shard});
  const auto placed = logic::place_tenants(std::move(rows), static_cast<shard_id>(heard->shards.size()));
  const auto at = placed.find(config.id);
  return at == placed.end() ? shard_id{0} : at->second;
}

// Durable first; then the tenant's actors get it. Its version is answered.
result<std::uint64_t> carry_out(context& in, persistence::store& store, const stored_tenant& stored,
                                tenant_config config, const upload& up, const std::string& summary) {
  auto change = change_of(config, up.text);
  change.secrets = up.secrets;
  change.actor = up.by;
  change.summary = summary;
  change.at = in.world->time.now().wall;
  if (!stored.document) {
    const auto shard = place(in, config);
    if (!shard) return shard.error();
    change.shard = *shard;
  }
  const auto written = store.replace_config(change);
  if (!written) return written.error();
  const tenant_id id = config.id;
  persistence::config_document document{id, written->version, change.objects, written->shard};
  for (const tenant_object& one : stored.of_others)
    document.objects.push_back({one.kind, one.id, one.managed_by, one.body});
  auto shared = std::make_shared<const tenant_config>(std::move(config));
  in.tenants.put({shared, std::move(document)});
  in.tree->apply(std::move(shared), written->shard);
  in.world->log->info("config_applied", {{"tenant", id.str()}, {"by", up.by}, {"changes", summary}});
  return written->version;
}

// `ringdownctl oncall` stands above the file. Where that cannot be read, the file is warned of as it stands: applying it may
// be what mends the rest.
std::vector<config_warning> warnings_now(const context& in, persistence::store& store, tenant_config config) {
  const auto stored = store.load_tenant(config.id, in.world->node.egress_name, in.world->time.now().wall);
  if (stored && stored->oncall && stored->oncall->user) config.oncall.user = stored->oncall->user;
  return warnings_of(config, reach_of(in));
}

// On the store's thread: what is stored, what would change, and the change itself. A failure is the store's.
result<server_response> apply(context& in, persistence::store& store, const tenant_id& id, const upload& up) {
  const auto stored = what_is_stored(store, id);
  if (!stored) return stored.error();
  const auto mine = split_objects(up.text);
  if (const auto* clash = first_clash(mine, stored->of_others))
    return problem(409, "conflict", "not for a file to change: " + to_text(*clash));
  auto file = read_upload(in, *stored, up);
  if (!file.config) return refused(file.errors);
  if (file.config->id != id)
    return problem(422, "invalid", "the file is of tenant " + file.config->id.str() + ", not " + id.str());
  const auto changes = changes_of(*stored, mine, up);
  const auto warnings = warnings_now(in, store, *file.config);
  // What could not be read before starts with this, also when the file is the same (the daemon's limits may differ now).
  const bool starts = in.tenants.unreadable().contains(id);
  if (up.dry_run || (changes.empty() && !starts))
    return changes_answer(id, stored->version(), changes, false, warnings);
  const std::string summary = changes.empty() ? "read again" : summary_of(changes);
  const auto version = carry_out(in, store, *stored, std::move(*file.config), up, summary);
  if (!version) return version.error();
  return changes_answer(id, *version, changes, true, warnings);
}

// Why a tenant may not be deleted with its files.
std::optional<server_response> forbids_removal(const persistence::config_document& document) {
  const auto others = of_others(objects_of(document));
  if (others.empty()) return std::nullopt;
  std::string names;
  for (const tenant_object& one : others) names += (names.empty() ? "" : "; ") + to_text(one);
  return problem(409, "conflict", "it has parts that files do not manage: " + names.substr(0, 1000));
}

// On the store's thread. Watched until it is durably gone: a refused deletion leaves nobody unwatched.
result<server_response> remove(context& in, persistence::store& store, const tenant_id& id, const std::string& by,
                               bool dry_run) {
  const auto stored = what_is_stored(store, id);
  if (!stored) return stored.error();
  const auto& document = stored->document;
  if (!document) return no_such_tenant(in, id);
  if (auto forbidden = forbids_removal(*document)) return std::move(*forbidden);
  if (dry_run) return changes_answer(id, document->version, {{"remove", "tenant", id.str()}}, false);
  persistence::config_change change;
  change.tenant = id;
  change.remove_tenant = true;
  change.actor = by;
  change.summary = "tenant removed";
  change.at = in.world->time.now().wall;
  if (auto done = store.replace_config(change); !done) return done.error();
  in.tree->remove(id);
  in.tenants.remove(id);
  in.world->log->info("tenant_removed", {{"tenant", id.str()}, {"by", by}});
  return changes_answer(id, 0, {{"remove", "tenant", id.str()}}, true);
}

} // namespace

void get_tenant_file(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  const auto document = in.tenants.document(tenant_id(parts[0]));
  if (!document) return answer(no_such_tenant(in, tenant_id(parts[0])));
  wire::json_writer json;
  json.open_object()
      .text("tenant", parts[0])
      .number("version", static_cast<std::int64_t>(document->version))
      .text("toml", join_objects(of_files(objects_of(*document))))
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
  in.tree->with_writer(
      [&in, id = tenant_id(parts[0]), up = std::move(up), answer](persistence::store& store) -> result<void> {
        auto made = apply(in, store, id, up);
        answer(made ? *made : problem(made.error()));
        return made ? result<void>() : result<void>(made.error());
      },
      [answer](const failure& why) { answer(problem(why)); });
}

void delete_tenant(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  in.tree->with_writer(
      [&in, id = tenant_id(parts[0]), by = by_whom({{"by", parameter(request, "by")}}),
       dry_run = !parameter(request, "dry_run").empty(), answer](persistence::store& store) -> result<void> {
        auto made = remove(in, store, id, by, dry_run);
        answer(made ? *made : problem(made.error()));
        return made ? result<void>() : result<void>(made.error());
      },
      [answer](const failure& why) { answer(problem(why)); });
}

} // namespace ringdown::api
