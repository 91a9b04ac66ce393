#include "actors/api/node_file.hpp"
#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "persistence/sqlite_store.hpp"
#include "protocol/wire/json_writer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

namespace ringdown::ctl {

namespace {

struct state_place {
  std::string directory;
  std::string key_file;
  [[nodiscard]] std::string database() const { return directory + "/ringdown.db"; }
};

// --state-dir goes before --config. nullopt: neither says; an int: complained.
std::variant<std::optional<state_place>, int> find_state(session& run) {
  const arguments& given = run.given();
  if (!given.state_dir.empty()) return std::optional(state_place{given.state_dir, given.state_dir + "/secrets.key"});
  if (given.config.empty()) return std::optional<state_place>();
  const auto file = api::read_node_file(given.config, "localhost");
  if (file.config && file.config->is_one_of_several() && given.command != "audit")
    return run.complain(exit_usage,
                        fmt::format("{} is for a database of one node's own; this one is in PostgreSQL: use "
                                    "pg_dump or a base backup (docs/operating.md, A cluster)",
                                    given.command));
  if (file.config && file.config->is_one_of_several()) return std::optional<state_place>(); // the daemon knows
  if (file.config) return std::optional(state_place{file.config->state_dir, file.config->key_file});
  for (const auto& one : file.errors) fmt::print(stderr, "{}\n", api::to_text(one));
  return exit_refused;
}

std::variant<state_place, int> need_state(session& run) {
  auto found = find_state(run);
  if (const int* code = std::get_if<int>(&found)) return *code;
  auto& place = std::get<std::optional<state_place>>(found);
  if (place) return std::move(*place);
  return run.complain(
      exit_usage,
      fmt::format("{} works on the files of the state directory: give --config or --state-dir", run.given().command));
}

int fail(session& run, const failure& why) { return run.complain(exit_code_of(why.kind), why.detail); }

int say_verdict(session& run, bool intact, std::uint64_t checked, const std::vector<std::string>& broken) {
  if (run.wants_json()) {
    wire::json_writer json;
    json.open_object()
        .truth("intact", intact)
        .number("checked", static_cast<std::int64_t>(checked))
        .key("broken")
        .open_array();
    for (const std::string& one : broken) json.text(one);
    json.close_array().close_object();
    run.print(json.str() + "\n");
  } else if (intact) {
    run.print(checked == 0 ? "the audit trail is empty\n"
                           : fmt::format("intact: {} checked\n", counted(checked, "entry")));
  } else {
    run.print(fmt::format("BROKEN: {} checked\n", counted(checked, "entry")));
    for (const std::string& one : broken) run.print(fmt::format("  {}\n", one));
  }
  return intact ? exit_ok : exit_negative;
}

int verify_on_disk(session& run, const state_place& place) {
  auto box = persistence::secret_box::from_file(place.key_file);
  if (!box) return fail(run, box.error());
  auto opened = persistence::open_sqlite({place.database(), persistence::open_mode::reader}, *box);
  if (!opened) return fail(run, opened.error());
  const auto verdict = (*opened)->verify_audit();
  if (!verdict) return fail(run, verdict.error());
  return say_verdict(run, verdict->broken.empty(), verdict->checked, verdict->broken);
}

int verify_over_api(session& run) {
  auto asked = run.ask(http_method::get, "/api/v1/audit/verify");
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const row& top = std::get<session::reply>(asked).read.top;
  std::vector<std::string> broken;
  if (!top["broken"].empty()) broken.push_back(top["broken"]);
  std::uint64_t checked = 0;
  std::from_chars(top["checked"].data(), top["checked"].data() + top["checked"].size(), checked);
  return say_verdict(run, top["intact"] == "true", checked, broken);
}

int list_audit(session& run) {
  const arguments& given = run.given();
  if (given.tenant.empty()) return run.complain(exit_usage, "audit needs --tenant ID, or the word verify");
  auto asked =
      run.ask(http_method::get,
              "/api/v1/audit" + query_of({{"tenant", given.tenant}, {"limit", given.limit}, {"cursor", given.cursor}}));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& reply = std::get<session::reply>(asked);
  if (run.wants_json()) {
    run.print(reply.body + "\n");
    return exit_ok;
  }
  const auto& items = reply.read.list("items");
  if (items.empty()) {
    run.print("no audit entries\n");
    return exit_ok;
  }
  table shown({"NO", "AT (UTC)", "WHO", "ACTION", "SUBJECT", "DETAIL"});
  for (const row& one : items)
    shown.add({one["sequence"], at_time(one["at"]).substr(0, 19), one["actor"], one["action"], one["subject"],
               one["detail"]});
  run.print(shown.text());
  const std::string& next = reply.read.top["next"];
  if (!next.empty()) run.print(fmt::format("there are more: add --cursor {}\n", next));
  return exit_ok;
}

} // namespace

int backup(session& run) {
  auto found = need_state(run);
  if (const int* code = std::get_if<int>(&found)) return *code;
  const auto& place = std::get<state_place>(found);
  std::error_code none;
  if (!std::filesystem::exists(place.database(), none))
    return run.complain(exit_negative, fmt::format("no database {}", place.database()));
  if (std::filesystem::exists(run.word(0), none))
    return run.complain(exit_negative, fmt::format("{} exists; a backup replaces nothing", run.word(0)));
  if (auto done = persistence::backup_sqlite(place.database(), run.word(0)); !done) return fail(run, done.error());
  run.print(fmt::format("{}\nkeep {} apart from it: without that key its secrets cannot be read\n", run.word(0),
                        place.key_file));
  return exit_ok;
}

int restore(session& run) {
  auto found = need_state(run);
  if (const int* code = std::get_if<int>(&found)) return *code;
  const auto& place = std::get<state_place>(found);
  std::error_code none;
  if (!std::filesystem::is_regular_file(run.word(0), none))
    return run.complain(exit_negative, fmt::format("no backup {}", run.word(0)));
  std::filesystem::create_directories(place.directory, none);
  const auto lock = persistence::directory_lock::take(place.directory);
  if (!lock) return fail(run, lock.error());
  if (auto done = persistence::restore_sqlite(run.word(0), place.database(), run.now()); !done)
    return fail(run, done.error());
  run.print(fmt::format("restored to {}\n", place.database()));
  if (!std::filesystem::exists(place.key_file, none))
    run.print(fmt::format("put the key that belongs to it at {} before ringdownd starts\n", place.key_file));
  return exit_ok;
}

int audit(session& run) {
  if (run.given().words.empty()) return list_audit(run);
  if (run.word(0) != "verify")
    return run.complain(exit_usage,
                        fmt::format("audit {}? there is only 'audit verify' and 'audit --tenant ID'", run.word(0)));
  auto found = find_state(run);
  if (const int* code = std::get_if<int>(&found)) return *code;
  const auto& place = std::get<std::optional<state_place>>(found);
  return place ? verify_on_disk(run, *place) : verify_over_api(run);
}

} // namespace ringdown::ctl
