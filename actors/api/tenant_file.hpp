// A tenant's file (CONTRACT "Tenant file") and its parts as they are stored. Read strictly, all faults at once. Secrets never
// stand in a file: they are { file = ".." }, { env = ".." } (both for ringdownctl) or { secret = "name" } (in the store).
#pragma once

#include "actors/api/toml_reader.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/tenant_config.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::api {

// What a secret reference stands for; nullopt with a reason when it cannot be had, without one when only the daemon has it:
// it counts as given then, and nothing is said of its form.
struct secret_answer {
  std::optional<secret_text> value;
  std::string problem;
};
using secret_lookup =
    std::function<secret_answer(const std::string& kind, const std::string& what)>; // kind: "file", "env", "secret"

struct tenant_file {
  std::optional<tenant_config> config; // none when there are errors
  std::vector<config_error> errors;
};

// Are the files and time zones that are named looked up? Not for what comes from the store: it was sound when it was applied,
// and a PBX whose ca_file has gone says so itself (tls_invalid), without taking its tenant along.
enum class this_machine { looked_at, taken_as_written };

// `base`: the node's timings; `least_interval`: [limits] min_poll_interval. Relative ca_file paths are relative to the file.
struct tenant_file_options {
  std::string path;
  timing base;
  duration least_interval = std::chrono::seconds(5);
  this_machine machine = this_machine::looked_at;
};
[[nodiscard]] tenant_file parse_tenant_file(const std::string& text, const tenant_file_options& options,
                                            const secret_lookup& secrets);

// The same file with every { file } and { env } replaced by { secret = "<kind>.<id>.<field>" }, ca_file made absolute, keys in
// one order; and the values behind them.
struct canonical_file {
  std::string text;
  std::map<std::string, secret_text> secrets;
  std::vector<config_error> errors;
};
[[nodiscard]] canonical_file canonical(const std::string& text, const std::string& path, const secret_lookup& secrets);

// One object of a canonical file, as stored: kind "tenant", "timing", "severity", "customer", "instance", "user", "oncall",
// "channel", "provider", "routing"; id "" for the single ones; body is TOML.
struct tenant_object {
  std::string kind;
  std::string id;
  std::string body;
  std::string managed_by = "file"; // or who else may change it
  friend bool operator==(const tenant_object&, const tenant_object&) = default;
};
[[nodiscard]] std::vector<tenant_object> split_objects(const std::string& canonical_text);
[[nodiscard]] std::string join_objects(const std::vector<tenant_object>& objects);
// The same file with `more` in it too. What is no TOML comes back as it is, for the reader to complain about.
[[nodiscard]] std::string with_objects(const std::string& text, const std::vector<tenant_object>& more);

struct object_change {
  std::string action; // "add", "change", "remove"
  std::string kind;
  std::string id;
};
[[nodiscard]] std::vector<object_change> diff_objects(const std::vector<tenant_object>& before,
                                                      const std::vector<tenant_object>& after);

} // namespace ringdown::api
