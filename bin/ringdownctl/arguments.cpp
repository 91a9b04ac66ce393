#include "bin/ringdownctl/arguments.hpp"

#include "actors/api/toml_reader.hpp"
#include "bin/ringdownctl/exit_codes.hpp"
#include "ringdown_version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

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
    {"by", "NAME", "who asks, for the audit (node drain: for the log); your login name unless given", &arguments::by},
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

// What the words behind a command mean, by how --help calls them.
struct word_spec {
  std::string_view name;
  std::string_view help;
};

constexpr auto word_table = std::to_array<word_spec>({
    {"ALERT", "id of an alert, as `alerts` lists them: al_..."},
    {"ACTOR", "name of a part, as `actors` lists them: poller/TENANT/INSTANCE"},
    {"CHANNEL", "id of a channel; TENANT/CHANNEL does as well for test-channel"},
    {"CODE", "the six digits that were read out"},
    {"DELIVERY", "id of a delivery, as `deliveries` lists them: dl_..."},
    {"FILE", "the copy; a backup replaces no file"},
    {"FOR", "for how long: 30m, 2h, 1h30m"},
    {"FOR|off", "for how long: 30m, 2h, 1h30m; off: it ends now"},
    {"PATH", "a file, or a folder: its *.toml"},
    {"TENANT", "id of a tenant; none: all of them"},
    {"TYPE", "type of alert: trunk_down, instance_unreachable, ..."},
    {"USER", "id of a [[user]], or a number: +15551234567"},
    {"USER|file", "id of a [[user]]; file: whom the tenant's file names; none: it is shown"},
    {"NODE", "name of a node, as `nodes` lists them"},
    {"discover", "the word itself"},
    {"drain", "the word itself"},
    {"verify", "the word itself: check the chains"},
    {"verify|confirm", "one of the two words"},
});

void add_daemon_options(CLI::App& app, arguments& into, const std::string& url) {
  app.add_option("--config", into.config,
                 "ringdown.toml of the daemon; where it listens and its token follow from it (default "
                 "/etc/ringdown/ringdown.toml when it can be read)")
      ->type_name("FILE");
  app.add_option(url, into.url,
                 "where the daemon listens (default http://127.0.0.1:8480); no daemon file is read then, unless "
                 "--config names one")
      ->type_name("URL");
  app.add_option("--token-file", into.token_file,
                 "file that holds the token of its API (default: what the daemon file says)")
      ->type_name("FILE");
  app.add_flag_callback(
      "--json", [&into] { into.form = output_form::json; }, "print JSON");
}

std::vector<std::string> words_of(const command_spec& spec) {
  std::istringstream in{std::string(spec.words)};
  return {std::istream_iterator<std::string>(in), {}};
}

// One option for each word, so that each is explained; the last takes all that follow.
void add_words(CLI::App& sub, const command_spec& spec, arguments& into) {
  const auto words = words_of(spec);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto known = std::ranges::find(word_table, words[i], &word_spec::name);
    const bool needed = i < spec.least;
    const bool takes_rest = i + 1 == words.size() && spec.most > words.size();
    const auto keep = [&into](const std::vector<std::string>& given) {
      into.words.insert(into.words.end(), given.begin(), given.end());
    };
    CLI::Option* option = sub.add_option_function<std::vector<std::string>>(
        words[i], keep, known == word_table.end() ? std::string() : std::string(known->help));
    option->expected(1, takes_rest ? CLI::detail::expected_max_vector_size : 1)->allow_extra_args(takes_rest);
    option->required(needed)->option_text(takes_rest ? "..." : needed ? " " : "(optional)");
  }
}

void add_command(CLI::App& app, const command_spec& spec, arguments& into) {
  CLI::App* sub = app.add_subcommand(std::string(spec.name), std::string(spec.help));
  // Behind doctor --url is the PBX; before it, the daemon.
  if (spec.name == "doctor") {
    sub->add_option("--url", into.pbx_url, "https://HOST[:PORT] of the PBX")->type_name("URL")->required();
    add_daemon_options(*sub, into, "--daemon-url");
  } else {
    add_daemon_options(*sub, into, "--url");
  }
  add_words(*sub, spec, into);
  for (const std::string_view name : spec.options) {
    if (name == "all") {
      sub->add_flag("--all", into.all, "every tenant");
    } else if (name == "no-wait") {
      sub->add_flag("--no-wait", into.no_wait, "do not wait for what the provider answers");
    } else if (name == "login") {
      sub->add_flag("--login", into.login, "log in although a daemon may watch that PBX; nobody counts it");
    } else if (name == "off") {
      sub->add_flag("--off", into.off, "it takes part again");
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

// A first word that is no command, as an error of its own: CLI11 says only that a command is missing.
int refuse(const CLI::App& app, const CLI::ParseError& refused) {
  const auto left = app.remaining();
  const auto word = std::ranges::find_if(left, [](const std::string& one) { return !one.starts_with('-'); });
  if (refused.get_exit_code() == 0 || !app.get_subcommands().empty() || word == left.end())
    return app.exit(refused) == 0 ? exit_ok : exit_usage;
  std::vector<std::string> known;
  for (const command_spec& one : commands()) known.emplace_back(one.name);
  const std::string meant = api::did_you_mean(*word, known);
  fmt::print(stderr, "ringdownctl: no such command: {}{}\n", *word, meant.empty() ? "; --help lists them" : meant);
  return exit_usage;
}

// Only where nothing else says which daemon is meant.
void fill_usual_config(arguments& given, const std::string& file) {
  const bool told =
      !given.config.empty() || !given.url.empty() || !given.token_file.empty() || !given.state_dir.empty();
  if (told) return;
  std::error_code unknown; // a folder that hides it
  if (std::ifstream(file))
    given.config = file;
  else if (std::filesystem::exists(file, unknown) || unknown)
    given.unreadable_config = file;
}

} // namespace

parsed_arguments parse_arguments(int count, const char* const* words,
                                 const std::function<std::string(const char*)>& environment,
                                 const std::string& usual_config) {
  parsed_arguments parsed;
  CLI::App app("Looks after a ringdown daemon: what is broken, who was told, what to do about it.", "ringdownctl");
  app.set_version_flag("--version", fmt::format("ringdownctl {}", version()));
  // Before the command or behind it: people write both.
  add_daemon_options(app, parsed.given, "--url");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 a negative answer, 2 wrong usage, 70 internal, 75 try later, 78 configuration refused.\n"
      "Environment: RINGDOWN_CONFIG, RINGDOWN_URL, RINGDOWN_TOKEN_FILE stand for the options of these names.");
  for (const command_spec& spec : commands()) add_command(app, spec, parsed.given);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& refused) {
    parsed.exit_code = refuse(app, refused);
    return parsed;
  }
  parsed.given.command = app.get_subcommands().front()->get_name();
  parsed.command = &*std::ranges::find(commands(), parsed.given.command, &command_spec::name);
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
