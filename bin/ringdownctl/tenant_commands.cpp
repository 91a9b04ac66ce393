#include "actors/api/node_file.hpp"
#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "bin/ringdownctl/tenant_source.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace ringdown::ctl {

namespace {

enum class intent { show, carry_out };

constexpr std::size_t longest_warning = 1000;

void print_errors(const std::vector<api::config_error>& errors) {
  for (const auto& one : errors) fmt::print(stderr, "{}\n", api::to_text(one));
}

void print_warnings(const std::string& file, const std::vector<api::config_warning>& warnings) {
  for (const auto& one : warnings) fmt::print(stderr, "{}: warning: {}\n", file, api::to_text(one));
}

std::optional<tenant_sources> sound_tenants(session& run) {
  auto found = find_files(run.given().words);
  auto read = read_tenants(found.files, [&run](const char* name) { return run.variable(name); });
  read.errors.insert(read.errors.begin(), found.errors.begin(), found.errors.end());
  if (read.errors.empty()) return read;
  print_errors(read.errors);
  return std::nullopt;
}

std::string upload_body(const tenant_source& source, const std::string& by) {
  wire::json_writer json;
  json.open_object().text("toml", source.text).text("by", by);
  json.key("secrets").open_object();
  for (const auto& [name, value] : source.secrets) json.text(name, value.reveal());
  json.close_object().close_object();
  return std::move(json).str();
}

std::string changes_text(const session::reply& reply) {
  std::string text;
  for (const row& one : reply.read.list("changes")) {
    const std::string_view sign = one["action"] == "add" ? "+" : one["action"] == "remove" ? "-" : "~";
    const std::string fields = one["fields"].empty() ? std::string() : fmt::format(" ({})", one["fields"]);
    text += fmt::format("  {} {}{}{}{}\n", sign, one["kind"], one["id"].empty() ? "" : " ", one["id"], fields);
  }
  return text.empty() ? "  no changes\n" : text;
}

// What the daemon says of one file; the exit code when it refuses or is away.
std::variant<session::reply, int> put(session& run, const tenant_source& source, intent what) {
  const std::string path = fmt::format("/api/v1/tenants/{}/file{}", percent_encode(source.tenant.str()),
                                       what == intent::show ? "?dry_run=1" : "");
  auto asked = run.ask_any(http_method::put, path, upload_body(source, run.given().by));
  const auto* reply = std::get_if<session::reply>(&asked);
  if (reply == nullptr || reply->status < 400) return asked;
  return run.complain(exit_negative, fmt::format("refused\n{}", session::problem_text(*reply, source.file)));
}

struct round_result {
  int code = exit_ok;
  std::vector<session::reply> replies; // one per tenant, in order
};

// What the daemon says will not work; it knows its own settings.
void print_warnings(const tenant_source& source, const session::reply& reply) {
  for (const row& one : reply.read.list("warnings"))
    fmt::print(stderr, "{}: warning: {}\n", source.file, wire::one_line(one["message"], longest_warning));
}

// Every file is asked about even when one is refused, so that all is said at once; a daemon that is away ends it.
round_result put_all(session& run, const std::vector<tenant_source>& tenants, intent what) {
  round_result made;
  for (const tenant_source& one : tenants) {
    auto asked = put(run, one, what);
    if (const int* code = std::get_if<int>(&asked)) {
      made.code = *code;
      if (*code != exit_negative || what == intent::carry_out) return made;
      continue;
    }
    made.replies.push_back(std::move(std::get<session::reply>(asked)));
    const auto& reply = made.replies.back();
    if (what == intent::show) print_warnings(one, reply);
    if (run.wants_json()) continue;
    if (what == intent::show)
      run.print(fmt::format("{} ({})\n{}", one.tenant.str(), one.file, changes_text(reply)));
    else if (reply.read.top["applied"] == "true")
      run.print(fmt::format("{}: applied, version {}\n", one.tenant.str(), reply.read.top["version"]));
    else
      run.print(fmt::format("{}: unchanged\n", one.tenant.str()));
  }
  return made;
}

void print_json(session& run, const std::vector<session::reply>& replies) {
  wire::json_writer json;
  json.open_object().key("items").open_array();
  for (const auto& one : replies) json.raw(one.body);
  json.close_array().text_or_null("next", "").close_object();
  run.print(json.str() + "\n");
}

// Tenants of the daemon that none of these files is about; the exit code when the daemon does not say.
std::variant<std::vector<std::string>, int> without_file(session& run, const std::vector<tenant_source>& tenants) {
  auto asked = run.ask_all("/api/v1/tenants");
  if (const int* code = std::get_if<int>(&asked)) return *code;
  std::vector<std::string> others;
  for (const row& one : std::get<std::vector<row>>(asked))
    if (std::ranges::none_of(tenants, [&](const tenant_source& t) { return t.tenant.str() == one["id"]; }))
      others.push_back(one["id"]);
  return others;
}

// Tenants that have no file: with --prune each is deleted, or would be; without it, apply says that they stay.
round_result settle_absent(session& run, const std::vector<tenant_source>& tenants, intent what) {
  const auto found = without_file(run, tenants);
  if (const int* code = std::get_if<int>(&found)) return {*code, {}};
  round_result made;
  for (const std::string& one : std::get<std::vector<std::string>>(found)) {
    if (!run.given().prune) {
      if (!run.wants_json()) run.print(fmt::format("{}: has no file here and stays (--prune deletes it)\n", one));
      continue;
    }
    const std::string dry_run = what == intent::show ? "1" : "";
    auto asked = run.ask(http_method::del, fmt::format("/api/v1/tenants/{}{}", percent_encode(one),
                                                       query_of({{"dry_run", dry_run}, {"by", run.given().by}})));
    if (const int* failed = std::get_if<int>(&asked)) {
      made.code = *failed;
      continue;
    }
    made.replies.push_back(std::move(std::get<session::reply>(asked)));
    if (!run.wants_json())
      run.print(what == intent::show ? fmt::format("{} (no file)\n{}", one, changes_text(made.replies.back()))
                                     : fmt::format("{}: deleted\n", one));
  }
  return made;
}

round_result joined(round_result first, round_result second) {
  first.code = std::max(first.code, second.code);
  std::ranges::move(second.replies, std::back_inserter(first.replies));
  return first;
}

bool names_a_folder(const session& run) {
  std::error_code none;
  return std::ranges::any_of(run.given().words,
                             [&](const std::string& path) { return std::filesystem::is_directory(path, none); });
}

// By what only a tenant's file has, also when [tenant] itself is misspelt.
bool is_tenant_file(const toml::table& table) {
  if (table.contains("tenant")) return true;
  if (table.contains("state_dir")) return false;
  return std::ranges::any_of(table, [](const auto& entry) {
    constexpr std::array<std::string_view, 7> own{"customer", "instance", "user",    "oncall",
                                                  "channel",  "routing",  "severity"};
    return std::ranges::find(own, entry.first.str()) != own.end() ||
           !api::nearest(entry.first.str(), {"tenant"}).empty();
  });
}

int prune_needs_a_folder(session& run) {
  return run.complain(exit_usage, "--prune needs a folder: what has no file in it is deleted");
}

// Whether calls have keys is for a daemon's file to say: one that is checked too, else the one of --config.
api::callback_reach reach_of(session& run, std::vector<std::string> files) {
  if (!run.given().config.empty()) files.push_back(run.given().config);
  for (const std::string& file : files) {
    const auto text = api::read_whole_file(file);
    api::fault_list faults(file);
    const auto table = text ? api::parse_toml(*text, faults) : std::nullopt;
    if (!table || is_tenant_file(*table)) continue;
    const auto node = api::parse_node_file(*text, file, "localhost");
    if (!node.config) continue;
    return node.config->public_url.empty() ? api::callback_reach::missing : api::callback_reach::given;
  }
  return api::callback_reach::unknown;
}

int check_one(session& run, const std::string& file, api::callback_reach reach) {
  const auto text = api::read_whole_file(file);
  if (!text) return run.complain(exit_refused, file + ": cannot be read");
  api::fault_list faults(file);
  const auto table = api::parse_toml(*text, faults);
  std::vector<api::config_error> errors;
  if (!table) {
    errors = faults.take();
  } else if (is_tenant_file(*table)) {
    auto read = read_tenants(
        {file}, [&run](const char* name) { return run.variable(name); }, reach);
    errors = std::move(read.errors);
    for (const tenant_source& one : read.tenants) print_warnings(file, one.warnings);
  } else {
    errors = api::parse_node_file(*text, file, "localhost").errors;
  }
  print_errors(errors);
  if (errors.empty() && !run.wants_json()) run.print(file + ": ok\n");
  return errors.empty() ? exit_ok : exit_refused;
}

} // namespace

int check_config(session& run) {
  const auto found = find_files(run.given().words);
  print_errors(found.errors);
  int code = found.errors.empty() ? exit_ok : exit_refused;
  const auto reach = reach_of(run, found.files);
  for (const std::string& file : found.files) code = std::max(code, check_one(run, file, reach));
  return code;
}

int diff_files(session& run) {
  if (run.given().prune && !names_a_folder(run)) return prune_needs_a_folder(run);
  const auto read = sound_tenants(run);
  if (!read) return exit_refused;
  auto shown = put_all(run, read->tenants, intent::show);
  if (run.given().prune) shown = joined(std::move(shown), settle_absent(run, read->tenants, intent::show));
  if (run.wants_json()) print_json(run, shown.replies);
  if (shown.code != exit_ok) return shown.code;
  const bool any =
      std::ranges::any_of(shown.replies, [](const session::reply& one) { return !one.read.list("changes").empty(); });
  return any ? exit_negative : exit_ok;
}

int apply_files(session& run) {
  if (run.given().prune && !names_a_folder(run)) return prune_needs_a_folder(run);
  const auto read = sound_tenants(run);
  if (!read) return exit_refused;
  const auto shown = put_all(run, read->tenants, intent::show);
  if (shown.code != exit_ok) {
    if (shown.code == exit_negative) run.print("nothing was applied\n");
    return shown.code;
  }
  auto done = put_all(run, read->tenants, intent::carry_out);
  const std::size_t applied = done.replies.size();
  const bool whole = done.code == exit_ok;
  if (whole && names_a_folder(run))
    done = joined(std::move(done), settle_absent(run, read->tenants, intent::carry_out));
  if (run.wants_json()) print_json(run, done.replies);
  if (whole) return done.code;
  return run.complain(done.code,
                      fmt::format("{} of {} files were applied before this one", applied, read->tenants.size()));
}

int export_files(session& run) {
  std::vector<std::string> tenants = run.given().words;
  if (tenants.empty()) {
    auto asked = run.ask_all("/api/v1/tenants");
    if (const int* code = std::get_if<int>(&asked)) return *code;
    for (const row& one : std::get<std::vector<row>>(asked)) tenants.push_back(one["id"]);
    if (tenants.empty() && !run.wants_json()) run.print("no tenants; ringdownctl apply FILE makes one\n");
  }
  std::vector<session::reply> replies;
  for (const std::string& tenant : tenants) {
    // It becomes a file's name.
    if (!is_written_id(tenant)) return run.complain(exit_usage, fmt::format("\"{}\" is no tenant id", tenant));
    auto asked = run.ask(http_method::get, fmt::format("/api/v1/tenants/{}/file", tenant));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    const auto& reply = std::get<session::reply>(asked);
    const std::string& text = reply.read.top["toml"];
    if (!run.given().directory.empty()) {
      const std::string file = (std::filesystem::path(run.given().directory) / (tenant + ".toml")).string();
      std::error_code none;
      std::filesystem::create_directories(run.given().directory, none);
      std::ofstream out(file, std::ios::binary | std::ios::trunc);
      out << text;
      out.close();
      if (!out) return run.complain(exit_internal, fmt::format("cannot write {}", file));
      if (!run.wants_json()) run.print(file + "\n");
    } else if (!run.wants_json()) {
      run.print(tenants.size() > 1 ? fmt::format("# {}.toml\n{}\n", tenant, text) : text);
    }
    replies.push_back(reply);
  }
  if (run.wants_json()) print_json(run, replies);
  return exit_ok;
}

} // namespace ringdown::ctl
