#include "bin/ringdownctl/arguments.hpp"

#include "bin/ringdownctl/exit_codes.hpp"
#include "ringdown_version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace ringdown::ctl {

namespace {

struct option_spec {
  std::string_view name;
  std::string_view value;
  std::string_view help;
  std::string arguments::*field;
};

const auto option_table = std::to_array<option_spec>({
    {"tenant", "ID", "of this tenant only", &arguments::tenant},
    {"instance", "ID", "of this instance only", &arguments::instance},
    {"alert", "ID", "of this alert only", &arguments::alert},
    {"channel", "ID", "of this channel only", &arguments::channel},
    {"state", "STATE",
     "alerts: open or all; deliveries: pending, claimed, sent, confirmed, unknown, dead, suppressed, digested",
     &arguments::state},
    {"limit", "N", "at most so many rows (1 to 1000)", &arguments::limit},
    {"cursor", "TEXT", "go on where the last page ended", &arguments::cursor},
    {"by", "NAME", "who asks, for the audit; your login name unless given", &arguments::by},
    {"reason", "TEXT", "why, for the audit", &arguments::reason},
    {"dir", "DIR", "write DIR/TENANT.toml instead of printing", &arguments::directory},
    {"state-dir", "DIR", "the daemon's state directory (default: what --config says)", &arguments::state_dir},
    {"address", "ADDRESS", "connect here instead of resolving the name", &arguments::address},
    {"ca-file", "FILE", "PEM of the authority to trust instead of the system's", &arguments::ca_file},
    {"pin", "PIN", "sha256//... of the public key to trust instead of a chain", &arguments::pin},
    {"server-name", "NAME", "name to ask for and to verify instead of the URL's", &arguments::server_name},
    {"client-id", "ID", "client id of the PBX's API", &arguments::client_id},
    {"secret-file", "FILE", "file that holds the client's secret", &arguments::secret_file},
});

const option_spec* find_option(std::string_view name) {
  const auto at = std::ranges::find(option_table, name, &option_spec::name);
  return at == option_table.end() ? nullptr : &*at;
}

void add_daemon_options(CLI::App& app, arguments& into) {
  app.add_option("--config", into.config,
                 "ringdown.toml of the daemon; where it listens and its token follow from it (default "
                 "/etc/ringdown/ringdown.toml when it can be read)")
      ->type_name("FILE");
  app.add_option("--url", into.url, "where the daemon listens (default http://127.0.0.1:8480)")->type_name("URL");
  app.add_option("--token-file", into.token_file, "file that holds the token of its API")->type_name("FILE");
  app.add_flag_callback(
      "--json", [&into] { into.form = output_form::json; }, "print JSON");
}

void add_command(CLI::App& app, const command_spec& spec, arguments& into) {
  CLI::App* sub = app.add_subcommand(std::string(spec.name), std::string(spec.help));
  // doctor's --url is the PBX; it knows no daemon.
  if (spec.name == "doctor") {
    sub->add_option("--url", into.url, "https://HOST[:PORT] of the PBX")->type_name("URL")->required();
    sub->add_flag_callback(
        "--json", [&into] { into.form = output_form::json; }, "print JSON");
  } else {
    add_daemon_options(*sub, into);
  }
  if (spec.most > 0) {
    auto* words = sub->add_option(std::string(spec.words), into.words, "")->type_name("");
    words->expected(static_cast<int>(std::max<std::size_t>(spec.least, 1)), static_cast<int>(spec.most));
    if (spec.least > 0) words->required();
  }
  for (const std::string_view name : spec.options) {
    if (name == "all") {
      sub->add_flag("--all", into.all, "every tenant");
    } else if (name == "no-wait") {
      sub->add_flag("--no-wait", into.no_wait, "do not wait for what the provider answers");
    } else if (name == "prune") {
      sub->add_flag("--prune", into.prune, "tenants that have no file in DIR are deleted");
    } else if (const option_spec* option = find_option(name)) {
      sub->add_option("--" + std::string(name), into.*(option->field), std::string(option->help))
          ->type_name(std::string(option->value));
    }
  }
}

void fill_from(std::string& into, std::string value) {
  if (into.empty()) into = std::move(value);
}

// Only where nothing else says which daemon is meant.
void fill_usual_config(arguments& given, const std::string& file) {
  const bool told =
      !given.config.empty() || !given.url.empty() || !given.token_file.empty() || !given.state_dir.empty();
  if (!told && std::ifstream(file)) given.config = file;
}

} // namespace

parsed_arguments parse_arguments(int count, const char* const* words,
                                 const std::function<std::string(const char*)>& environment,
                                 const std::string& usual_config) {
  parsed_arguments parsed;
  CLI::App app("Looks after a ringdown daemon: what is broken, who was told, what to do about it.", "ringdownctl");
  app.set_version_flag("--version", fmt::format("ringdownctl {}", version()));
  // Before the command or behind it: people write both.
  add_daemon_options(app, parsed.given);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 a negative answer, 2 wrong usage, 70 internal, 75 try later, 78 configuration refused.\n"
      "Environment: RINGDOWN_CONFIG, RINGDOWN_URL, RINGDOWN_TOKEN_FILE stand for the options of these names.");
  for (const command_spec& spec : commands()) add_command(app, spec, parsed.given);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& refused) {
    parsed.exit_code = app.exit(refused) == 0 ? exit_ok : exit_usage;
    return parsed;
  }
  parsed.given.command = app.get_subcommands().front()->get_name();
  parsed.command = &*std::ranges::find(commands(), parsed.given.command, &command_spec::name);
  if (parsed.given.command == "doctor") return parsed;
  fill_from(parsed.given.config, environment("RINGDOWN_CONFIG"));
  fill_from(parsed.given.url, environment("RINGDOWN_URL"));
  fill_from(parsed.given.token_file, environment("RINGDOWN_TOKEN_FILE"));
  // Under sudo, whoever called it: "root" tells the audit nothing.
  fill_from(parsed.given.by, environment("SUDO_USER"));
  fill_from(parsed.given.by, environment("USER"));
  fill_usual_config(parsed.given, usual_config);
  return parsed;
}

} // namespace ringdown::ctl
