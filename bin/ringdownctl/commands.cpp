#include "bin/ringdownctl/commands.hpp"

#include <array>

namespace ringdown::ctl {

namespace {

const auto table_of_commands = std::to_array<command_spec>({
  {"alerts", "open alerts (--state all: resolved ones too)", "", 0, 0, {"tenant", "instance", "state", "limit", "cursor"}, list_alerts},
  {"alert", "everything about one alert", "ALERT", 1, 1, {}, show_alert},
  {"explain", "who was told of an alert, who was not, and why", "ALERT", 1, 1, {}, explain_alert},
  {"ack", "acknowledge: stops reminders and what is not sent yet", "ALERT", 1, 1, {"by"}, acknowledge},
  {"snooze", "nothing interrupts about ALERT for a while (2h)", "ALERT FOR", 2, 2, {"by"}, snooze},
  {"mute", "nothing interrupts about alerts of TYPE of one tenant", "TYPE FOR", 2, 2, {"tenant", "reason", "by"}, mute_type},
  {"silence", "nothing interrupts at all for a while; audited", "FOR", 1, 1, {"tenant", "all", "reason", "by"}, silence},
  {"renotify", "tell everybody of ALERT again", "ALERT", 1, 1, {"by"}, renotify},
  {"instances", "the PBXes: reachable, blind, last poll", "", 0, 0, {"tenant"}, list_instances},
  {"trunks", "trunks and bridges with their states", "", 0, 0, {"tenant", "instance", "limit", "cursor"}, list_trunks},
  {"deliveries", "what was owed to whom, and how it ended", "", 0, 0, {"tenant", "alert", "channel", "state", "limit", "cursor"}, list_deliveries},
  {"delivery", "one delivery with its attempts", "DELIVERY", 1, 1, {}, show_delivery},
  {"resend", "send a delivery that has ended once more", "DELIVERY", 1, 1, {"by"}, resend},
  {"test-channel", "send a test through a channel", "CHANNEL", 1, 1, {"tenant", "by"}, test_channel},
  {"actors", "the daemon's parts: state, restarts, last error", "", 0, 0, {}, list_actors},
  {"apply", "make tenants as these files say; what has no file stays, unless --prune", "PATH", 1, 1000, {"prune"}, apply_files},
  {"diff", "what apply would change; exit code 1 when anything", "PATH", 1, 1000, {}, diff_files},
  {"export", "tenants as files, without secrets", "TENANT", 0, 1000, {"dir"}, export_files},
  {"check-config", "check ringdown.toml or tenant files without a daemon", "PATH", 1, 1000, {}, check_config},
  {"doctor", "find out why a PBX cannot be read; needs no daemon", "", 0, 0,
   {"address", "ca-file", "pin", "server-name", "client-id", "secret-file"}, doctor},
  {"backup", "copy the running daemon's database to FILE", "FILE", 1, 1, {"state-dir"}, backup},
  {"restore", "put a backup in place of an absent database (daemon stopped)", "FILE", 1, 1, {"state-dir"}, restore},
  {"audit", "a tenant's audit trail; 'audit verify' checks the chains of all", "verify", 0, 1, {"tenant", "limit", "cursor", "state-dir"}, audit},
  {"version", "of this program and of the daemon", "", 0, 0, {}, show_version},
});

} // namespace

std::span<const command_spec> commands() { return table_of_commands; }

} // namespace ringdown::ctl
