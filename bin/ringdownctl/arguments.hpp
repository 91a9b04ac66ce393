// What was asked on the command line, as values, and the one table of commands that parser, --help and main share.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::ctl {

enum class output_form { text, json };

// An option that was not given is empty.
struct arguments {
  std::string command;
  std::vector<std::string> words; // what follows the command
  output_form form = output_form::text;

  std::string config;     // --config or RINGDOWN_CONFIG
  std::string url;        // --url or RINGDOWN_URL; doctor: the PBX
  std::string token_file; // --token-file or RINGDOWN_TOKEN_FILE
  std::string state_dir;

  std::string tenant;
  std::string instance;
  std::string alert;
  std::string channel;
  std::string state;
  std::string limit;
  std::string cursor;
  std::string by;
  std::string reason;
  std::string directory; // export --dir
  bool all = false;      // silence --all
  bool prune = false;    // apply --prune
  bool no_wait = false;  // test-channel, resend --no-wait
  bool off = false;      // node drain --off
  bool login = false;    // doctor --login

  std::string pbx_url;           // doctor, whose --url it is
  std::string unreadable_config; // there is one where it usually is, and we may not read it
  std::string address;
  std::string ca_file;
  std::string pin;
  std::string server_name;
  std::string client_id;
  std::string secret_file;
};

// What a run of a command may use; see session.hpp.
class session;

struct command_spec {
  std::string_view name;
  std::string_view help;
  std::string_view words; // "ALERT FOR": how the words are called in --help
  std::size_t least = 0;
  std::size_t most = 0;
  std::vector<std::string_view> options;
  int (*run)(session&);
};

// Every command, in the order of --help.
[[nodiscard]] std::span<const command_spec> commands();

struct parsed_arguments {
  arguments given;
  const command_spec* command = nullptr; // nullptr: the program ends with `exit_code`, all is said
  int exit_code = 0;
};

// Prints --help, --version and complaints itself. `environment` gives a variable's value, or "". `usual_config` is taken
// when it can be read and nothing says where the daemon is.
[[nodiscard]] parsed_arguments parse_arguments(int count, const char* const* words,
                                               const std::function<std::string(const char*)>& environment,
                                               const std::string& usual_config = "/etc/ringdown/ringdown.toml");

} // namespace ringdown::ctl
